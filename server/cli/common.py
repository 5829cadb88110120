"""What several commands share: options, the way to the database, exit codes."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeVar

import trio
import typer
from rich.console import Console as RichConsole

from server import opening
from server.config import Config, load
from server.console import Console
from server.logs import configure
from storage.bridge import Database

T = TypeVar("T")

EXIT_FAILED: Final = 1  # the answer is no, or it could not be done
EXIT_USAGE: Final = 2  # the command or the configuration is wrong

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration file; otherwise TONEARM_CONFIG or ./tonearm.toml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def effective(file: Path | None) -> Config:
    """The configuration, with logging set up by it."""
    config = load(os.environ, file)
    configure(config.log.format, config.log.level)
    return config


def with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    """`await work(database)`: on the running service's database, or on one started for this command."""

    async def run() -> T:
        data_dir = opening.data_directory(config)
        quiet = Console(RichConsole(stderr=True))
        async with opening.connected_only(config, data_dir, quiet) as database:
            return await work(database)

    return trio.run(partial(flat, run))


async def flat(run: Callable[[], Awaitable[T]]) -> T:
    """A nursery wraps what comes out of it in groups; a person wants the one exception inside."""
    try:
        return await run()
    except BaseExceptionGroup as group:
        inner: BaseException = group
        while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:
            inner = inner.exceptions[0]
        if isinstance(inner, BaseExceptionGroup):
            raise
        raise inner from None


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def fail(sentence: str) -> typer.Exit:
    """To raise: prints the sentence on standard error, exit code 1."""
    typer.echo(sentence, err=True)
    return typer.Exit(EXIT_FAILED)
