"""`python -m bench.scale`: docs/scale.md, worked out from what was measured. It measures nothing itself."""
