"""A test that fails in the middle of a fault leaves no service behind, which would make the next one fail as well."""

from collections.abc import Iterator

import pytest

from tests.support.service import Service


@pytest.fixture(autouse=True)
def _no_service_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[Service] = []
    begin = Service.__init__

    def remembered(self: Service, *args: object, **kwargs: object) -> None:
        begin(self, *args, **kwargs)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(Service, "__init__", remembered)
    yield
    for service in made:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()
