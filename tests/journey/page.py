"""docs/self-host.md as the steps it consists of."""

import re
from dataclasses import dataclass
from typing import Final

from tests.support.blocks import DOCS

PAGE: Final = DOCS / "self-host.md"
UPGRADE: Final = "Another version"
UNINSTALL: Final = "Away with it"
_PART: Final = re.compile(r"^## (?P<heading>.*)$|^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A block of commands, the heading it stands under, and what the reader is told to see after it."""

    heading: str
    command: str
    shown: str = ""

    def is_shown_by(self, printed: str) -> bool:
        """The lines told, in this order, whatever comes before, between and after; `...` stands for anything."""
        lines = iter(line.strip() for line in printed.replace("\r", "").splitlines())
        return all(any(re.fullmatch(_pattern(told), line) for line in lines) for told in self.shown.splitlines())


def steps() -> list[Step]:
    """In order. A block without a language is what the one before it shows."""
    found: list[Step] = []
    heading = ""
    for part in _PART.finditer(PAGE.read_text()):
        if part["heading"]:
            heading = part["heading"]
        elif part["kind"]:
            assert part["kind"] == "sh", part[0]
            found.append(Step(heading, part["text"]))
        else:
            assert not found[-1].shown, part[0]
            found[-1] = Step(heading, found[-1].command, part["text"])
    return found


def _pattern(told: str) -> str:
    return ".*".join(map(re.escape, told.strip().split("...")))
