"""The edges: configuration, command line, HTTP, and `main`, which builds the tree."""
