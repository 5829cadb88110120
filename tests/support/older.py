"""A database as an older Tonearm left it: its schema up to some migration, and what the service of that time wrote.

Plain SQL, so that no code of today has a hand in it. Each step adds a little to what the steps before have written, and
leaves counters that agree with log and sets.
"""

from collections.abc import Mapping
from typing import Final

from storage.bridge import Connection
from storage.migrate import migrate, migrations

SECRET: Final = "a-secret-of-the-first-installation-0123456789"  # of no installation there is
WRITTEN: Final[Mapping[int, str]] = {
    1: """
        INSERT INTO release VALUES ('night-ferry', 'Night Ferry', 'album');
        INSERT INTO track VALUES ('a', 'Harbour Lights', 'night-ferry', 1), ('b', 'Breakwater', NULL, NULL);
        UPDATE catalog_version SET version = 1;
        CREATE TABLE play_event_2025_12 PARTITION OF play_event FOR VALUES FROM ('2025-12-01') TO ('2026-01-01');
        CREATE TABLE share_event_2025_12 PARTITION OF share_event FOR VALUES FROM ('2025-12-01') TO ('2026-01-01');
        INSERT INTO play_event VALUES
            ('2025-12-31 20:00Z', '2025-12-31', 1, 'a', 'night-ferry', 'complete', NULL,
             decode(repeat('a1', 16), 'hex')),
            ('2025-12-31 21:00Z', '2025-12-31', 1, 'a', 'night-ferry', 'sampled', 'link', NULL),
            ('2025-12-31 21:00Z', '2025-12-31', 1, 'b', NULL, 'partial', 'embed', decode(repeat('b2', 16), 'hex'));
        INSERT INTO share_event VALUES ('2025-12-31 22:00Z', '2025-12-31', 'release', 'night-ferry', 'link');
        INSERT INTO listener VALUES
            ('', 'site', decode(repeat('c1', 16), 'hex')), ('', 'site', decode(repeat('c2', 16), 'hex')),
            ('a', 'track', decode(repeat('a1', 16), 'hex')), ('b', 'track', decode(repeat('b2', 16), 'hex')),
            ('night-ferry', 'release', decode(repeat('d1', 16), 'hex'));
        INSERT INTO play_counter VALUES
            ('', 'site', 0, 1, 1, 1, 1, 0, 1, 1, 2), ('a', 'track', 0, 0, 1, 1, 0, 0, 1, 0, 1),
            ('b', 'track', 0, 1, 0, 0, 0, 0, 0, 1, 1), ('night-ferry', 'release', 0, 0, 1, 1, 1, 0, 1, 0, 1);
        INSERT INTO day_counter VALUES
            ('', 'site', '2025-12-31', 0, 1, 1, 1, 1, 0, 1, 1), ('a', 'track', '2025-12-31', 0, 0, 1, 1, 0, 0, 1, 0),
            ('b', 'track', '2025-12-31', 0, 1, 0, 0, 0, 0, 0, 1),
            ('night-ferry', 'release', '2025-12-31', 0, 0, 1, 1, 1, 0, 1, 0);
        INSERT INTO sealed_key VALUES ('pseudonym-key', decode(
            '00000000000000000000000055c0f75ac41ded0b57ddeaf131ef4935b8b3'
            'f1d199420f264ee8fff62f1f41103dfcfc52c06c34b91834fda8bafc026e', 'hex'));
        INSERT INTO spool_cursor VALUES ('6d1f0a56-2b0c-4c0e-9a53-0d8f2a1b3c4d', 4, 0);
    """,
    3: """
        INSERT INTO uncatalogued VALUES ('unknown-1', 'track', '2025-12-31');
        INSERT INTO play_event VALUES ('2025-12-31 23:00Z', '2025-12-31', 1, 'unknown-1', NULL, 'complete', NULL, NULL);
        INSERT INTO play_counter (target_key, target_kind, slot, complete)
            VALUES ('', 'site', 1, 1), ('unknown-1', 'track', 1, 1);
        INSERT INTO day_counter (target_key, target_kind, day, slot, complete)
            VALUES ('', 'site', '2025-12-31', 1, 1), ('unknown-1', 'track', '2025-12-31', 1, 1);
        UPDATE spool_cursor SET seq = 5;
    """,
    4: """
        UPDATE listener_generation SET generation = generation + 1;
        DELETE FROM listener WHERE pseudonym IN (decode(repeat('b2', 16), 'hex'), decode(repeat('c2', 16), 'hex'));
        UPDATE play_event SET pseudonym = NULL WHERE track_key = 'b';
        UPDATE play_counter SET listeners = listeners - 1 WHERE slot = 0 AND target_key IN ('', 'b');
    """,
    5: """INSERT INTO audit (act, detail) VALUES ('void', '{"track": "c", "plays": 12, "reason": "a script"}')""",
    6: """
        INSERT INTO token_day VALUES ('2025-12-30', 1, true, true), ('2025-12-31', 1, false, false);
        INSERT INTO daily_salt VALUES ('2025-12-31', 1, decode(repeat('00', 60), 'hex'), '2025-12-31 00:00Z');
        CREATE UNLOGGED TABLE listener_day_2025_12_31 PARTITION OF listener_day FOR VALUES IN ('2025-12-31')
            WITH (autovacuum_enabled = false);
        INSERT INTO listener_day VALUES ('a', 'track', '2025-12-31', decode(repeat('e1', 16), 'hex')),
            ('', 'site', '2025-12-31', decode(repeat('e2', 16), 'hex'));
        INSERT INTO listener_count VALUES ('a', 'track', '2025-12-31', 1, 0, 1), ('', 'site', '2025-12-31', 1, 0, 1);
        UPDATE spool_cursor SET day = '2025-12-31';
    """,
    7: """
        INSERT INTO forgotten VALUES (decode(repeat('f1', 16), 'hex'), '2026-01-01 12:00Z');
        INSERT INTO log_erasure VALUES ('a', decode(repeat('f2', 16), 'hex'));
    """,
    8: """INSERT INTO event_id VALUES ('a', decode(repeat('91', 16), 'hex'), '2025-12-31')""",
    9: """
        CREATE TABLE play_event_2026_01 PARTITION OF play_event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE share_event_2026_01 PARTITION OF share_event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        INSERT INTO play_event (created_at, day, rule_version, track_key, release_key, bucket, via)
            VALUES ('2026-01-01 01:00Z', '2026-01-01', 1, 'a', 'night-ferry', 'complete', 'link');
        INSERT INTO listener VALUES ('a', 'track', decode(repeat('a7', 16), 'hex'), '2026-01-01 01:00Z'),
            ('night-ferry', 'release', decode(repeat('d7', 16), 'hex'), NULL),
            ('', 'site', decode(repeat('c7', 16), 'hex'), NULL);
        INSERT INTO play_counter (target_key, target_kind, slot, complete, via_link, listeners)
            VALUES ('', 'site', 2, 1, 1, 1), ('night-ferry', 'release', 2, 1, 1, 1), ('a', 'track', 2, 1, 1, 1);
        INSERT INTO day_counter (target_key, target_kind, day, slot, complete, via_link)
            VALUES ('', 'site', '2026-01-01', 2, 1, 1), ('night-ferry', 'release', '2026-01-01', 2, 1, 1),
                   ('a', 'track', '2026-01-01', 2, 1, 1);
        UPDATE spool_cursor SET seq = 6, day = '2026-01-01';
    """,
    12: """
        INSERT INTO import VALUES (1, 'before', decode(repeat('77', 32), 'hex'), 'plays', '2026-01-02 09:00Z', NULL,
            NULL, 100, 0, 0);
        INSERT INTO opening_balance (import_number, target_key, target_kind, unbucketed)
            VALUES (1, 'a', 'track', 100), (1, 'night-ferry', 'release', 100), (1, '', 'site', 100);
        INSERT INTO play_counter (target_key, target_kind, slot, unbucketed)
            VALUES ('a', 'track', 8, 100), ('night-ferry', 'release', 8, 100), ('', 'site', 8, 100);
    """,
    13: """INSERT INTO alias VALUES ('harbour-lights', 'track', 'a', true)""",
}
"""Migration -> what was written with it in force and the next one not there yet."""


async def build(connection: Connection, number: int) -> None:
    """An empty database into what it was with migration `number` as its newest; in a transaction."""
    for step in (known.number for known in migrations() if known.number <= number):
        await migrate(connection, [known for known in migrations() if known.number <= step])
        if step in WRITTEN:
            await connection.execute(WRITTEN[step])
