"""Reads files with plays in them: Tonearm's own exports, and those of other counters. Nothing here writes anything."""
