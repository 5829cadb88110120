"""What these tests need: namespaces of the network, and Debian's PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import network, postgres
from tests.machines import site as sites
from tests.machines.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Machines, none yet but that of the listeners."""
    if not postgres.PROGRAMS:
        pytest.skip("Debian's PostgreSQL is not installed (apt-get install postgresql)")
    if reason := network.why_not():
        pytest.skip(reason)
    with sites.site(tmp_path) as made:
        yield made
