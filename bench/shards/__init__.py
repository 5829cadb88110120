"""`python -m bench.shards`: what a batch costs that several PostgreSQL servers share, and what several writers do."""
