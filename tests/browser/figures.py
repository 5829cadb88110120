"""The counted figures of a whole site, as the read API tells them, and what a visit may change of them.

A test names what it expects to change; every other figure of every other target must stay what it was. That is
how "exactly one" is proven: not by finding one, but by finding nothing else.
"""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from server.demo.discography import Discography
from tests.support.service import Service

Changes = Mapping[str, Mapping[str, int]]
"""Target ("track/KEY", "release/KEY") -> figure (a bucket, or "link", "embed" for shares) -> how many more."""

Picture = dict[str, dict[str, int]]
"""The same for all targets and "home", with the counts themselves."""

COUNTED_WITHIN_S: Final = 15.0
SETTLED_S: Final = 0.7  # for that long nothing more may come: a beacon is on its way for milliseconds, a batch for less


class Figures:
    """What one service has counted for the demo's site."""

    def __init__(self, service: Service, music: Discography) -> None:
        self.service = service
        self._music = music
        self._known = self.picture()

    def of(self, target: str) -> dict[str, Any]:
        """The read API's answer for "home", "track/KEY" or "release/KEY"."""
        with urllib.request.urlopen(f"{self.service.url}/api/stats/{quote(target)}", timeout=10) as answer:
            return dict(json.load(answer))

    def picture(self) -> Picture:
        """All of it now."""
        targets = ["home"]
        targets += [f"track/{track.key}" for track in self._music.tracks]
        targets += [f"release/{release.key}" for release in self._music.releases]
        return {target: self._counts(target) for target in targets}

    @contextmanager
    def rise_by(self, changes: Changes) -> Iterator[None]:
        """What happens inside raises these figures, what follows from them, and no other. `{}`: nothing is counted."""
        before = self.picture()
        assert self._known == before, "something was counted after the last test"
        try:
            yield
            self._await(self._after(before, changes))
        except BaseException:
            time.sleep(SETTLED_S)  # what is still on its way belongs to this failure, not to the next test
            raise
        finally:
            self._known = self.picture()

    def unchanged(self) -> None:
        """Nothing came after the last change that was expected."""
        assert self._known == self.picture()

    def _await(self, expected: Picture) -> None:
        deadline = time.monotonic() + COUNTED_WITHIN_S
        while expected != self.picture() and time.monotonic() < deadline:
            time.sleep(0.05)
        settled = time.monotonic() + SETTLED_S
        while time.monotonic() < settled:
            assert expected == self.picture()
            time.sleep(0.1)

    def _counts(self, target: str) -> dict[str, int]:
        found = self.of(target)
        counts = {name: int(found[name]) for name in ("partial", "sampled", "complete")}
        counts |= {name: int(found["shares"][name]) for name in ("link", "embed")}
        assert found["totalPlays"] == counts["partial"] + counts["sampled"] + counts["complete"]
        assert found["totalShares"] == counts["link"] + counts["embed"]
        return counts

    def _after(self, before: Picture, changes: Changes) -> Picture:
        expected = {target: dict(counts) for target, counts in before.items()}
        for target, risen in changes.items():
            for name, more in risen.items():
                for each in (target, "home", *self._release_too(target, name)):
                    expected[each][name] += more
        return expected

    def _release_too(self, target: str, name: str) -> tuple[str, ...]:
        """A play is its release's as well; a share is of what was shared alone."""
        kind, _, key = target.partition("/")
        if kind == "release" or name in ("link", "embed"):
            return ()
        release_key = self._music.track_by_key[key].release_key
        return (f"release/{release_key}",) if release_key else ()
