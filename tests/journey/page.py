"""docs/self-host.md as the steps it consists of."""

import re
from dataclasses import dataclass
from typing import Final

from tests.support.blocks import DOCS

PAGE: Final = DOCS / "self-host.md"
UPGRADE: Final = "Another version"
UNINSTALL: Final = "Away with it"
SHOWN: Final = "#> "
_PART: Final = re.compile(r"^## (?P<heading>[^\n]*)$|^```sh\n(?P<command>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A block of commands, the heading it stands under, and what the reader is told to see after it."""

    heading: str
    command: str

    @property
    def shown(self) -> list[str]:
        return [line.removeprefix(SHOWN) for line in self.command.splitlines() if line.startswith(SHOWN)]

    def is_shown_by(self, printed: str) -> bool:
        """The lines told, in this order, whatever comes before, between and after; `...` stands for anything."""
        lines = iter(" ".join(line.split()) for line in printed.splitlines())
        return all(any(re.fullmatch(_pattern(told), line) for line in lines) for told in self.shown)


def steps() -> list[Step]:
    """In order."""
    found: list[Step] = []
    heading = ""
    for part in _PART.finditer(PAGE.read_text()):
        if part["heading"]:
            heading = part["heading"]
        else:
            found.append(Step(heading, part["command"]))
    return found


def _pattern(told: str) -> str:
    return ".*".join(map(re.escape, told.strip().split("...")))


STEPS: Final = steps()
