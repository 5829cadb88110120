"""Every command explains itself: a sentence, an example that is one, and the shell's completion."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from server.cli import made
from tests.support.service import TONEARM, without_settings


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that a person may give."""
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield (*path, name)


LEFT_OUT: dict[tuple[str, ...], tuple[str, ...]] = {("import", "file"): ("import",)}  # a word that nobody has to give
ALL = list(commands(get_command(made())))


def help_of(words: tuple[str, ...]) -> str:
    return CliRunner().invoke(made(), [*words, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output


def examples(words: tuple[str, ...]) -> list[str]:
    """Lines of the help that run the program."""
    found = re.findall(r"(?:^|\s)((?:[A-Z_]+=\S+ )*tonearm [^\u2502\n]+)", help_of(words).partition("Example")[2])
    return [line.strip() for line in found]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_a_command_has_an_example_that_runs_it(words: tuple[str, ...]) -> None:
    shown = examples(words)
    assert shown, help_of(words)
    for line in shown:
        program = [word for word in shlex.split(line) if not re.match("[A-Z_]+=", word)]
        given = LEFT_OUT.get(words, words)
        assert ["tonearm", *given] == program[: len(given) + 1]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_an_example_knows_its_options(words: tuple[str, ...]) -> None:
    known = help_of(words)
    for line in examples(words):
        for option in re.findall(r"(?<=\s)--[a-z-]+", line):
            assert option in known, line


def test_the_exit_codes_are_told() -> None:
    assert "Exit codes: 0 done, 1 the answer is no or it could not be done, 2" in help_of(())


def bash(script: str, home: Path) -> subprocess.CompletedProcess[str]:
    path = f"{TONEARM.parent}:{os.environ['PATH']}"
    environment = without_settings() | {"HOME": str(home), "PATH": path}
    # A command behind it, so that bash stays the parent by which the shell is told.
    return subprocess.run(
        ["bash", "--norc", "-c", f"{script}; true"], env=environment, capture_output=True, text=True, timeout=60
    )


def test_the_completion_that_is_shown_works_in_bash(tmp_path: Path) -> None:
    shown = bash("tonearm --show-completion", tmp_path).stdout
    assert "_TONEARM_COMPLETE=complete_bash" in shown
    (tmp_path / "completion").write_text(shown)
    done = bash(
        ". ~/completion; complete -p tonearm; COMP_WORDS=(tonearm cata) COMP_CWORD=1; _tonearm_completion tonearm;"
        ' echo "${COMPREPLY[@]}"',
        tmp_path,
    )
    assert "catalog" == done.stdout.split()[-1], done


def test_installing_the_completion_is_enough_for_the_next_shell(tmp_path: Path) -> None:
    installed = bash("tonearm --install-completion", tmp_path)
    assert "bash completion installed" in installed.stdout
    done = bash(". ~/.bashrc; complete -p tonearm", tmp_path)
    assert "_tonearm_completion" in done.stdout, done
