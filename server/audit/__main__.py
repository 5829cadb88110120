"""`python -m server.audit --write-docs`: writes the generated parts of docs/privacy.md anew, in a checkout."""

import sys
from pathlib import Path
from typing import Final

from server.audit.page import render

PAGE: Final = Path(__file__).parents[2] / "docs" / "privacy.md"


def main() -> None:
    """The one thing it can do."""
    if sys.argv[1:] != ["--write-docs"]:
        sys.exit("usage: python -m server.audit --write-docs")
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"Wrote {PAGE}\n")


if __name__ == "__main__":
    main()
