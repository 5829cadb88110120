"""How a release is made: locked dependencies, the changelog, sdist and wheel, and what stands in the way.

A tool of development; the service never imports this. docs/release.md is the procedure.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent


class ReleaseError(Exception):
    """Says in one sentence why it cannot go on."""
