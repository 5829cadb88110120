"""Reads requirements/*.txt as pip does."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

_HASHES: Final = r"(?P<hashes>(?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s*)*)"
_ENTRY: Final = re.compile(rf"^(?P<pin>[^\s#][^\\\n]*?)\s*{_HASHES}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of one package; `marker` says where it is for, None: everywhere."""

    name: str
    version: Version
    marker: Marker | None
    hashes: int

    def is_for(self, environment: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(environment)


def pins(file: Path) -> list[Pin]:
    """Of a lock file, in its order; ValueError where a line is no exact version."""
    return [_pin(match["pin"], match["hashes"]) for match in _ENTRY.finditer(file.read_text())]


def _pin(line: str, hashes: str) -> Pin:
    requirement = Requirement(line)
    [specifier] = requirement.specifier
    if specifier.operator != "==" or requirement.url:
        raise ValueError(f"{line} is not one version")
    name, version = canonicalize_name(requirement.name), Version(specifier.version)
    return Pin(name, version, requirement.marker, hashes.count("--hash="))
