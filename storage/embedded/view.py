"""What PostgreSQL sees of the file system when its account cannot pass the folders on the way to its files.

A clone beneath /root, or a data directory of mode 0700, is closed to an unprivileged account. Rather than open those
folders, root starts PostgreSQL in a mount namespace of its own (storage/embedded/launch.py), in which the needed
folders appear beneath a stage that it can pass. Nobody else sees the mounts, and they end with PostgreSQL.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from storage.embedded.account import Account, impassable_folder
from storage.embedded.error import EmbeddedError
from storage.embedded.wheel import LIBRARIES, PACKAGE, binaries, package_folder

# Folders PostgreSQL needs nothing from, so that they may be covered for it.
STAGES = (Path("/tmp"), Path("/mnt"), Path("/media"))  # noqa: S108  # nothing is created in the real /tmp
DATA = "data"


@dataclass(frozen=True)
class View:
    """How paths of the service look to PostgreSQL; without a `stage` they are the same.

    `binds` are (source, name beneath the stage, writable).
    """

    stage: Path | None = None
    binds: tuple[tuple[Path, str, bool], ...] = ()

    def inside(self, path: Path) -> str:
        """`path` as PostgreSQL has to call it."""
        if self.stage is not None:
            for source, name, _ in self.binds:
                if path.is_relative_to(source):
                    return str(self.stage / name / path.relative_to(source))
        return str(path)


def view_for(directory: Path, service: Account, account: Account) -> View:
    """The view in which `account` reaches PostgreSQL's programs and `directory`.

    Raises EmbeddedError where the programs themselves are closed to it.
    """
    if account == service:
        return View()
    package = package_folder()
    _refuse_closed_programs(package, account)
    if impassable_folder(package, account) is None and impassable_folder(directory, account) is None:
        return View()
    stage = next((stage for stage in STAGES if stage.is_dir() and not stage.is_symlink()), None)
    if stage is None or sys.platform != "linux":
        raise EmbeddedError(why_refused(directory, account))
    # The programs find their libraries by going up from their own place, so the two keep their names side by side.
    libraries = package.with_name(LIBRARIES)
    binds = ((package, PACKAGE, False), (libraries, LIBRARIES, False), (directory, DATA, True))
    return View(stage, binds)


def why_refused(directory: Path, account: Account) -> str:
    """The sentence for a service that needed a private view and could not have it."""
    closed = impassable_folder(directory, account) or impassable_folder(package_folder(), account) or directory
    return (
        f"PostgreSQL does not run as root, and the account {account.name} cannot pass {closed}, while this system"
        f" allows no private mount namespace (CAP_SYS_ADMIN): run Tonearm as an ordinary user that owns its files,"
        f" move them out of {closed}, or name a database of your own in TONEARM_DATABASE_URL."
    )


def _refuse_closed_programs(package: Path, account: Account) -> None:
    closed = impassable_folder(binaries() / "postgres", account)
    if closed is not None and closed.is_relative_to(package):
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the account {account.name} may not run its programs because"
            f" {closed} is closed to others: open them with chmod -R go+rX {package} {package.with_name(LIBRARIES)},"
            " or run Tonearm as an ordinary user."
        )
