"""Pulls the catalog from where the site has it: a feed by HTTP, or a query over its own tables.

What is wrong with the source is told in a sentence and changes nothing. Neither may be large or slow without end, and
both are read beside the counting: parsing happens in a thread.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

import httpx2
import trio

from actors.catalog_puller import PullFailed
from server import outgoing
from server.catalog_file import CatalogFileError, Entries, from_rows, read_text
from server.catalog_store import Report, missing_sentence, store
from server.config import Catalog as Settings
from storage import site_tables
from storage.bridge import Address, Connection, Database, DatabaseRefused, DatabaseUnavailable, open_database
from storage.catalog import Changes
from storage.site_tables import StatementError

MOST_BYTES: Final = 32 * 1024 * 1024  # of a feed, unpacked: some 200,000 tracks
MOST_ROWS: Final = 500_000
LONGEST_S: Final = 120.0  # for all of a pull but the loading
_REDIRECTS: Final = 3


class Source(Protocol):
    """Where the catalog is."""

    name: str

    async def read(self) -> Entries | None:
        """None: nothing has changed since what was kept. Raises PullFailed."""

    def keep(self) -> None:
        """What was read last is loaded."""

    def forget(self) -> None:
        """Another process may have loaded something else since."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of a pull; `changes` None: the source says that nothing is new."""

    changes: Changes | None
    entries: int = 0

    def __str__(self) -> str:
        if self.changes is None:
            return "nothing new"
        changes = self.changes
        added = len(changes.releases_added) + len(changes.tracks_added)
        changed = len(changes.releases_changed) + len(changes.tracks_changed)
        return f"{added:,} added, {changed:,} changed, {self.entries - added - changed:,} the same"


def source_of(settings: Settings) -> Source | None:
    """The one that is configured, if any."""
    if url := settings.url.get_secret_value():
        return Feed(url)
    if settings.sql:
        return Query(settings.sql, settings.database_url.get_secret_value())
    return None


async def pull(
    source: Source, database: Database, report: Report = lambda *_: None, *, dry_run: bool = False
) -> Pulled:
    """Read the source and load it: all of it, or nothing. Raises PullFailed and DatabaseUnavailable."""
    entries = await _within_limits(source)
    if entries is None:
        return Pulled(None)
    try:
        changes = await database.patiently(_load, source.name, entries, report, dry_run=dry_run)
    except _OnlyLooked as looked:
        changes = looked.changes
    else:
        source.keep()
    return Pulled(changes, len(entries.releases) + len(entries.tracks))


class _OnlyLooked(Exception):
    """Undoes the transaction."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes


async def _load(connection: Connection, name: str, entries: Entries, report: Report, *, dry_run: bool) -> Changes:
    changes = await store(connection, entries, report)
    if isinstance(changes, list):
        raise PullFailed(missing_sentence(name, changes))
    if dry_run:
        raise _OnlyLooked(changes)
    return changes


async def _within_limits(source: Source) -> Entries | None:
    try:
        with trio.fail_after(LONGEST_S):
            return await source.read()
    except trio.TooSlowError:
        raise PullFailed(f"{source.name} took longer than {LONGEST_S:.0f} s. Nothing was loaded.") from None
    except CatalogFileError as error:
        raise PullFailed(str(error)) from None


class Feed:
    """CSV or JSON by HTTP; asked for again only when it has changed (ETag, Last-Modified)."""

    def __init__(self, url: str) -> None:
        self.name = f"The feed at {outgoing.host_of(url)}"
        self._url = url
        self._seen: dict[str, str] = {}
        self._kept: dict[str, str] = {}  # headers to ask with

    def keep(self) -> None:
        """Ask for what is newer from now on."""
        self._kept = self._seen

    def forget(self) -> None:
        """Ask for all of it."""
        self._kept = {}

    async def read(self) -> Entries | None:
        """As `Source` says."""
        try:
            async with (
                outgoing.client(redirects=_REDIRECTS) as client,
                client.stream(
                    "GET", self._url, headers={"accept": "application/json, text/csv", **self._kept}
                ) as answer,
            ):
                if answer.status_code == httpx2.codes.NOT_MODIFIED and self._kept:
                    return None
                self._check(answer)
                body = await self._body(answer)
        except httpx2.HTTPError as error:
            raise PullFailed(f"{self.name} cannot be read: {outgoing.reason(error)}. Nothing was loaded.") from None
        self._seen = _conditions(answer.headers)
        return await trio.to_thread.run_sync(self._parsed, body, answer.headers.get("content-type", ""))

    def _check(self, answer: httpx2.Response) -> None:
        hops = [*answer.history, answer]
        if hops[0].url.scheme == "https" and any(hop.url.scheme != "https" for hop in hops):
            raise PullFailed(f"{self.name} redirects from https to http. Nothing was loaded.")
        if answer.status_code != httpx2.codes.OK:
            raise PullFailed(f"{self.name} answers {answer.status_code}, not 200. Nothing was loaded.")
        if (told := answer.headers.get("content-length", "0")).isdecimal() and int(told) > MOST_BYTES:
            raise self._too_large()

    async def _body(self, answer: httpx2.Response) -> bytes:
        body = bytearray()
        async with aclosing(answer.aiter_bytes()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > MOST_BYTES:
                    raise self._too_large()
        return bytes(body)

    def _too_large(self) -> PullFailed:
        return PullFailed(f"{self.name} is larger than {MOST_BYTES // 2**20} MiB. Nothing was loaded.")

    def _parsed(self, body: bytes, media_type: str) -> Entries:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise PullFailed(f"{self.name} is not UTF-8. Nothing was loaded.") from None
        return read_text(text, self.name, as_json="json" in media_type or text.lstrip().startswith(("{", "[")))


def _conditions(headers: Mapping[str, str]) -> dict[str, str]:
    names = {"etag": "if-none-match", "last-modified": "if-modified-since"}
    return {asked: headers[name] for name, asked in names.items() if name in headers}


class Query:
    """The operator's own query over the site's own tables, run where nothing can be written."""

    name = "The query [catalog] sql"

    def __init__(self, sql: str, database_url: str) -> None:
        self._sql = sql
        self._address = Address(url=database_url, read_only=True)  # the site may well give us a standby

    def keep(self) -> None:
        """A query tells nothing by which to ask for what is newer."""

    def forget(self) -> None:
        """Nothing was kept."""

    async def read(self) -> Entries:
        """As `Source` says."""
        try:
            async with open_database(self._address, connections=1) as database:
                rows = await database.transaction(site_tables.read, self._sql, MOST_ROWS + 1, LONGEST_S)
        except (DatabaseRefused, DatabaseUnavailable) as error:
            raise PullFailed(f"{self.name} cannot be asked: {_one_line(error)}. Nothing was loaded.") from None
        except StatementError as error:
            raise PullFailed(f"{self.name} cannot be run: {_one_line(error)}. Nothing was loaded.") from None
        if len(rows) > MOST_ROWS:
            raise PullFailed(f"{self.name} gives more than {MOST_ROWS:,} rows. Nothing was loaded.")
        return await trio.to_thread.run_sync(self._parsed, rows)

    def _parsed(self, rows: Sequence[str]) -> Entries:
        return from_rows((json.loads(row) for row in rows), self.name)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
