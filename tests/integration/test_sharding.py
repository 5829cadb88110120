"""The way to a distributed PostgreSQL stays open: the migrated schema and every statement keep to what Citus allows.

Citus itself is not run here (docs/scale.md says what was tried on it). What is checked is PostgreSQL's own catalog, and
that each rule finds what it is there for.
"""

import re
from collections.abc import AsyncIterator
from datetime import date

import pytest
import trio

from storage import listener_day, log, sharding
from storage.bridge import Address, Connection, Database, open_database
from storage.migrate import migrate, migrations
from tests.support.blocks import DOCS, blocks
from tests.support.postgres import Postgres
from tests.support.shard_rules import of_schema, of_statements, shipped_statements

DAY = date(2026, 11, 21)


class Undone(Exception):
    """What was found, on the way to taking the change back."""

    def __init__(self, found: list[str]) -> None:
        self.found = found


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    """Of a migrated database, with a month of the log and a day of tokens, so that there are partitions."""

    async def begin(connection: Connection) -> None:
        await migrate(connection, migrations())
        await log.make_months(connection, [DAY])
        await listener_day.begin(connection, DAY, partial=False)

    async def make() -> str:
        async with open_database(Address(url=address), connections=1) as opened:
            await opened.transaction(begin)
        return address

    address = postgres.new_database()
    return trio.run(make)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=url), connections=1) as opened:
        yield opened


async def changed(database: Database, statement: str) -> list[str]:
    """What is found with the change, which is taken back."""

    async def change(connection: Connection) -> None:
        await connection.execute(statement)
        raise Undone(await of_schema(connection))

    with pytest.raises(Undone) as undone:
        await database.transaction(change)
    return undone.value.found


async def test_every_table_has_its_place_and_every_key_its_column(database: Database) -> None:
    assert [] == await database.run(of_schema)


def test_a_table_is_in_one_class_alone() -> None:
    classes = [sharding.DISTRIBUTED.keys(), sharding.REFERENCE, sharding.ONE_NODE.keys()]
    assert sum(map(len, classes)) == len(set().union(*classes))


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("CREATE TABLE newcomer (a text)", "table newcomer is in no class of storage/sharding.py"),
        ("DROP TABLE week_begin", "storage/sharding.py speaks of week_begin, which is no table"),
        (
            "CREATE UNIQUE INDEX anywhere ON listener (pseudonym)",
            "unique index anywhere of listener is without target_key",
        ),
        (
            "CREATE UNIQUE INDEX beside ON listener (pseudonym) INCLUDE (target_key)",
            "unique index beside of listener is without target_key",
        ),
        (
            "CREATE UNIQUE INDEX of_month ON play_event_2026_11 (created_at)",
            "unique index of_month of play_event is without track_key",
        ),
        (
            "ALTER TABLE milestone DROP CONSTRAINT milestone_pkey, ADD PRIMARY KEY (target_kind, plays)",
            "unique index milestone_pkey of milestone is without target_key",
        ),
        (
            "ALTER TABLE milestone ADD EXCLUDE (plays WITH =)",
            "unique index milestone_plays_excl of milestone is without target_key",
        ),
        (
            "ALTER TABLE day_counter ALTER target_key TYPE varchar(200)",
            "day_counter.target_key is character varying(200) with the collation 'default',"
            " not text of the default one",
        ),
        (
            'ALTER TABLE day_counter ALTER target_key TYPE text COLLATE "C"',
            "day_counter.target_key is text with the collation 'C', not text of the default one",
        ),
        (
            "ALTER TABLE opening_balance ALTER target_key DROP NOT NULL",
            "opening_balance.target_key may be null, and then belongs to no shard",
        ),
        ("ALTER TABLE event_id RENAME target_key TO track_key", "event_id has no column target_key"),
        (
            "ALTER TABLE milestone ADD COLUMN number bigserial",
            "sequence milestone_number_seq: a number that all machines would wait for",
        ),
        (
            "ALTER TABLE audit ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY",
            "sequence audit_number_seq: a number that all machines would wait for",
        ),
        (
            "CREATE TRIGGER watch BEFORE UPDATE ON play_counter"
            " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "trigger watch on play_counter",
        ),
        (
            "ALTER TABLE opening_balance ADD CONSTRAINT came_with FOREIGN KEY (import_number) REFERENCES import",
            "foreign key came_with from opening_balance to import may lead to another machine",
        ),
        (
            "ALTER TABLE track ADD CONSTRAINT told FOREIGN KEY (track_key, title) REFERENCES milestone",
            "foreign key told from track to milestone may lead to another machine",
        ),
        (
            "ALTER TABLE milestone ADD CONSTRAINT crossed FOREIGN KEY (target_kind, target_key) REFERENCES milestone",
            "foreign key crossed from milestone to milestone may lead to another machine",
        ),
    ],
)
async def test_what_would_be_refused_is_found(database: Database, statement: str, complaint: str) -> None:
    assert complaint in await changed(database, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE UNIQUE INDEX one ON milestone (plays, target_key)",
        "CREATE UNIQUE INDEX one ON import (format, number)",
        "CREATE INDEX lately ON listener (came)",
        "ALTER TABLE milestone ADD FOREIGN KEY (target_key) REFERENCES track",
        "ALTER TABLE milestone ADD COLUMN n smallint,"
        " ADD FOREIGN KEY (target_key, target_kind, n) REFERENCES play_counter",
    ],
)
async def test_what_would_be_allowed_is_let_through(database: Database, statement: str) -> None:
    assert [] == await changed(database, statement)


async def test_no_statement_asks_for_what_is_refused(database: Database) -> None:
    shipped = shipped_statements()
    assert {"counters.py", "imports.py", "listeners.py", "rename.py"} <= {where.partition(":")[0] for where in shipped}
    assert [] == await database.run(of_statements, shipped)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        (
            "INSERT INTO milestone (target_key, at) VALUES ($1, $2) ON CONFLICT (target_key) DO UPDATE SET at = now()",
            "now in DO UPDATE is not IMMUTABLE",
        ),
        (
            "INSERT INTO forgotten (tag) VALUES ($1) ON CONFLICT (tag) DO UPDATE SET until = CURRENT_TIMESTAMP",
            "CURRENT_TIMESTAMP in DO UPDATE is not IMMUTABLE",
        ),
        (
            "INSERT INTO milestone AS m (target_key, plays) VALUES ($1, 1)"
            " ON CONFLICT (target_key) DO UPDATE SET plays = 2 WHERE m.plays < random()",
            "random in DO UPDATE is not IMMUTABLE",
        ),
        ("INSERT INTO milestone (target_kind, plays) VALUES ($1, 1)", "INSERT INTO milestone does not name target_key"),
        ("INSERT INTO milestone SELECT 1", "INSERT INTO milestone does not name target_key"),
        (
            "UPDATE share_event AS s SET channel = 'link', target_key = $2 WHERE target_key = $1",
            "UPDATE share_event moves a row to another target_key",
        ),
        (
            "INSERT INTO milestone (target_key) VALUES ($1) ON CONFLICT (target_key) DO UPDATE SET target_key = $2",
            "UPDATE milestone moves a row to another target_key",
        ),
        ("SELECT plays FROM milestone FOR UPDATE", "FOR UPDATE beside milestone"),
        ("SELECT target_key, count(*) FROM listener GROUP BY CUBE (target_key)", "CUBE over listener"),
    ],
)
async def test_a_statement_that_would_be_refused_is_found(database: Database, statement: str, complaint: str) -> None:
    assert [f"here: {complaint}"] == await database.run(of_statements, {"here": statement})


async def test_a_function_of_the_values_alone_may_be_in_an_upsert(database: Database) -> None:
    statement = (
        "INSERT INTO milestone AS m (target_key, plays) VALUES ($1, length($1)) ON CONFLICT (target_key) DO UPDATE"
        " SET plays = greatest(m.plays, abs(excluded.plays))"
    )
    assert [] == await database.run(of_statements, {"here": statement})


def test_an_advisory_lock_is_for_one_duty_alone() -> None:
    numbers = [
        (number, where)
        for where, text in shipped_statements().items()
        for number in re.findall(r"advisory\w*lock\((\d+)", text)
    ]
    assert len(numbers) >= 5
    assert len(numbers) == len({number for number, _ in numbers}), sorted(numbers)


def test_the_page_has_the_commands() -> None:
    assert "\n".join(sharding.commands()) + "\n" in [text for kind, text in blocks(DOCS / "scale.md") if kind == "sql"]


def test_the_page_says_of_each_table_where_it_is() -> None:
    page = (DOCS / "scale.md").read_text("utf-8")
    rows = [f"| `{table}` | `{column}` |" for table, column in sharding.DISTRIBUTED.items()]
    rows += [f"| `{table}` | {why} |" for table, why in sharding.ONE_NODE.items()]
    assert [] == [row for row in rows if row not in page]
