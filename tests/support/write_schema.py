"""`python -m tests.support.write_schema`: writes storage/schema.sql anew, after a migration was added."""

import tempfile
from pathlib import Path

import trio

from storage.bridge import Address, open_database
from storage.migrate import migrate, migrations
from tests.support.postgres import running_postgres
from tests.support.schema import SCHEMA_FILE, schema_of


async def migrated(url: str) -> None:
    """Bring the database at `url` to this version's schema."""
    async with open_database(Address(url=url), connections=1) as database:
        await database.transaction(migrate, migrations())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "postgres") as server:
        url = server.new_database()
        trio.run(migrated, url)
        SCHEMA_FILE.write_text(schema_of(url), "utf-8")
    print(f"Wrote {SCHEMA_FILE}")


if __name__ == "__main__":
    main()
