"""The site that `make run` shows: a band of our own invention, its records, and a player with Tonearm built in."""
