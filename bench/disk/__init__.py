"""`python -m bench.disk`: how much disk a million events take, by what they are kept as."""
