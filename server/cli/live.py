"""`tonearm live`: plays and shares as they come in, and what is played most in the last hour."""

import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

import msgspec
import trio
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from actors.audience import News
from actors.lately import Summary
from actors.pulse import Pulse
from server import opening
from server.cli.common import AsJson, ConfigFile, effective, fail, flat
from server.config import Config
from server.stream import counted_as_json, hour_as_json, targets_of
from server.titles import Titles
from storage.counters import Target

_ANSWER_S: Final = 5.0  # a process answers within a second or two
_REFRESH_S: Final = 1.0
_ROWS: Final = 15
_RECENT: Final = 8
_HOW: Final = {
    "partial": "left early",
    "sampled": "played in part",
    "complete": "played to the end",
    "link": "link copied",
    "embed": "embed copied",
}


class _Stopped(Exception):
    """A sentence: nothing more will come."""


def live(config: ConfigFile = None, json: AsJson = False) -> None:
    """Plays and shares as they come in. Ctrl-C ends it.

    Examples: tonearm live | tonearm live --json | head -n 3
    """
    try:
        trio.run(partial(flat, partial(_run, effective(config), as_json=json)))
    except _Stopped as stopped:
        raise fail(str(stopped)) from None
    except BrokenPipeError:  # who read it has had enough
        sys.stderr.close()


async def _run(config: Config, *, as_json: bool) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:

            async def end() -> None:
                async for _ in signals:
                    nursery.cancel_scope.cancel()

            nursery.start_soon(end)
            await _follow(config, as_json=as_json)
            nursery.cancel_scope.cancel()


async def _follow(config: Config, *, as_json: bool) -> None:
    async with opening.running_only(config, opening.data_directory(config)) as database:
        life, its_end = trio.open_memory_channel[None](0)
        pulse = Pulse(its_end, database, source=secrets.token_hex(8), now=time.time)
        titles = Titles(database)
        async with trio.open_nursery() as nursery, life:
            await nursery.start(pulse.run)
            await _answered(pulse)
            if as_json:
                await _lines(pulse, titles)
            else:
                await _table(pulse, titles, config)


async def _answered(pulse: Pulse) -> None:
    with trio.move_on_after(_ANSWER_S):
        while not _running(pulse):  # noqa: ASYNC110  # who is gone is a matter of time too, which no event tells
            await trio.sleep(0.1)
        await trio.sleep(0.3)  # the others answer as well
        return
    raise _Stopped("No Tonearm answers on this database. Start it with: tonearm serve")


def _running(pulse: Pulse) -> bool:
    return any(not one.gone for one in pulse.processes())


async def _lines(pulse: Pulse, titles: Titles) -> None:
    follower = pulse.audience.join()
    assert follower is not None, "nobody else follows here"
    await _hour(pulse, titles)
    while _still(pulse):
        with trio.move_on_after(_REFRESH_S):
            news, _ = await follower.take()
            for one in news:
                if one.counts is None:
                    await _hour(pulse, titles)
                else:
                    named = await titles.of(Target(what.key, what.kind) for what in one.counts)
                    _print("counted", counted_as_json(one.minute, one.counts, named))


def _still(pulse: Pulse) -> bool:
    """While the database is away nobody can be heard, and nobody is gone for that."""
    if pulse.connected and not _running(pulse):
        raise _Stopped("Tonearm has stopped.")
    return True


async def _hour(pulse: Pulse, titles: Titles) -> None:
    summary = pulse.summary()
    _print("hour", hour_as_json(summary, await titles.of(targets_of(summary))))


def _print(event: str, said: Mapping[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode({"event": event, **said}).decode() + "\n")
    sys.stdout.flush()


async def _table(pulse: Pulse, titles: Titles, config: Config) -> None:
    follower = pulse.audience.join()
    assert follower is not None, "nobody else follows here"
    recent: deque[Text] = deque(maxlen=_RECENT)
    with Live(console=Console(), auto_refresh=False, transient=False) as shown:
        while _still(pulse):
            summary = pulse.summary()
            named = await titles.of(targets_of(summary))
            shown.update(Group(_board(summary, named), "", *recent, _foot(pulse)), refresh=True)
            with trio.move_on_after(_REFRESH_S):
                news, _ = await follower.take()
                for one in news:
                    for line in await _told(one, titles, config):
                        recent.appendleft(line)


def _board(summary: Summary, titles: Mapping[Target, str]) -> Table:
    table = Table(title=_headline(summary), title_justify="left", box=None, padding=(0, 2))
    table.add_column("most played in the last hour", style="bold", overflow="ellipsis", no_wrap=True, max_width=48)
    for name in ("plays", "to the end", "through shares", "shares"):
        table.add_column(name, justify="right")
    for kind, key, sums in summary.targets[:_ROWS]:
        rate = f"{sums.complete / sums.plays:.0%}" if sums.plays else ""
        name = titles.get(Target(key, kind), key)
        via = sums.via_link + sums.via_embed
        table.add_row(Text(name), f"{sums.plays:,}", rate, f"{via:,}" if via else "", f"{sums.shares or ''}")
    return table


def _headline(summary: Summary) -> str:
    total = summary.total
    return f"{total.plays:,} plays and {total.shares:,} shares in the last hour\n"


async def _told(news: News, titles: Titles, config: Config) -> list[Text]:
    if news.counts is None:
        return []
    named = await titles.of(Target(what.key, what.kind) for what in news.counts)
    at = datetime.fromtimestamp(60 * news.minute, config.zone).strftime("%H:%M")
    lines = []
    for what, number in news.counts.items():
        line = Text(f"{at}  ", style="dim")
        line.append(named.get(Target(what.key, what.kind), what.key or "further tracks"), style="not dim")
        line.append(f"  {_HOW[what.what]}{f', through a copied {what.via}' if what.via else ''}")
        line.append(f"  \N{MULTIPLICATION SIGN} {number:,}" if number > 1 else "")
        lines.append(line)
    return lines


def _foot(pulse: Pulse) -> Text:
    if not pulse.connected:
        return Text("\nThe database is away; trying again.", style="yellow")
    number = sum(not one.gone for one in pulse.processes())
    return Text(f"\n{number} {'process' if number == 1 else 'processes'}. Ctrl-C ends this.", style="dim")
