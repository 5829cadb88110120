"""The handlers of the catalog: pages of it, single entries, and changes, which are stored whole or not at all."""

from collections.abc import Sequence
from typing import Final

import msgspec
import trio

from server.answers import CatalogChanges, CatalogPage, CatalogRelease, CatalogTrack
from server.api import cursor
from server.api.call import Call
from server.api.cursor import CatalogPlace
from server.api.parameters import CatalogQuery
from server.catalog_file import CatalogFileError, Entries, parse
from server.catalog_store import store
from server.problems import Answer, problem
from storage import catalog
from storage.bridge import Connection
from storage.catalog import Changes, Release, Track

_SHOWN: Final = 20  # missing releases that a refusal names


async def page(call: Call) -> CatalogPage:
    """Releases, then tracks."""
    query: CatalogQuery = call.query
    return await call.ask(_page, cursor.begins_behind(query), query.limit)


async def one_track(call: Call) -> CatalogTrack | None:
    """As the catalog has it."""
    found = await call.ask(catalog.track, call.target.key)
    return None if found is None else _track(found)


async def one_release(call: Call) -> CatalogRelease | None:
    """As the catalog has it."""
    found = await call.ask(catalog.release, call.target.key)
    return None if found is None else _release(found)


async def put_document(call: Call) -> CatalogChanges | Answer:
    """Adds and changes; never deletes."""
    return await _put(call, await call.upload())


async def put_one(call: Call) -> CatalogChanges | Answer:
    """One track or release, by the rules of a document that holds nothing else."""
    body = await call.upload()
    try:
        entry = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return mistaken([f"The body is not JSON: {error}."])
    if not isinstance(entry, dict):
        return mistaken([f"The body must be an object that describes the {call.kind}."])
    key = call.target.key
    if entry.setdefault("key", key) != key:
        return mistaken([f"The body's key is {entry['key']!r:.80}, the address's {key!r}; leave it out of the body."])
    done = await _put(call, msgspec.json.encode({f"{call.kind}s": [entry]}))
    if isinstance(done, CatalogChanges) and (done.tracks_added or done.releases_added):
        return Answer(201, {"content-type": "application/json"}, msgspec.json.encode(done))
    return done


async def _put(call: Call, document: bytes) -> CatalogChanges | Answer:
    try:
        # In a thread: a large catalog takes a second or two, in which plays are to be counted.
        entries = await trio.to_thread.run_sync(parse, document)
    except CatalogFileError as error:
        return mistaken(error.mistakes)
    done = await call.change(store, entries)
    return _missing(done) if isinstance(done, list) else _changes(entries, done)


def mistaken(mistakes: Sequence[str]) -> Answer:
    """400, with every mistake by itself, too."""
    detail = " ".join([*mistakes, "Nothing was changed."])
    return problem(400, "catalog", "Not a catalog", detail, mistakes=mistakes)


def _missing(releases: Sequence[str]) -> Answer:
    named = ", ".join(repr(key) for key in releases[:_SHOWN])
    detail = f"Tracks are put on releases that are neither here nor in the catalog: {named}. Nothing was changed."
    return problem(409, "unknown-release", "Unknown release", detail, releases=releases[:_SHOWN])


def _changes(entries: Entries, done: Changes) -> CatalogChanges:
    written = (done.releases_added, done.releases_changed, done.tracks_added, done.tracks_changed)
    return CatalogChanges(
        releases_added=done.releases_added,
        releases_changed=done.releases_changed,
        tracks_added=done.tracks_added,
        tracks_changed=done.tracks_changed,
        unchanged=len(entries.releases) + len(entries.tracks) - sum(map(len, written)),
    )


async def _page(connection: Connection, behind: CatalogPlace, limit: int) -> CatalogPage:
    """One entry more than the page holds is read of each kind, and says whether there is a next page."""
    releases: list[Release] = []
    if behind.kind == "release":
        releases = await catalog.releases_after(connection, behind.key, limit + 1)
        behind = CatalogPlace("track", "")
    tracks = await catalog.tracks_after(connection, behind.key, max(0, limit - len(releases)) + 1)
    shown = releases[:limit]
    shown_tracks = tracks[: limit - len(shown)]
    following = None
    if len(releases) > len(shown):
        following = CatalogPlace("release", shown[-1].key)
    elif len(tracks) > len(shown_tracks):
        following = CatalogPlace("track", shown_tracks[-1].key if shown_tracks else "")
    total_releases, total_tracks = await catalog.size(connection)
    return CatalogPage(
        releases=[_release(one) for one in shown],
        tracks=[_track(one) for one in shown_tracks],
        total_releases=total_releases,
        total_tracks=total_tracks,
        next=cursor.write(following) if following else None,
    )


def _track(track: Track) -> CatalogTrack:
    return CatalogTrack(key=track.key, title=track.title, release=track.release, position=track.position)


def _release(release: Release) -> CatalogRelease:
    return CatalogRelease(key=release.key, title=release.title, medium=release.medium)
