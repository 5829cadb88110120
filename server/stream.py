"""Plays and shares as they are counted, as server-sent events (HTML Living Standard, section 9.2).

event: hour      the last hour; first, every minute, and after something was lost
event: counted   what was counted in about the last second
event: lost      so many `counted` were left out, because they were not taken in time
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import msgspec
import trio
from quart import Blueprint, Response, request
from quart.wrappers.response import ResponseBody

from actors.audience import Follower, News
from actors.happening import OTHERS
from actors.hour import Counts
from actors.lately import Summary, Sums
from actors.pulse import Pulse
from server.access.rules import Rule, Scope
from server.problems import problem
from server.respond import as_response
from server.titles import Titles
from storage.counters import Target

ACCESS: Final[dict[str, Rule]] = {"stream.live": Scope.READ}
_KEEP_ALIVE_S: Final = 15.0  # proxies end what is silent for 60 s, and mobile networks sooner
_RETRY_MS: Final = 3000  # how long a browser waits before it connects again
_RETRY_AFTER_S: Final = 60
_HEADERS: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",  # nginx would hold it back otherwise
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a stream comes from."""

    pulse: Pulse
    titles: Titles


def blueprint(source: Source) -> Blueprint:
    """`GET /api/live`."""
    routes = Blueprint("stream", __name__)

    @routes.get("/api/live")
    async def live() -> Response:
        return answer(source)

    return routes


def answer(source: Source, *, by_link: bool = False) -> Response:
    """The stream, or 503 where there are too many; `by_link`: for who came by a share link."""
    audience = source.pulse.audience
    if request.method == "HEAD":  # which would wait for the end of a body that has none
        return _full() if audience.full(by_link=by_link) else Response(b"", headers=_HEADERS)
    # Joined before the answer is begun: of many that ask at once each would find the same place free. An answer that
    # is never begun loses its place as one who does not come for news.
    follower = audience.join(by_link=by_link)
    if follower is None:
        return _full()
    response = Response(Stream(source, follower), headers=_HEADERS)
    response.timeout = None
    return response


def _full() -> Response:
    detail = "So many live streams are open that there is no room for another; close one, or ask again later."
    return as_response(problem(503, "streams", "Too many streams", detail, {"retry-after": str(_RETRY_AFTER_S)}))


class Stream(ResponseBody):
    """One client's. However it ends, its place is free afterwards."""

    def __init__(self, source: Source, follower: Follower) -> None:
        self._source = source
        self._follower = follower
        self._shown: int | None = None  # the minute of the hour that was sent last

    async def __aenter__(self) -> "Stream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.pulse.audience.leave(self._follower)

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        if self._shown is None:
            return b"retry: %d\n\n%s" % (_RETRY_MS, await self._hour())
        news, lost = await self._next()
        if self._follower.over:
            raise StopAsyncIteration
        said = b"" if not lost else _event("lost", {"lost": lost})
        counted = [one.counts for one in news if one.counts is not None]
        if lost or len(counted) < len(news):
            return said + await self._hour()
        said = b"".join([await self._counted(one) for one in news])
        if self._source.pulse.minute != self._shown:
            said += await self._hour()
        return said or b": still here\n\n"

    async def _next(self) -> tuple[list[News], int]:
        with trio.move_on_after(_KEEP_ALIVE_S):
            return await self._follower.take()
        return [], 0

    async def _hour(self) -> bytes:
        summary = self._source.pulse.summary()
        self._shown = summary.minute
        return _event("hour", hour_as_json(summary, await self._source.titles.of(targets_of(summary))))

    async def _counted(self, news: News) -> bytes:
        assert news.counts is not None
        titles = await self._source.titles.of(Target(one.key, one.kind) for one in news.counts)
        return _event("counted", counted_as_json(news.minute, news.counts, titles))


def targets_of(summary: Summary) -> list[Target]:
    """Those that are named."""
    return [Target(key, kind) for kind, key, _ in summary.targets]


def hour_as_json(summary: Summary, titles: Mapping[Target, str]) -> dict[str, Any]:
    """The hour, its minutes from the oldest on, its targets from the most played on."""
    return {
        "minute": _iso(summary.minute),
        "total": _sums(summary.total),
        "minutes": [_sums(sums) for sums in summary.minutes],
        "targets": [
            {"kind": kind, "key": key, "title": titles.get(Target(key, kind)), **_sums(sums)}
            for kind, key, sums in summary.targets
        ],
        "others": _sums(summary.others),
    }


def counted_as_json(minute: int, counts: Counts, titles: Mapping[Target, str]) -> dict[str, Any]:
    """Plays and shares; `key` is null for what there is no room to name."""
    plays, shares = [], []
    for one, number in counts.items():
        named = {"key": one.key if one.key != OTHERS else None, "title": titles.get(Target(one.key, one.kind))}
        if one.is_play:
            plays.append({**named, "bucket": one.what, "via": one.via, "plays": number})
        else:
            shares.append({"kind": one.kind, **named, "channel": one.what, "shares": number})
    return {"minute": _iso(minute), "plays": plays, "shares": shares}


def _sums(sums: Sums) -> dict[str, int]:
    return {
        "plays": sums.plays,
        "partial": sums.partial,
        "sampled": sums.sampled,
        "complete": sums.complete,
        "viaLink": sums.via_link,
        "viaEmbed": sums.via_embed,
        "sharesLink": sums.shares_link,
        "sharesEmbed": sums.shares_embed,
    }


def _iso(minute: int) -> str:
    return datetime.fromtimestamp(60 * minute, UTC).isoformat().replace("+00:00", "Z")


def _event(name: str, data: object) -> bytes:
    """JSON has no line feed of its own, so one line of data is enough."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))
