"""The installation's secret: who may read it, whether it lies apart from what it seals, whether it opens it."""

from collections.abc import Sequence

from privacy import sealing
from server.config import Config
from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.permissions import Entry
from server.doctor.words import NEEDS_DATABASE
from server.opening import PSEUDONYM_PURPOSE


def secret_file(found: Entry | None, *, configured: bool) -> Finding:
    """`found`: the file `secret` of the data directory."""
    code = "secret-file"
    if found is None:
        where = "comes from the configuration" if configured else "is made at the first start"
        return ok(code, f"The installation's secret {where}.")
    if found.permissions & 0o077:
        return fail(
            code,
            f"{found.path} has mode {found.permissions:o}: others may read it, or a copy of it. With it and the "
            "database they can tell whether an id they know has listened.",
            f"chmod 600 {found.path}; if somebody may have read it: tonearm secret rotate",
        )
    return ok(code, f"{found.path} is for its owner alone.")


def secret_place(config: Config, found: Entry | None) -> Finding:
    """Sealing helps only where the secret is kept apart from what it seals (DESIGN §8)."""
    code = "secret-place"
    if found is None or config.secret.get_secret_value():
        return ok(code, "The secret is not in the data directory.")
    if config.database_url.get_secret_value():
        return ok(code, "The secret is in the data directory, and what it seals in a database elsewhere.")
    return warn(
        code,
        "The secret lies in the data directory beside the database: whoever gets a copy of that folder has both, and "
        "nothing in it is sealed for him.",
        "Take what the file holds as TONEARM_SECRET into the service's environment (/etc/tonearm/environment, mode "
        "600), keep a copy elsewhere, and remove the file; no figure changes by that.",
    )


def secret(sealed: bytes | None, candidates: Sequence[bytes], *, asked: bool) -> Finding:
    """`sealed`: the pseudonym key as it rests in the database. `asked`: whether the database could be asked."""
    code = "secret"
    if not asked:
        return unknown(code, "Whether the secret opens what rests in the database cannot be told.", NEEDS_DATABASE)
    if sealed is None:
        return ok(code, "Nothing is sealed yet: the first start makes the key.")
    if any(_opens(one, sealed) for one in candidates):
        return ok(code, "The secret opens what rests in the database.")
    what = "This secret does not open" if candidates else "There is no secret, so nothing opens"
    return fail(
        code,
        f"{what} what rests in the database: the service would refuse to start.",
        "Set TONEARM_SECRET to the secret this database was made with, or put its file back into the data directory as "
        "`secret`.",
    )


def _opens(one: bytes, sealed: bytes) -> bool:
    try:
        sealing.unseal(one, PSEUDONYM_PURPOSE, sealed)
    except sealing.WrongSecret:
        return False
    return True
