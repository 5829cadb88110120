"""sdist and wheel of the working tree, built once for all tests that look into them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from release import dist
from release.checkout import committed_at, export

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """What `make dist` makes of the files as they are now, and the folder it made it of."""

    sources: Path
    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nobody knows which files are the project's")
    folder = tmp_path_factory.mktemp("built")
    export(ROOT, folder / "sources")
    sdist, wheel = dist.build_from(folder / "sources", folder / "made", committed_at(ROOT))
    return Built(folder / "sources", sdist, wheel)
