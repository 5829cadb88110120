"""`make bench`: what DESIGN §9 promises, measured side by side in one run."""
