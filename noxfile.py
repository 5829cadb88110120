"""The tests on every Python that pyproject.toml declares, each in an environment of its own from locked packages.

`nox` runs what `make test` does, less what does not depend on the Python. `nox -s tests-3.13 -- tests/unit -x` hands
what follows `--` to pytest. Pythons are looked for on PATH; one that is not there is left out, and nox says so.
"""

import os

import nox

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"  # what runs is the system's, or locked in requirements/
nox.options.error_on_missing_interpreters = False  # also in CI, where nox would have it otherwise


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The short tests; options and paths of pytest after `--`."""
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    at_once = ("--numprocesses", os.environ.get("AT_ONCE", "4"), "--dist", "loadfile", "--no-loadscope-reorder")
    session.run("python", "-m", "pytest", "-q", *at_once, *session.posargs)
