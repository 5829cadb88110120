"""`tonearm doctor`: how the installation is, and what to do about what is not well."""

import os
import re
import sys
import time
from collections.abc import Sequence
from functools import partial
from io import TextIOWrapper
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final

import trio
import typer
from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from server.cli.common import EXIT_FAILED, EXIT_USAGE, AsJson, ConfigFile, flat, print_json
from server.config import DEFAULT_FILE, FILE_VARIABLE, PREFIX, ConfigError, load
from server.console import Console
from server.doctor import backups, configuration
from server.doctor.codes import GROUPS
from server.doctor.examination import CannotLook, Request, examine
from server.doctor.finding import Finding, State, unknown, well
from server.doctor.process import PROC, settings_of
from server.doctor.words import count
from server.logs import configure
from server.standing import VERSION

_MARKS: Final = {
    State.OK: ("\N{HEAVY CHECK MARK}", "ok", "green"),
    State.WARN: ("!", "!", "bold yellow"),
    State.FAIL: ("\N{HEAVY BALLOT X}", "x", "bold red"),
    State.UNKNOWN: ("?", "?", "blue"),
}
_PLAIN_WIDTH: Final = 120  # columns, where there is no terminal to ask
_CODE_COLUMNS: Final = 20


def doctor(
    url: Annotated[
        str, typer.Option(help="The public address of the site: ask it what a browser asks, with nothing that counts.")
    ] = "",
    pid: Annotated[
        int | None, typer.Option(help="Take the settings of this running service: its environment and folder.")
    ] = None,
    backups_in: Annotated[
        Path, typer.Option("--backups", help="Where backups are; as deploy/ makes them otherwise.")
    ] = backups.FOLDER,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Look at everything this installation stands on, and say what to do about what is not well.

    It runs beside the service or without it, changes nothing, and shows no secret and no address. docs/doctor.md
    explains every check.

    Exit codes: 0 nothing fails (there may be warnings), 1 something fails, 2 it cannot look.

    Examples: tonearm doctor | tonearm doctor --url https://music.example.org | tonearm doctor --json
    """
    if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise _cannot("--url is the address of the site as browsers see it, such as https://music.example.org.")
    if pid is not None:
        _take_settings(pid)
    configure("console", "critical")  # what is wrong is said by the findings
    try:
        in_force = load(os.environ, config)
    except ConfigError as error:
        _show([configuration.refused(str(error))], as_json=json, looked=False)
        raise typer.Exit(EXIT_USAGE) from None
    request = Request(in_force, _file(config), os.environ, time.time, url, backups_in)
    try:
        with Console(RichConsole(stderr=True, quiet=json)).waiting("Examining the installation"):
            findings = trio.run(partial(flat, partial(examine, request)))
    except CannotLook as error:
        _show([unknown("data-dir", str(error), "sudo tonearm doctor")], as_json=json, looked=False)
        raise typer.Exit(EXIT_USAGE) from None
    _show(findings, as_json=json)
    if not well(findings):
        raise typer.Exit(EXIT_FAILED)


def _cannot(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(EXIT_USAGE)


def _take_settings(pid: int) -> None:
    """As if this command had been started as that service was."""
    theirs = settings_of(pid)
    if theirs is None:
        raise _cannot(f"The settings of process {pid} cannot be read: ask as root or as its account, while it runs.")
    if not theirs:
        sys.stderr.write(f"Process {pid} has no setting of Tonearm in its environment.\n")
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(theirs)
    os.chdir((PROC / str(pid) / "cwd").readlink())


def _file(named: Path | None) -> Path | None:
    """Which file the settings were read from."""
    file = named or Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)
    return file.absolute() if file.exists() else None


def _show(findings: Sequence[Finding], *, as_json: bool, looked: bool = True) -> None:
    if as_json:
        checks = [
            {"code": one.code, "state": one.state.value, "found": one.found, "remedy": one.remedy or None}
            for one in findings
        ]
        print_json({"ok": looked and well(findings), "version": VERSION, "checks": checks})
    else:
        _print(findings)


def _print(findings: Sequence[Finding]) -> None:
    out = _console()
    pretty = (out.encoding or "").lower().startswith("utf")
    if not pretty and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a path or an origin may have signs this terminal has not
    for group, codes in GROUPS.items():
        if shown := [one for one in findings if one.code in codes]:
            out.print(Text(f"\n{group}", style="bold"))
            out.print(_table(shown, pretty=pretty))
    out.print()
    out.print(_sum(findings))


def _table(findings: Sequence[Finding], *, pretty: bool) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=2, justify="right")
    table.add_column(width=_CODE_COLUMNS, style="dim")
    table.add_column(overflow="fold", ratio=1)
    runs = [list(run) for _, run in groupby(findings, lambda one: (one.state, one.found))]
    for run, following in zip(runs, [*runs[1:], []], strict=True):
        one = run[0]
        mark, plain, style = _MARKS[one.state]
        table.add_row(Text(mark if pretty else plain, style=style), _codes(run), Text(one.found))
        if one.remedy and one.remedy not in (other.remedy for other in following):
            table.add_row("", "", _remedy(one, "\N{RIGHTWARDS ARROW}" if pretty else "->"))
    return table


def _codes(run: Sequence[Finding]) -> Text:
    """Of findings that say the same, one below the other."""
    return Text("\n".join(one.code for one in run))


def _remedy(one: Finding, arrow: str) -> Table:
    indented = Table.grid(padding=(0, 1))
    indented.add_column(style=_MARKS[one.state][2].removeprefix("bold "))
    indented.add_column(overflow="fold", ratio=1)
    indented.add_row(arrow, Text(one.remedy, style="italic"))
    return indented


def _sum(findings: Sequence[Finding]) -> Text:
    number = {state: sum(one.state is state for one in findings) for state in State}
    line = Text(f"{count(len(findings), 'check')}: ")
    parts = (
        (State.OK, f"{number[State.OK]} well"),
        (State.WARN, count(number[State.WARN], "warning")),
        (State.FAIL, f"{number[State.FAIL]} {'fails' if number[State.FAIL] == 1 else 'fail'}"),
        (State.UNKNOWN, f"{number[State.UNKNOWN]} cannot be told"),
    )
    for at, (state, words) in enumerate(parts):
        line.append(", " if at else "")
        line.append(words, style=_MARKS[state][2] if number[state] else "dim")
    return line


def _console() -> RichConsole:
    out = RichConsole(highlight=False)
    return out if out.is_terminal else RichConsole(highlight=False, width=_PLAIN_WIDTH)
