"""Under which account PostgreSQL runs, and whether that account can reach its files.

PostgreSQL refuses to run as root, so a service of root hands it to an unprivileged account. Folders of others are
never opened up for that account: where it cannot pass, PostgreSQL gets a private view of the file system.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from storage.embedded.error import EmbeddedError

ROOT = 0
PREFERRED_ACCOUNTS = ("tonearm", "nobody")


@dataclass(frozen=True)
class Account:
    """A named user of the operating system."""

    name: str
    uid: int
    gid: int


def service_account() -> Account:
    """The account this process runs under; raises EmbeddedError where it has no name, which PostgreSQL needs."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"The embedded PostgreSQL cannot run under user id {uid}, which has no name on this system: run Tonearm"
            " under a named user, or name a database of your own in TONEARM_DATABASE_URL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def cluster_account(cluster: Path, service: Account) -> Account:
    """The account for PostgreSQL on the folder `cluster`, which need not exist yet.

    The service's own, unless that is root: then the owner of the cluster, else `tonearm`, else `nobody`.
    Raises EmbeddedError where the cluster belongs to somebody the service cannot act for.
    """
    owner = cluster.stat().st_uid if cluster.exists() else None
    if service.uid != ROOT:
        if owner not in (None, service.uid):
            raise EmbeddedError(
                f"The database in {cluster} belongs to {_name_of(owner)}, but Tonearm runs as {service.name}:"
                " run it as that user, or give the folder to this one."
            )
        return service
    return _unprivileged_account() if owner in (None, ROOT) else _account_of_owner(cluster, owner)


def impassable_folder(path: Path, account: Account) -> Path | None:
    """The uppermost folder on the way to `path`, itself included, that `account` cannot pass; None if it can.

    Judged by the permission bits. An access list that allows more only leads to a private view not strictly needed.
    """
    for folder in reversed([path, *path.parents]):
        if not _may_execute(folder.stat(), account):
            return folder
    return None


def _may_execute(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        bit = stat.S_IXUSR
    elif status.st_gid == account.gid:
        bit = stat.S_IXGRP
    else:
        bit = stat.S_IXOTH
    return bool(status.st_mode & bit)


def _unprivileged_account() -> Account:
    for name in PREFERRED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is no account to run it under: create a user named tonearm,"
        " run Tonearm as an ordinary user, or name a database of your own in TONEARM_DATABASE_URL."
    )


def _account_of_owner(cluster: Path, owner: int) -> Account:
    try:
        entry = pwd.getpwuid(owner)
    except KeyError:
        raise EmbeddedError(
            f"The database in {cluster} belongs to user id {owner}, which has no name on this system: create a user"
            " with this id, or give the folder to another user with chown -R."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _name_of(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"user id {uid}"
