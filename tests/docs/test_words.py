"""What a page names in passing is there: commands and options, make's targets, settings, metrics, files."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from server.cli import made
from server.config import FILE_VARIABLE, PREFIX, Config, Section
from tests.docs.claims import pages
from tests.support.blocks import ROOT, fenced, prose

PAGES: Final = pages()
WORDS: Final = [
    (page, " ".join(span.split()))
    for page, text in PAGES.items()
    for _, span in re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", prose(text), re.DOTALL)
]
DRAWINGS: Final = [block.text for page in PAGES for block in fenced(PAGES[page]) if not block.kind]
SECTIONS: Final = {
    name: field.annotation.model_fields
    for name, field in Config.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}
ENDING: Final = r"_(?:bucket|sum|count)$"  # of a histogram
FOREIGN: Final = {"--shm-size"}  # docker's
FOLDERS: Final = "actors|bench|deploy|docs|privacy|release|requirements|server|storage|tests|tracker"
MAKE: Final = (ROOT / "Makefile").read_text("utf-8")


def named(pattern: str) -> list[tuple[str, re.Match[str]]]:
    """(page, match) of every word between backticks that this fits as a whole."""
    return [(page, found) for page, word in WORDS if (found := re.fullmatch(pattern, word))]


def test_a_command_and_its_options_are_there() -> None:
    commands = [
        (page, found[0]) for page, found in named(r"(?:TONEARM_\w+=\S+ )*tonearm (?!\().+") if "├" not in found[0]
    ]
    assert len(commands) > 60
    assert [] == [f"{page}: {text}" for page, text in commands if unknown(text)]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("tonearm stats home --days 30", ""),
        ("tonearm import FILE", ""),
        ("tonearm statistics", "statistics"),
        ("tonearm stats house", "house"),
        ("tonearm serve --worker 4", "--worker"),
    ],
)
def test_a_misspelt_command_or_option_is_found(text: str, wrong: str) -> None:
    assert wrong == unknown(text)


def unknown(text: str) -> str:
    """The first word of a command line that the program does not know; empty where it knows all."""
    words = [word for word in shlex.split(text) if not word.startswith("TONEARM_")][1:]
    command: Any = get_command(made())
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] in command.commands:
            command = command.commands[words.pop(0)]
        elif "file" in command.commands:
            command = command.commands["file"]  # `tonearm import FILE` is `tonearm import file FILE`
        else:
            return words[0]
    known = {"--help", *(name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts))}
    return next((word for word in words if word.startswith("--") and word.partition("=")[0] not in known), "")


def test_an_option_that_stands_alone_is_one_of_a_command() -> None:
    known = set(options(get_command(made()))) | {"--help"}
    told = [(page, found[1]) for page, found in named(r"(--(?!tonearm-)[a-z][a-z-]+)(?:[ =].*)?")]
    assert told
    ours = {option for source in (ROOT / "tracker", ROOT / "bench") for option in arguments(source)}
    assert [] == [f"{page}: {option}" for page, option in told if option not in known | ours | FOREIGN]


def options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for inner in getattr(command, "commands", {}).values():
        yield from options(inner)


def arguments(folder: Path) -> Iterator[str]:
    """What programs of the checkout take, as they say it to argparse."""
    for file in folder.rglob("*.py"):
        yield from re.findall(r'add_argument\(\s*"(--[a-z-]+)"', file.read_text("utf-8"))


def test_a_target_of_make_is_there() -> None:
    told = [(page, found[1]) for page, found in named(r"make ([a-z-]+)(?: .*)?")]
    assert told
    assert [] == [f"{page}: make {target}" for page, target in told if f"\n{target}:" not in MAKE]


def test_a_setting_is_one_of_the_configuration() -> None:
    sections = "|".join(SECTIONS)
    told = [(page, found[1], found[2]) for page, found in named(rf"\[({sections})\] (\w+).*|(?!)")]
    told += [(page, found[1], found[2]) for page, found in named(rf"({sections})\.([a-z_]+)(?: = .*)?")]
    told = [(page, section, key) for page, section, key in told if key not in NO_KEYS]
    assert len(told) > 20
    assert [] == [f"{page}: {section}.{key}" for page, section, key in told if key not in SECTIONS[section]]


NO_KEYS: Final = ("py", "md", "js", "sqlite", "example")  # `privacy.md` is a file


def test_a_section_is_one_of_the_configuration() -> None:
    told = [(page, found[1]) for page, found in named(r"\[([a-z_]+)\]")]
    assert told
    assert [] == [f"{page}: [{section}]" for page, section in told if section not in SECTIONS]


def test_a_variable_of_the_environment_is_a_setting() -> None:
    known = {FILE_VARIABLE, *(f"{PREFIX}{name}".upper() for name in Config.model_fields if name not in SECTIONS)}
    known |= {f"{PREFIX}{section}__{key}".upper() for section, keys in SECTIONS.items() for key in keys}
    told = {(page, name) for page, text in PAGES.items() for name in re.findall(r"\bTONEARM_[A-Z_]+\b", text)}
    assert len(told) > 15
    assert [] == [f"{page}: {name}" for page, name in told if name not in known]


def test_a_metric_is_one_that_the_service_tells() -> None:
    """Those in the tables of docs/monitor.md, which a test of that page holds to the service's own."""
    there = set(re.findall(r"^\| `(tonearm_\w+)`", PAGES["docs/monitor.md"], re.MULTILINE))
    told = {(page, name) for page, text in PAGES.items() for name in re.findall(r"\btonearm_[a-z_]+[a-z]\b", text)}
    assert len(told) > 20
    assert [] == sorted(f"{page}: {name}" for page, name in told if not {name, re.sub(ENDING, "", name)} & there)


def test_a_file_that_is_named_is_there() -> None:
    """Between backticks on any page, and in the drawings."""
    words = [word for _, word in WORDS] + [word for text in DRAWINGS for word in re.findall(r"[\w./*-]+", text)]
    told = [word for word in words if re.fullmatch(rf"(?:{FOLDERS})/[\w./*-]*", word)]
    assert len(told) > 60
    assert [] == sorted({word for word in told if not any(ROOT.glob(word.rstrip("/.")))})


def test_a_program_of_the_checkout_is_there() -> None:
    told = [(page, found[1]) for page, found in named(r"python -m ([\w.]+)(?: .*)?")]
    told = [(page, name) for page, name in told if name.partition(".")[0] in FOLDERS.split("|")]
    assert told
    for page, name in told:
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"{page}: {name}"


def test_a_script_of_the_checkout_is_there() -> None:
    told = [(page, found[1]) for page, found in named(r"python ([\w/]+\.py)(?: .*)?")]
    assert told
    assert [] == [f"{page}: {name}" for page, name in told if not (ROOT / name).is_file()]
