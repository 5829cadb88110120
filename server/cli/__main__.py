"""`python -m server.cli`: the same as `tonearm`."""

from server.cli import main

main()
