"""The browser side; as a Python package it says where the built files are, and by which names they go."""

from pathlib import Path
from typing import Final

DIST: Final = Path(__file__).parent / "dist"
"""What this version serves: `tonearm.js`, what it loads beside itself, and each file as brotli packs it. Committed:
nobody needs node."""

RELEASED: Final = Path(__file__).parent / "released"
"""What earlier versions served, by content-hashed name; see its README."""
