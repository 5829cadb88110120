"""The browser side; as a Python package it only says where the built files are."""

from pathlib import Path
from typing import Final

DIST: Final = Path(__file__).parent / "dist"
"""The folder the service serves from: `tonearm.js` and what it loads beside itself. Committed: nobody needs node."""
