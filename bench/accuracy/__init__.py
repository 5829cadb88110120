"""How far the two listener counts are from the truth, by simulation: `python -m bench.accuracy --write-docs`."""
