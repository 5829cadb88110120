"""Tonearm's tables: whether they are this version's, the role's own, and made ahead."""

from collections.abc import Mapping, Sequence
from datetime import date

from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import count, listed
from storage.migrate import Migration


def is_current(applied: Mapping[int, str] | None, known: Sequence[Migration]) -> bool:
    """Whether this version's questions can be put to it."""
    return applied is not None and set(applied) == {migration.number for migration in known}


def migrations(applied: Mapping[int, str] | None, known: Sequence[Migration], *, runs: bool) -> Finding:
    """`runs`: a process answers on this database."""
    code = "migrations"
    if applied is None:
        return ok(code, "The database is empty; the first start makes its tables.")
    newest = max(migration.number for migration in known)
    newer = [f"{number:04}_{name}" for number, name in applied.items() if number > newest]
    if newer:
        return fail(
            code,
            f"The database was migrated by a newer Tonearm ({listed(newer)}), which this one refuses to work with.",
            "Install that version, or restore a backup made before the upgrade.",
        )
    pending = [f"{one.number:04}_{one.name}" for one in known if one.number not in applied]
    if pending and runs:
        return warn(
            code,
            f"{count(len(pending), 'migration')} of this version is not applied yet ({listed(pending)}): an older one "
            "is running.",
            "Restart the service, which applies them: systemctl restart tonearm",
        )
    if pending:
        return warn(
            code,
            f"{count(len(pending), 'migration')} is pending ({listed(pending)}).",
            "The next start applies them; make a backup before, since there is no other way back.",
        )
    return ok(code, f"The database has this version's schema ({newest:04}).")


def not_current(code: str) -> Finding:
    """For what only this version's schema can tell."""
    return unknown(code, "The database does not have this version's schema.", "See `migrations`, and ask again.")


def owner(foreign: int) -> Finding:
    """Its role writes the sets anew and makes partitions, which only their owner may."""
    code = "database-owner"
    if foreign:
        return fail(
            code,
            f"{count(foreign, 'table')} of Tonearm's belongs to another role: partitions cannot be made, nor the "
            "listener sets written anew.",
            "As a superuser in that database: REASSIGN OWNED BY the_other_role TO the role of database_url",
        )
    return ok(code, "Its role owns its tables.")


def partitions(missing: Sequence[date]) -> Finding:
    """The log's, of this month and the next."""
    code = "partitions"
    if missing:
        return warn(
            code,
            f"The log has no partition for {listed(f'{month:%Y-%m}' for month in missing)} yet: at the first event of "
            "that month counting waits until it is made.",
            "The housekeeper makes it within a minute while the service runs. If it does not, see `database-owner`, "
            "`long-transactions` and the service's log.",
        )
    return ok(code, "The log has its partitions for this month and the next.")
