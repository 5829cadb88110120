"""Programs that some tests run and pip cannot install; `make test` runs this first, and it never fails the run.

As root on Debian what is missing is installed. Elsewhere one line per program says which tests are left out.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
INSTALL_S = 900  # a browser and its libraries on a slow line


@dataclass(frozen=True)
class Program:
    """A Debian package, how to see whether it is there, and the tests that need it."""

    package: str
    is_there: Callable[[], bool]
    tests: str


def on_path(name: str) -> Callable[[], bool]:
    """nginx lies in sbin, which an ordinary user's PATH leaves out."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return lambda: shutil.which(name, path=path) is not None


PROGRAMS = (
    Program("chromium", on_path("chromium"), "tests in a browser (tests/browser, tests/recipes)"),
    Program("nginx-light", on_path("nginx"), "tests behind a proxy"),
    Program("caddy", on_path("caddy"), "tests behind Caddy (tests/integration/test_proxies.py)"),
    Program("systemd", on_path("systemd-analyze"), "tests of the units (tests/integration/test_systemd.py)"),
    Program("prometheus", on_path("promtool"), "tests of the alerts (tests/integration/test_prometheus.py)"),
    Program("pgbouncer", on_path("pgbouncer"), "tests behind a pooler (tests/integration/test_pooler.py)"),
    Program("slirp4netns", on_path("slirp4netns"), "the test that follows docs/self-host.md on a fresh machine"),
    Program("curl", on_path("curl"), "tests of HTTP/2 behind a proxy"),
    Program("wrk", on_path("wrk"), "measurements under load (bench)"),
    Program("iproute2", on_path("ip"), "tests with machines of their own (tests/machines)"),
    Program(
        "postgresql",
        lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "tests on Debian's PostgreSQL (tests/integration/test_debian_postgres.py, tests/machines)",
    ),
)


def main() -> None:
    missing = [program for program in PROGRAMS if not program.is_there()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install([program.package for program in missing])
        missing = [program for program in missing if not program.is_there()]
    for program in missing:
        print(f"{program.package} is not installed: {program.tests} are left out. {how_to_install(program.package)}")


def how_to_install(package: str) -> str:
    if shutil.which("apt-get"):
        return f"To run them, as root: apt-get install {package}"
    return "Only on Debian are they installed by themselves."


def install(packages: list[str]) -> None:
    """With apt-get, and no server started by it: the tests start their own, and must find the usual ports free."""
    print(f"Installing {', '.join(packages)}", flush=True)
    with no_services_started():
        if not apt("update"):
            return
        for package in packages:  # one by one: together it is all or nothing, and one may be missing from the archive
            apt("--no-install-recommends", "install", package)


def apt(*words: str) -> bool:
    """Whether it succeeded; otherwise the last thing it said is printed."""
    try:
        done = subprocess.run(
            ["apt-get", "-qq", "-y", *words],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"apt-get {' '.join(words)}: {error}")
        return False
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        print(f"apt-get {' '.join(words)}: {said[-1]}")
    return done.returncode == 0


@contextmanager
def no_services_started() -> Iterator[None]:
    """Debian's way to say so while packages are installed (invoke-rc.d(8)); an administrator's own word stays."""
    try:
        with POLICY.open("x") as policy:
            policy.write("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        main()
    except (OSError, KeyError) as error:  # what cannot be installed leaves tests out, and says so; it ends no run
        print(f"Not every program that tests need could be looked after: {error}")
