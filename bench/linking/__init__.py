"""How well somebody with the whole database links a listener's pseudonyms: `python -m bench.linking --write-docs`."""
