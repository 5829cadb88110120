"""Every command and snippet of the documentation is run by a test: no block is left out, and no claim is empty."""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, Final

import pytest

from tests.docs.claims import CLAIMS, Claim, pages
from tests.support.blocks import ROOT, Block, fenced

BLOCKS: Final = [(page, block) for page, text in pages().items() for block in fenced(text)]
RUN: Final = [claim for claim in CLAIMS if not claim.instead and claim.which.strip()]


def takers(page: str, block: Block) -> list[Claim]:
    return [claim for claim in CLAIMS if claim.page == page and claim.takes(block)]


def test_every_block_is_run_by_a_test_or_a_drawing_that_somebody_listed() -> None:
    unclaimed = [f"{page}:{block.line} ({block.kind})" for page, block in BLOCKS if not takers(page, block)]
    assert [] == unclaimed, "say in tests/docs/claims.py which test runs them"


def test_no_block_is_claimed_twice() -> None:
    assert [] == [f"{page}:{block.line}" for page, block in BLOCKS if len(takers(page, block)) > 1]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.page} {claim.which}")
def test_a_claim_names_blocks_that_are_there_and_a_test_that_is(claim: Claim) -> None:
    assert [block for page, block in BLOCKS if page == claim.page and claim.takes(block)]
    file, _, name = claim.test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("claim", RUN, ids=lambda claim: f"{claim.page} {claim.which}")
def test_the_test_that_runs_a_block_has_read_it(claim: Claim) -> None:
    held = holdings(claim.test.partition("::")[0].removesuffix(".py").replace("/", "."))
    for page, block in BLOCKS:
        if page == claim.page and claim.takes(block):
            assert block.text.strip() in held or all(line in held for line in typed(block.text)), block.text


def test_a_drawing_or_what_is_printed_holds_nothing_to_type() -> None:
    """A block without a language is not run, so no command may hide in one."""
    commands = ("$ ", "tonearm ", "curl ", "make ", "python", "pip ", "sudo ", "systemctl ", "docker ", "npm ")
    untyped = [(page, block) for page, block in BLOCKS if not block.kind and "├─" not in block.text]
    assert [] == [f"{page}:{block.line}" for page, block in untyped if block.text.startswith(commands)]


def typed(text: str) -> list[str]:
    """The commands of a block, without what is said behind them."""
    return [line.partition("  #")[0].rstrip() for line in text.splitlines() if line.strip()]


@cache
def holdings(name: str) -> frozenset[str]:
    """Every text that this module, or a module of the tests that it takes from, has among its names."""
    held: set[str] = set()
    seen: set[str] = set()
    wanted = [importlib.import_module(name)]
    while wanted:
        module = wanted.pop()
        if module.__name__ not in seen:
            seen.add(module.__name__)
            values = list(vars(module).values())
            held.update(text.strip() for value in values for text in texts(value))
            wanted += [other for value in values for other in sources(value)]
    return frozenset(held)


def sources(value: object) -> Iterator[ModuleType]:
    """The module of the tests that this comes from."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if isinstance(name, str) and name.startswith("tests."):
        yield importlib.import_module(name)


def texts(value: Any) -> Iterator[str]:
    """All strings in a value; of a test, in what it is parametrized by."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts([*value, *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from texts(each)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from texts([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, FunctionType):
        yield from texts([mark.args for mark in getattr(value, "pytestmark", ())])
