"""Renaming: under whatever key events come, whenever the renaming falls, they are one target, and counted exactly."""

from collections.abc import AsyncIterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import trio

from actors.events import Forget, Play, Share
from storage import catalog, figures, imports, leaderboard, series, standing
from storage.bridge import Address, Connection, Database, open_database
from storage.check import check
from storage.counters import Target
from storage.imports import Import
from storage.leaderboard import Wanted
from storage.migrate import migrate, migrations
from storage.rename import CannotRename, Kind, Merged, Renamed, rename
from storage.staging import Chunk, FigureRow
from tests.integration.test_pipeline import LISTENER, MOMENT, pipeline, play
from tests.support.postgres import rows

OTHER = b"x" * 32


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=6) as opened:
        await opened.transaction(migrate, migrations())
        release = catalog.Release("ferry", "Night Ferry")
        await opened.transaction(catalog.upsert, [release], [catalog.Track("old", "Old", "ferry", 1)])
        yield opened


async def count(database: Database, folder: Path, *events: Play | Share | Forget) -> None:
    folder.mkdir(exist_ok=True)
    async with pipeline(folder, database) as running:
        assert [None] * len(events) == await running.accept(*events)


async def name(database: Database, old: str, new: str, *, kind: Kind | None = None, merge: bool = False) -> Renamed:
    return await database.transaction(rename, old, new, kind=kind, merge=merge)


async def of(database: Database, key: str, kind: str = "track") -> tuple[int, int, int] | None:
    """(plays, shares, listeners) as any reader is told them."""
    found = await database.run(figures.read, Target(key, kind))
    return None if found is None else (found.total_plays, found.shares_link + found.shares_embed, found.listeners)


async def agrees(database: Database) -> None:
    assert () == (await database.transaction(check)).differences


async def test_a_listener_who_comes_back_under_the_new_key_is_known(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old", LISTENER))
    await name(database, "old", "new")
    await count(database, tmp_path, play("new", LISTENER), play("new", OTHER), play("old", LISTENER))
    await count(database, tmp_path, Share(MOMENT, "track", "new", "link"))
    assert (4, 1, 2) == await of(database, "old") == await of(database, "new")
    assert (4, 0, 2) == await of(database, "ferry", "release")
    assert [("old",)] == await rows(database, "SELECT DISTINCT track_key FROM play_event")
    await agrees(database)


async def test_a_renamed_release_goes_on_with_its_tracks(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old", LISTENER), Share(MOMENT, "release", "ferry", "link"))
    await name(database, "ferry", "ferry-2026")
    track = catalog.Track("old", "Old", "ferry-2026", 2)
    changes = await database.transaction(catalog.upsert, [catalog.Release("ferry-2026", "Night Ferry")], [track])
    assert ((), ("old",)) == (changes.releases_added, changes.tracks_changed)
    await count(database, tmp_path, play("old", LISTENER), Share(MOMENT, "release", "ferry-2026", "link"))
    assert (2, 2, 1) == await of(database, "ferry", "release") == await of(database, "ferry-2026", "release")
    await agrees(database)


async def test_a_batch_that_was_looked_up_before_the_renaming_counts_for_the_target(
    tmp_path: Path, database: Database
) -> None:
    """The writer is held while events under the new key are resolved, and goes on after the renaming."""
    held, free = trio.Event(), trio.Event()

    class Held(Database):
        async def transaction(self, work, *args, **kwargs):  # type: ignore[no-untyped-def]  # as it comes
            if work.__name__ == "_transaction" and not free.is_set():
                held.set()
                await free.wait()
            return await super().transaction(work, *args, **kwargs)

    await count(database, tmp_path, play("old", LISTENER))
    async with pipeline(tmp_path, Held(database._loop, database._pool)) as running:
        await running.accept(play("new", LISTENER), play("new"), play("other"))
        await running.accept(Share(MOMENT, "track", "new", "embed"))
        await held.wait()
        await name(database, "old", "new")
        free.set()
    assert (3, 1, 1) == await of(database, "new")
    assert (3, 0, 1) == await of(database, "ferry", "release")
    assert [] == await rows(database, "SELECT FROM play_counter WHERE target_key = 'new'")
    await agrees(database)


async def test_renaming_again_and_again_beside_the_counting_loses_and_doubles_nothing(
    tmp_path: Path, database: Database
) -> None:
    names = ["old", *(f"name-{number}" for number in range(12))]
    known = 1
    await count(database, tmp_path, play("old", LISTENER))
    async with trio.open_nursery() as nursery:
        for worker in ("a", "b"):

            async def go_on(folder: Path) -> None:
                folder.mkdir()
                async with pipeline(folder, database) as running:
                    for number in range(120):
                        await running.accept(play(names[number % known], bytes([number % 5]) * 32))

            nursery.start_soon(go_on, tmp_path / worker)
        for before, after in pairwise(names):
            await name(database, before, after)
            known += 1
            await trio.sleep(0.02)
    assert (241, 0, 5) == await of(database, names[-1])
    assert [("old",)] == await rows(
        database, "SELECT DISTINCT target_key FROM play_counter WHERE target_kind = 'track'"
    )
    await agrees(database)


async def test_chains_lead_to_one_target_and_its_newest_name_is_shown(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old"))
    await name(database, "old", "newer")
    assert Renamed("track", "newer", "newest", None) == await name(database, "newer", "newest")
    for key in ("old", "newer", "newest"):
        assert (1, 0, 0) == await of(database, key)
    assert ["newest"] == [entry.key for entry in (await database.run(leaderboard.board, Wanted("track"))).entries]


async def test_the_first_name_comes_back(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old"))
    await name(database, "old", "new")
    await name(database, "new", "old")
    await count(database, tmp_path, play("new"), play("old"))
    assert (3, 0, 0) == await of(database, "new")
    assert ["old"] == [entry.key for entry in (await database.run(leaderboard.board, Wanted("track"))).entries]
    await name(database, "old", "new")
    assert ["new"] == [entry.key for entry in (await database.run(leaderboard.board, Wanted("track"))).entries]


async def test_what_is_shown_uses_the_newest_names(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old", LISTENER))
    await name(database, "old", "new")
    await name(database, "ferry", "liner")
    for release in ("ferry", "liner"):
        [entry] = (await database.run(leaderboard.board, Wanted("track", release=release, search="NE"))).entries
        assert ("new", "Old", "liner", 1, 1) == (
            entry.key,
            entry.title,
            entry.release_key,
            entry.counts.plays,
            entry.listeners,
        )
    assert 1 == (await database.run(leaderboard.board, Wanted("track", search="OLD"))).total
    day = date.fromordinal(MOMENT.day)
    days = leaderboard.Days(day, day)
    trends = await database.run(leaderboard.trends, "track", ["new", "old"], days, "day")
    assert {"new": 1, "old": 1} == {key: points[0].counts.plays for key, points in trends.items()}
    for key in ("new", "old"):
        assert day == await database.run(series.first_day, Target(key, "track"))
        [point] = await database.run(series.series, Target(key, "track"), day, day, "week")
        assert 1 == point.counts.plays


async def test_a_target_stands_where_it_stood_under_either_name(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old"), play("old"), play("other"))
    await name(database, "old", "new")
    await name(database, "ferry", "liner")
    for key in ("old", "new"):
        found = await database.run(standing.read, "track", key, None)
        assert ("Old", "liner", "Night Ferry", 1, 2) == (
            found.title,
            found.release_key,
            found.release_title,
            found.place,
            found.of,
        )
    for key in ("ferry", "liner"):
        assert "Night Ferry" == (await database.run(standing.read, "release", key, None)).title


async def test_what_the_catalog_says_under_the_new_key_is_the_targets(tmp_path: Path, database: Database) -> None:
    """The site renames in its own tables first, and its catalog is loaded before anybody calls the command."""
    await count(database, tmp_path, play("old"))
    await database.transaction(
        catalog.upsert,
        [catalog.Release("liner", "Night Liner")],
        [catalog.Track("new", "New", "liner", 4), catalog.Track("beside", "Beside", "liner", 5)],
    )
    await name(database, "old", "new")
    assert [("beside", "Beside", "liner", 5), ("old", "New", "liner", 4)] == await rows(
        database, "SELECT track_key, title, release_key, position FROM track ORDER BY 1"
    )
    await name(database, "ferry", "liner")
    assert [("ferry", "Night Liner")] == await rows(database, "SELECT release_key, title FROM release")
    assert [("beside", "ferry"), ("old", "ferry")] == await rows(
        database, "SELECT track_key, release_key FROM track ORDER BY 1"
    )
    await count(database, tmp_path, play("new"))
    assert (2, 0, 0) == await of(database, "liner", "release")


async def test_a_catalog_that_still_has_the_old_key_beside_the_new_one_says_what_the_new_one_says(
    database: Database,
) -> None:
    await name(database, "old", "new")
    entries = [catalog.Track("new", "New", "ferry", 1), catalog.Track("old", "Old", "ferry", 1)]
    assert ("new",) == (await database.transaction(catalog.upsert, [], entries)).tracks_changed
    assert () == (await database.transaction(catalog.upsert, [], entries)).tracks_changed
    assert [("New",)] == await rows(database, "SELECT title FROM track")


async def test_a_catalog_that_is_loaded_while_a_key_is_renamed_makes_no_second_entry(database: Database) -> None:
    async def slowly(connection: Connection) -> None:
        await rename(connection, "old", "new")
        await connection.execute("SELECT pg_sleep(0.3)")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, slowly)
        await trio.sleep(0.1)
        await database.transaction(catalog.upsert, [], [catalog.Track("new", "New", "ferry", 1)])
    assert [("old", "New")] == await rows(database, "SELECT track_key, title FROM track")


async def test_the_catalogs_entries_have_their_newest_names(database: Database) -> None:
    await name(database, "old", "new")
    await name(database, "ferry", "liner")
    for key in ("old", "new"):
        assert catalog.Track("new", "Old", "liner", 1) == await database.run(catalog.track, key)
    assert [catalog.Track("new", "Old", "liner", 1)] == await database.run(catalog.tracks_after, "", 10)
    assert [catalog.Release("liner", "Night Ferry")] == await database.run(catalog.releases_after, "", 10)
    assert [] == await database.run(catalog.tracks_after, "new", 10)


async def test_an_import_under_the_new_key_is_the_targets(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old"))
    await name(database, "old", "new")
    figure = FigureRow("new", "track", None, date(2026, 11, 2), complete=5, unbucketed=7)
    made = Import("before", bytes(32), "csv", whole=False)
    chunk = Chunk(figures=[figure])
    await database.transaction(imports.load, made, [chunk], date(2026, 11, 21), lambda _: None)
    assert (13, 0, 0) == await of(database, "new")
    assert (13, 0, 0) == await of(database, "ferry", "release")
    await agrees(database)


async def test_merging_takes_along_what_was_imported(tmp_path: Path, database: Database) -> None:
    figure = FigureRow("new", "track", None, None, complete=5, unbucketed=7)
    made = Import("before", bytes(32), "csv", whole=False)
    await count(database, tmp_path, play("old"))
    await database.transaction(imports.load, made, [Chunk(figures=[figure])], date(2026, 11, 21), lambda _: None)
    assert Merged(12, 0, 0) == (await name(database, "old", "new", merge=True)).merged
    assert (13, 0, 0) == await of(database, "old")
    await agrees(database)
    await database.transaction(imports.undo, "before")
    assert (1, 0, 0) == await of(database, "new")
    await agrees(database)


async def test_a_key_with_counts_of_its_own_is_refused_with_what_it_has(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old"), play("new", LISTENER), Share(MOMENT, "track", "new", "link"))
    with pytest.raises(CannotRename, match=r"has counts of its own \(1 plays, 1 shares, 1 listeners\). With --merge"):
        await name(database, "old", "new")
    assert ((1, 0, 0), (1, 1, 1)) == (await of(database, "old"), await of(database, "new"))


async def test_merging_adds_what_the_new_key_had(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old", LISTENER), play("new", LISTENER), play("new", OTHER))
    await count(database, tmp_path, Share(MOMENT, "track", "new", "link"))
    assert Merged(2, 1, 2) == (await name(database, "old", "new", merge=True)).merged
    assert (3, 1, 3) == await of(database, "old") == await of(database, "new")
    await agrees(database)
    await count(database, tmp_path, play("new", LISTENER))
    assert (4, 1, 3) == await of(database, "new")
    await agrees(database)


async def test_a_release_is_merged_with_its_tracks(tmp_path: Path, database: Database) -> None:
    await database.transaction(catalog.upsert, [catalog.Release("liner", "Liner")], [catalog.Track("b", "B", "liner")])
    await count(database, tmp_path, play("old", LISTENER), play("b", OTHER), Share(MOMENT, "release", "liner", "link"))
    await name(database, "ferry", "liner", merge=True)
    await count(database, tmp_path, play("b", OTHER))
    assert (3, 1, 3) == await of(database, "liner", "release")  # one of them twice, as the sentence says
    assert [("ferry", 3)] == await rows(database, "SELECT release_key, count(*)::int FROM play_event GROUP BY 1")
    await agrees(database)


async def test_merging_takes_the_other_names_along(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old"), play("b"))
    await name(database, "b", "c")
    with pytest.raises(CannotRename, match=r"'c' is another name of the track 'b'; a name belongs to one track"):
        await name(database, "old", "c")
    await name(database, "old", "b", merge=True)
    await count(database, tmp_path, play("c"))
    assert (3, 0, 0) == await of(database, "c") == await of(database, "b") == await of(database, "old")
    await agrees(database)


async def test_who_is_forgotten_leaves_a_merged_set_under_every_key(tmp_path: Path, database: Database) -> None:
    await count(database, tmp_path, play("old", LISTENER), play("new", LISTENER), play("new", OTHER))
    await name(database, "old", "new", merge=True)
    await count(database, tmp_path, Forget(MOMENT, LISTENER))
    assert (3, 0, 1) == await of(database, "new")
    await agrees(database)


@pytest.mark.parametrize(
    ("old", "new", "kind", "sentence"),
    [
        ("nobody", "new", None, "No track or release 'nobody' is in the catalog or has been counted."),
        ("old", "new", "release", "No release 'old' is in the catalog or has been counted."),
        ("old", "old", None, "The track is called 'old' already."),
        ("both", "new", None, "'both' is a track and a release; say which with --kind track or --kind release."),
    ],
)
async def test_what_cannot_be_renamed_is_told_and_nothing_changes(
    database: Database, old: str, new: str, kind: Kind | None, sentence: str
) -> None:
    await database.transaction(catalog.upsert, [catalog.Release("both", "B")], [catalog.Track("both", "B")])
    with pytest.raises(CannotRename) as caught:
        await name(database, old, new, kind=kind)
    assert sentence == str(caught.value)
    assert [] == await rows(database, "SELECT FROM alias")
    assert [(0,)] == await rows(database, "SELECT renames::int FROM listener_generation")


async def test_a_renaming_is_in_the_audit(database: Database) -> None:
    await name(database, "old", "new")
    expected = '{"to": "new", "from": "old", "kind": "track", "countedAs": "old"}'
    assert [("rename", expected)] == await rows(database, "SELECT act, detail::text FROM audit")
