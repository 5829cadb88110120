"""requirements/*.txt: exact, with hashes, in step with pyproject.toml, and installable wherever the project says."""

import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from release import ROOT, ReleaseError, lock
from release.checkout import export
from tests.release.environment import UV
from tests.release.locks import Pin, pins

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def locked(name: str) -> list[Pin]:
    return pins(ROOT / "requirements" / f"{name}.txt")


def group(name: str) -> Iterator[Requirement]:
    """What a dependency group asks for (PEP 735)."""
    for item in PROJECT["dependency-groups"][name]:
        if isinstance(item, str):
            yield Requirement(item)
        else:
            yield from group(item["include-group"])


def declared(name: str) -> list[Requirement]:
    """What a lock file is made from."""
    own = [Requirement(line) for line in PROJECT["project"]["dependencies"]] if name in ("run", "dev") else []
    return own if name == "run" else [*own, *group(name)]


def on(python: str) -> dict[str, str]:
    """This machine with another Python."""
    return {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}  # type: ignore[dict-item]


@pytest.mark.parametrize("name", lock.FILES)
def test_every_package_has_hashes(name: str) -> None:
    assert locked(name)
    assert [] == [pin.name for pin in locked(name) if not pin.hashes]


@pytest.mark.parametrize("name", lock.FILES)
def test_nothing_but_packages_stands_there(name: str) -> None:
    """No index, no address, no other file: what is installed is decided by the hashes alone."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert len(locked(name)) + sum(pin.hashes for pin in locked(name)) == len(text.splitlines())


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", lock.FILES)
def test_every_python_gets_one_version_of_each_package(name: str, python: str) -> None:
    names = [pin.name for pin in locked(name) if pin.is_for(on(python))]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", lock.FILES)
def test_what_is_declared_is_locked_in_a_version_that_is_allowed(name: str, python: str) -> None:
    there = {pin.name: pin.version for pin in locked(name) if pin.is_for(on(python))}
    asked = [one for one in declared(name) if one.marker is None or one.marker.evaluate(on(python))]
    wrong = [str(one) for one in asked if not _allows(one, there)]
    assert asked
    assert [] == wrong


def _allows(asked: Requirement, there: Mapping[str, Version]) -> bool:
    version = there.get(canonicalize_name(asked.name))
    return version is not None and asked.specifier.contains(str(version), prereleases=True)


@pytest.mark.parametrize("name", lock.FILES)
def test_nothing_is_locked_that_nobody_asks_for(name: str) -> None:
    """On this Python and machine, where the packages are installed and say themselves what they need."""
    here = {pin.name for pin in locked(name) if pin.is_for(on_this())}
    reached = set(_reached(declared(name)))
    assert here == reached


def on_this() -> dict[str, str]:
    return dict(default_environment())  # type: ignore[arg-type]


def _reached(asked: list[Requirement]) -> Iterator[str]:
    """The names of all that is needed, directly or not."""
    seen: set[tuple[str, str]] = set()
    waiting = [(one, "") for one in asked]
    while waiting:
        one, extra = waiting.pop()
        if one.marker is not None and not one.marker.evaluate({**on_this(), "extra": extra}):
            continue
        for wanted in chain([""], one.extras):
            key = (canonicalize_name(one.name), wanted)
            if key not in seen:
                seen.add(key)
                waiting.extend((Requirement(line), wanted) for line in distribution(one.name).requires or ())
        yield canonicalize_name(one.name)


@pytest.mark.parametrize("name", [name for name in lock.FILES if name != "dev"])
def test_an_environment_may_have_all_of_them(name: str) -> None:
    """`make` puts them into one."""
    dev = {(pin.name, pin.version) for pin in locked("dev")}
    assert [] == [pin.name for pin in locked(name) if (pin.name, pin.version) not in dev]


def test_what_runs_the_tests_is_what_is_locked() -> None:
    def installed(pin: Pin) -> str:
        try:
            return distribution(pin.name).version
        except PackageNotFoundError:
            return "missing"

    here = [pin for pin in locked("dev") if pin.is_for(on_this())]
    assert [] == [f"{pin.name} {installed(pin)}" for pin in here if installed(pin) != str(pin.version)]


@pytest.mark.full
def test_locking_again_changes_nothing(tmp_path: Path) -> None:
    export(ROOT, tmp_path)
    lock.write(tmp_path)
    for name in lock.FILES:
        file = f"requirements/{name}.txt"
        assert (ROOT / file).read_text() == (tmp_path / file).read_text()


@pytest.mark.full
def test_a_package_that_is_asked_for_anew_is_locked_with_its_hashes(tmp_path: Path) -> None:
    export(ROOT, tmp_path)
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text().replace('    "tzdata",\n', '    "tzdata",\n    "iniconfig==2.0.0",\n'))
    lock.write(tmp_path)
    added = [pin for pin in pins(tmp_path / "requirements" / "run.txt") if pin.name == "iniconfig"]
    assert [("2.0.0", 2)] == [(str(pin.version), pin.hashes) for pin in added]


def test_a_project_file_that_cannot_be_locked_is_a_sentence(tmp_path: Path) -> None:
    export(ROOT, tmp_path)
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text().replace('    "tzdata",\n', '    "tzdata ==",\n'))
    with pytest.raises(ReleaseError, match="tzdata"):
        lock.write(tmp_path)


MACHINES = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin")  # as docs/release.md says


@pytest.mark.full
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
def test_nothing_has_to_be_compiled(python: str, machine: str, tmp_path: Path) -> None:
    """Every package that runs the service has a wheel, whose hash is locked."""
    words = ["--dry-run", "--no-build", "--require-hashes", "-r", "requirements/run.txt", "--target", str(tmp_path)]
    done = subprocess.run(
        [UV, "pip", "install", *words, "--python-version", python, "--python-platform", machine],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
