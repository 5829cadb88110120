"""What a check says: how it is, what was found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The values are stable: programs read them."""

    OK = "ok"
    WARN = "warn"  # it works, and could go wrong, or could be better
    FAIL = "fail"  # it does not work as it should
    UNKNOWN = "unknown"  # it cannot be told from here, or not now


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one check. `found` is a sentence or two; `remedy` as well, and is empty only where all is well."""

    code: str
    state: State
    found: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if (self.state is State.OK) == bool(self.remedy):
            raise ValueError(f"{self.code} is {self.state}: who is not well is told what to do, and nobody else")


def ok(code: str, found: str) -> Finding:
    """All is well."""
    return Finding(code, State.OK, found)


def warn(code: str, found: str, remedy: str) -> Finding:
    """Somebody should look at it."""
    return Finding(code, State.WARN, found, remedy)


def fail(code: str, found: str, remedy: str) -> Finding:
    """Something is broken."""
    return Finding(code, State.FAIL, found, remedy)


def unknown(code: str, found: str, remedy: str) -> Finding:
    """`remedy` says how it could be told."""
    return Finding(code, State.UNKNOWN, found, remedy)


def well(findings: Iterable[Finding]) -> bool:
    """Nothing fails; a warning is no failure, and neither is what cannot be told."""
    return all(finding.state is not State.FAIL for finding in findings)
