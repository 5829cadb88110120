"""The schema as pg_dump tells it, without what differs from run to run: what `storage/schema.sql` holds."""

import os
import re
import subprocess
from pathlib import Path

from storage.embedded import binaries

SCHEMA_FILE = Path(__file__).parents[2] / "storage" / "schema.sql"
_HEAD = (
    "-- What the migrations make, as pg_dump tells it. Written by `python -m tests.support.write_schema`; not read.\n\n"
)
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)\n", re.MULTILINE)


def schema_of(url: str) -> str:
    """The schema of the database at `url`, in the form of `storage/schema.sql`."""
    command: list[str | Path] = [binaries() / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", url]
    dump = subprocess.run(command, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=True).stdout
    return _HEAD + re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", dump)).strip() + "\n"
