"""What these tests need: namespaces of the network, and Debian's PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import network, postgres
from tests.machines import site as sites
from tests.machines.site import Site


@pytest.fixture
def machines() -> None:
    """A test that asks for this can have them, or is left out and says why."""
    if not postgres.PROGRAMS:
        pytest.skip("Debian's PostgreSQL is not installed (apt-get install postgresql)")
    if reason := network.why_not():
        pytest.skip(reason)


@pytest.fixture
def site(machines: None, tmp_path: Path) -> Iterator[Site]:
    """None yet but that of the listeners."""
    with sites.site(tmp_path) as made:
        yield made
