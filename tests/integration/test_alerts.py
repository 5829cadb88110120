"""Milestones and the digest: told once, delivered in the end, by one process, never twice under two ids."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.herald import Herald, NotDelivered, Orders, Voice
from privacy.modes import Mode
from server.alerts import digest as words
from server.alerts import milestone
from server.alerts.folder import Folder
from server.alerts.mail import Mail
from server.alerts.webhook import Webhook
from server.config import Alerts
from storage import catalog, digest
from storage.alerts import Alert, Way
from storage.bridge import Address, Connection, Database, open_database
from storage.migrate import migrate, migrations
from storage.rename import rename
from storage.series import Counts
from tests.support.filled import fill
from tests.support.mail_server import MailServer, certificate, mail_server
from tests.support.postgres import rows
from tests.support.web_server import Says, WebServer, web_server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
LADDER = (100, 1_000, 10_000)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        yield opened


@dataclass
class World:
    """A herald whose clock and ways out are the test's."""

    database: Database
    now: datetime = NOON
    milestones_of: tuple[str, ...] = ("site", "release", "track")
    thresholds: tuple[int, ...] = LADDER
    digest_by: tuple[Way, ...] = ()
    delivered: list[Alert] = field(default_factory=list)
    refuses: NotDelivered | None = None
    ways: dict[Way, Callable[[Alert], Awaitable[None]]] = field(default_factory=dict)

    async def deliver(self, alert: Alert) -> None:
        await trio.lowlevel.checkpoint()
        if self.refuses:
            raise self.refuses
        self.delivered.append(alert)

    async def round(self, *, after: timedelta = timedelta(minutes=1)) -> list[dict[str, Any]]:
        """One of the herald's, some time later; what it has delivered."""
        self.now += after
        self.delivered.clear()
        _, life = trio.open_memory_channel[None](0)
        orders = Orders(self.milestones_of, self.thresholds, self.digest_by, 0, 8, 20)
        every: dict[Way, Callable[[Alert], Awaitable[None]]] = dict.fromkeys(("webhook", "mail", "file"), self.deliver)
        voice = Voice(milestone.alert, lambda found, now: words.alert(found, Mode.BOTH, now), every | self.ways)
        await Herald(life, self.database, orders, voice, lambda: self.now).round()
        return [json.loads(alert.body)["data"] for alert in self.delivered]

    async def plays(self, key: str, number: int, kind: str = "track", *, catalogued: bool = True) -> None:
        async def put(connection: Connection) -> None:
            if catalogued and kind != "site":
                statement = "INSERT INTO {0} ({0}_key, title) VALUES ($1, $1) ON CONFLICT DO NOTHING"
                await connection.execute(statement.format(kind), key)
            await connection.execute(
                "INSERT INTO play_counter (target_key, target_kind, slot, complete) VALUES ($1, $2, 0, $3)"
                " ON CONFLICT (target_key, target_kind, slot) DO UPDATE SET complete = excluded.complete",
                key,
                kind,
                number,
            )

        await self.database.run(put)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def told(found: list[dict[str, Any]]) -> list[tuple[str, str | None, int]]:
    return [(one["kind"], one["key"], one["milestone"]) for one in found]


async def test_the_first_start_tells_nothing_of_what_is_past(world: World) -> None:
    await world.plays("a", 50_000)
    assert [] == await world.round()
    assert [] == await world.round()
    await world.plays("a", 100_000)
    assert [] == await world.round()  # past the last of the ladder


async def test_a_milestone_is_told_once(world: World) -> None:
    await world.plays("a", 99)
    await world.round()
    await world.plays("a", 100)
    assert [("track", "a", 100)] == told(await world.round())
    await world.plays("a", 101)
    assert [] == await world.round()


async def test_a_target_that_is_new_is_told_as_well(world: World) -> None:
    await world.round()
    await world.plays("", 120, "site")
    await world.plays("r", 110, "release")
    assert [("release", "r", 100), ("site", None, 100)] == told(await world.round())


async def test_of_several_passed_at_once_the_highest_is_told_and_the_others_named(world: World) -> None:
    await world.plays("a", 50)
    await world.round()
    await world.plays("a", 12_345)
    [found] = await world.round()
    assert (10_000, [100, 1_000], 12_345) == (found["milestone"], found["alsoPassed"], found["plays"])


async def test_plays_taken_out_and_come_back_tell_nothing_twice(world: World) -> None:
    await world.round()
    await world.plays("a", 1_100)
    assert [("track", "a", 1_000)] == told(await world.round())
    await world.plays("a", 90)
    assert [] == await world.round()
    await world.plays("a", 1_050)
    assert [] == await world.round()


async def test_another_ladder_or_other_kinds_begin_anew(world: World) -> None:
    await world.plays("a", 70)
    await world.round()
    world.thresholds = (50, 80)
    assert [] == await world.round()
    await world.plays("a", 80)
    assert [("track", "a", 80)] == told(await world.round())
    world.milestones_of = ("track",)
    await world.plays("a", 500)
    world.thresholds = (50, 80, 400)
    assert [] == await world.round()


async def test_who_was_switched_off_for_long_begins_anew_and_for_a_day_does_not(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    assert [("track", "a", 100)] == told(await world.round(after=timedelta(days=1)))
    await world.plays("a", 1_000)
    assert [] == await world.round(after=timedelta(days=8))


async def test_an_import_does_not_flood_anybody(world: World) -> None:
    await world.round()
    for number in range(30):
        await world.plays(f"track-{number:02}", 10_000 if number == 7 else 150)
    found = told(await world.round())
    assert 20 == len(found)
    assert ("track", "track-07", 10_000) in found
    assert [] == await world.round()


async def test_a_milestone_names_what_the_target_is_called_now(world: World) -> None:
    await world.database.transaction(catalog.upsert, [], [catalog.Track("old", "Harbour Lights")])
    await world.database.transaction(rename, "old", "new")
    await world.round()
    await world.plays("old", 100)
    [found] = await world.round()
    assert ("new", "Harbour Lights", "Harbour Lights has reached 100 plays.") == (
        found["key"],
        found["title"],
        found["text"],
    )


async def test_a_key_that_only_strangers_know_is_told_to_nobody(world: World) -> None:
    await world.round()
    await world.plays("<!channel> https://elsewhere.example", 10_000, catalogued=False)
    await world.plays("a", 100)
    assert [("track", "a", 100)] == told(await world.round())


async def test_a_milestone_tells_the_hour_and_not_the_moment(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    await world.round()
    [alert] = world.delivered
    hour = world.now.replace(minute=0, second=0, microsecond=0)
    assert (hour.isoformat(timespec="seconds"), hour) == (json.loads(alert.body)["timestamp"], alert.made_at)


async def test_a_name_given_back_is_told_once(world: World) -> None:
    await world.database.transaction(catalog.upsert, [], [catalog.Track("old", "Harbour Lights")])
    await world.database.transaction(rename, "old", "new")
    await world.database.transaction(rename, "new", "old")
    await world.round()
    await world.plays("old", 100)
    assert [("track", "old", 100)] == told(await world.round())


async def test_several_heralds_tell_each_thing_once(world: World) -> None:
    worlds = [World(world.database) for _ in range(4)]
    await world.round()
    for number in range(10):
        await world.plays(f"track-{number}", 100)
    async with trio.open_nursery() as nursery:
        for one in worlds:
            nursery.start_soon(one.round)
    ids = [alert.alert_id for one in worlds for alert in one.delivered]
    assert (10, 10) == (len(ids), len(set(ids)))


async def test_what_cannot_be_delivered_is_tried_for_three_days_under_one_id(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    world.refuses = NotDelivered("the receiver answers 500.")
    tries = 0
    for _ in range(80 * 60):
        before = await rows(world.database, "SELECT attempts, settled_at FROM alert")
        await world.round(after=timedelta(minutes=1) if tries < 8 else timedelta(hours=1))
        [after] = await rows(world.database, "SELECT attempts, settled_at FROM alert")
        tries += before != [after]
        if after[1] is not None:
            break
    [(attempts, outcome)] = await rows(world.database, "SELECT attempts, outcome FROM alert")
    assert ("given up: the receiver answers 500.", True) == (outcome, 15 < int(str(attempts)) < 30)
    assert timedelta(days=2.5) < world.now - NOON < timedelta(days=3.5)
    world.refuses = None
    assert [] == await world.round(after=timedelta(days=1))


async def test_a_receiver_that_comes_back_gets_it_late_with_the_same_id(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    world.refuses = NotDelivered("away")
    await world.round()
    [(made,)] = await rows(world.database, "SELECT alert_id FROM alert")
    assert [] == await world.round(after=timedelta(seconds=30))
    world.refuses = None
    assert [("track", "a", 100)] == told(await world.round())
    assert [(made, 2)] == [(alert.alert_id, alert.attempts) for alert in world.delivered]


async def test_one_that_wants_no_more_is_left_alone(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    world.refuses = NotDelivered("gone", for_good=True)
    await world.round()
    assert [("given up: gone",)] == await rows(world.database, "SELECT outcome FROM alert WHERE settled_at IS NOT NULL")


async def test_a_process_that_dies_while_it_delivers_leaves_it_to_the_next(world: World) -> None:
    await world.round()
    await world.plays("a", 100)

    async def dies(_: Alert) -> None:
        await trio.sleep_forever()

    world.ways = {"webhook": dies}
    with trio.move_on_after(0.5):
        await world.round()
    world.ways = {}
    assert [] == await world.round()  # for five minutes it may still be at it
    assert [("track", "a", 100)] == told(await world.round(after=timedelta(minutes=5)))


async def test_what_is_settled_goes_after_a_month(world: World) -> None:
    await world.round()
    await world.plays("a", 100)
    await world.round()
    await world.round(after=timedelta(days=29))
    assert [(1,)] == await rows(world.database, "SELECT count(*)::int FROM alert")
    await world.round(after=timedelta(days=2))
    assert [(0,)] == await rows(world.database, "SELECT count(*)::int FROM alert")


async def test_the_digest_comes_once_a_week_by_every_way_and_not_at_the_first_start(world: World) -> None:
    world.milestones_of, world.digest_by = (), ("file", "mail", "webhook")
    assert [] == await world.round()
    assert [] == await world.round(after=timedelta(days=4))  # a Sunday
    found = await world.round(after=timedelta(hours=20))  # Monday, past eight
    assert ["2026-W47"] * 3 == [one["week"] for one in found]
    assert {"file", "mail", "webhook"} == {alert.way for alert in world.delivered}
    assert [] == await world.round()
    assert ["2026-W48"] * 3 == [one["week"] for one in await world.round(after=timedelta(days=7))]
    assert ["2026-W51"] * 3 == [one["week"] for one in await world.round(after=timedelta(days=21))]


async def test_the_digests_figures_are_those_of_the_log(database: Database) -> None:
    await database.transaction(fill, seed=5, events=5_000, today=date(2026, 11, 18), days=40)
    first = date(2026, 11, 9)
    found = await database.run(digest.read, first)
    statement = """
        SELECT (SELECT count(*)::int FROM play_event WHERE day BETWEEN $1 AND $1::date + 6),
               (SELECT count(*)::int FROM play_event WHERE day BETWEEN $1 AND $1::date + 6 AND bucket = 'complete'),
               (SELECT count(*)::int FROM play_event WHERE day BETWEEN $1 AND $1::date + 6 AND via IS NOT NULL),
               (SELECT count(*)::int FROM share_event WHERE day BETWEEN $1 AND $1::date + 6)
    """
    for week, counts in ((first, found.counts), (first - timedelta(7), found.before)):
        assert [(counts.plays, counts.complete, counts.via, counts.shares)] == await rows(database, statement, week)
    top = """SELECT track_key, count(*)::int, (SELECT count(*)::int FROM play_event b WHERE b.track_key = e.track_key
                    AND day BETWEEN $1::date - 7 AND $1::date - 1)
             FROM play_event e WHERE day BETWEEN $1 AND $1::date + 6 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"""
    assert await rows(database, top, first) == [
        (one.entry.key, one.entry.counts.plays, one.before) for one in found.tracks
    ]
    assert 5 == len(found.releases)


async def test_new_listeners_are_told_once_two_mondays_were_seen(world: World) -> None:
    async def listeners(number: int) -> None:
        await world.plays("", 1, "site")
        await rows(world.database, f"UPDATE play_counter SET listeners = {number} RETURNING 1")

    world.milestones_of, world.digest_by = (), ("webhook",)
    new = []
    for week in range(4):
        await listeners(10 * week * week)
        world.now = NOON + timedelta(days=7 * week - 1, hours=-12)
        await listeners(10 * week * week)
        new += [(one["newListeners"], one["listeners"]) for one in await world.round()]
    assert [(10, 10), (30, 40), (50, 90)] == new


# The ways out.


def alert(body: str | None = None) -> Alert:
    counts = Counts(complete=7)
    found = digest.Digest(date(2026, 11, 9), counts, counts, digest.Listeners(1, 1, 1, 1, 1), (), ())
    alert_id, made = words.alert(found, Mode.BOTH, NOON)
    return Alert(alert_id, "webhook", body or made, NOON, 1)


@pytest.fixture
def receiver() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def webhook(url: str) -> Webhook:
    return Webhook(url, SECRET, lambda: 1_795_000_000.5)


async def test_a_webhook_is_signed_over_its_id_its_time_and_its_body(receiver: WebServer) -> None:
    """Verified by the example of the documentation."""
    await webhook(f"{receiver.url}/hook?token=x").deliver(alert())
    [asked] = receiver.asked
    assert ("POST", "/hook?token=x", "application/json") == (asked.method, asked.path, asked.headers["content-type"])
    page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(example, names)  # it is ours
    verified = names["verified"]
    assert "digest" == verified(SECRET, asked.headers, asked.body, now=1_795_000_060)["type"]
    for wrong in (
        {"secret": "whsec_" + "A" * 32},
        {"body": asked.body + b" "},
        {"headers": {**asked.headers, "webhook-id": "another"}},
        {"now": 1_795_000_000 + 400},
    ):
        right = {"secret": SECRET, "headers": asked.headers, "body": asked.body, "now": 1_795_000_060}
        assert verified(**(right | wrong)) is None


@pytest.mark.parametrize(
    ("says", "sentence", "for_good"),
    [
        (Says(500), "answers 500.", False),
        (Says(404), "answers 404.", False),
        (Says(302, headers={"location": "/elsewhere"}), "answers with a redirect, which is not followed", False),
        (Says(410), "answers 410: it wants no more of these.", True),
    ],
)
async def test_an_answer_that_is_not_2xx_is_told_without_the_address_s_secrets(
    receiver: WebServer, says: Says, sentence: str, for_good: bool
) -> None:
    receiver.answer = lambda _: says
    with pytest.raises(NotDelivered) as caught:
        await webhook(f"{receiver.url}/very-secret").deliver(alert())
    assert f"{receiver.url} {sentence}" in str(caught.value)
    assert (for_good, False) == (caught.value.for_good, "very-secret" in str(caught.value))
    assert 1 == len(receiver.asked)


async def test_a_receiver_that_is_not_there_is_told() -> None:
    with web_server() as gone:
        url = gone.url
    with pytest.raises(NotDelivered, match=r"cannot be reached: no connection"):
        await webhook(url).deliver(alert())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("mail"))


def settings(server: MailServer, **others: Any) -> Alerts:
    return Alerts(
        digest=("mail",),
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        mail_from="tonearm@band.example",
        mail_to=("me@band.example", "you@band.example"),
        **others,
    )


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_goes_out_encrypted_with_text_and_html(pair: tuple[Path, Path], security: str) -> None:
    with mail_server(pair, from_the_start=security == "tls") as server:
        configured = settings(server, smtp_security=security, smtp_user="me", smtp_password="very-secret")
        await Mail(configured, lambda: ssl.create_default_context(cafile=pair[0])).deliver(alert())
    assert (["me@band.example", "you@band.example"], [True], 1) == (
        server.recipients,
        server.encrypted,
        len(server.logins),
    )
    message = message_from_bytes(server.messages[0], policy=policy.default)
    assert ("7 plays in week 46 (the same)", "<digest-2026-W46@band.example>") == (
        message["subject"],
        message["message-id"],
    )
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]
    assert b"played to the end" in server.messages[0]


async def test_a_certificate_nobody_knows_is_refused(pair: tuple[Path, Path]) -> None:
    with mail_server(pair) as server, pytest.raises(NotDelivered, match=r"cannot be used: .*certificate"):
        await Mail(settings(server)).deliver(alert())
    assert [] == server.messages


async def test_a_server_without_starttls_gets_nothing(pair: tuple[Path, Path]) -> None:
    with (
        mail_server() as server,
        pytest.raises(NotDelivered, match=r"cannot be used: STARTTLS extension not supported"),
    ):
        await Mail(settings(server)).deliver(alert())
    assert [] == server.messages


@pytest.mark.parametrize(
    ("refuse", "sentence"),
    [
        ({"AUTH": "535 no such user"}, r"answers 535 \(no such user\)"),
        ({"RCPT": "550 not here"}, r"refuses the recipients: me@band.example, you@band.example"),
        ({"MAIL": "451 later"}, r"answers 451 \(later\)"),
        ({"DATA": "552 too much"}, r"answers 552 \(too much\)"),
    ],
)
async def test_what_the_mail_server_refuses_is_told(refuse: dict[str, str], sentence: str) -> None:
    with mail_server() as server:
        server.refuse = refuse
        configured = settings(server, smtp_security="none", smtp_user="me", smtp_password="very-secret")
        with pytest.raises(NotDelivered, match=sentence):
            await Mail(configured).deliver(alert())


async def test_a_mail_server_that_is_not_there_is_told() -> None:
    with mail_server() as server:
        pass
    with pytest.raises(NotDelivered, match=r"127.0.0.1 cannot be used: .*Connection refused"):
        await Mail(settings(server)).deliver(alert())


async def test_files_are_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "digests"
    await Folder(folder).deliver(alert())
    await Folder(folder).deliver(alert())
    assert ["digest-2026-W46.html", "digest-2026-W46.txt"] == sorted(path.name for path in folder.iterdir())
    assert (folder / "digest-2026-W46.txt").read_text().startswith("7 plays in week 46")


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotDelivered, match=r"file/x cannot be written: Not a directory"):
        await Folder(tmp_path / "file" / "x").deliver(alert())
