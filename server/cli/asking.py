"""What `stats` and `top` share: options that name days, who asks, and how figures look in a terminal."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Concatenate, Final, ParamSpec, TypeVar

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from server.cli.common import EXIT_USAGE, print_json, with_database
from server.config import Config
from server.questions import Asker, AskError
from server.span import SpanError
from storage.bridge import Connection, Database

T = TypeVar("T")
P = ParamSpec("P")

Range = Annotated[str | None, typer.Option("--range", help="today, 7d, 30d, 90d, 365d or all.", show_default=False)]
First = Annotated[str | None, typer.Option("--from", help="The first day, as 2026-11-01.", show_default=False)]
Last = Annotated[str | None, typer.Option("--to", help="The last day, included; otherwise today.", show_default=False)]
Step = Annotated[str | None, typer.Option("--step", help="day, week or month.", show_default=False)]

# One hue in three depths, as everywhere: how far they listened.
DEPTHS: Final = {"complete": ("\u2588", "#b4ebf0"), "sampled": ("\u2593", "#65b4bf"), "partial": ("\u2591", "#3f7d89")}
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_PLAIN_WIDTH: Final = 130  # columns, where there is no terminal to ask


def asker(config: Config) -> Asker:
    """The operator, today."""
    return Asker(datetime.now(config.zone).date(), config.timezone, config.privacy.mode)


def ask(
    config: Config,
    question: Callable[Concatenate[Connection, P], Awaitable[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Put a question of server/questions.py; one that is asked wrongly ends the command with 2."""

    async def run(database: Database) -> T:
        return await database.run(question, *args, **kwargs)

    try:
        return with_database(config, run)
    except (SpanError, AskError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_USAGE) from None


def print_answer(answer: Struct) -> None:
    """As the API would say it."""
    print_json(msgspec.to_builtins(answer, str_keys=True))


def console() -> Console:
    """As wide as the terminal; wide enough for a table where there is none."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def rate(value: float | None) -> str:
    """A share of one as a percentage."""
    return "-" if value is None else f"{value:.1%}"


def change(now: int, before: int | None) -> Text:
    """Against the days before."""
    if before is None:
        return Text("")
    if not before:
        return Text("new" if now else "", style="dim")
    return Text(f"{(now - before) / before:+.0%}", style="dim")


def spark(values: Sequence[int]) -> str:
    """A line of small bars, the highest at full height; nothing counted has none."""
    most = max(values, default=0)
    return "".join(_SPARKS[max(0, -(-value * len(_SPARKS) // most) - 1)] if value else " " for value in values)
