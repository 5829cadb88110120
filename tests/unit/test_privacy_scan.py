"""What the audit takes for an address, a User-Agent, a UUID or a needle, in files of any layout.

The invariant of the property tests: what is somewhere in a file is found exactly once, at its byte, wherever the
borders of the windows fall.
"""

import base64
import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.events import Moment, Play, Share, encode
from server.audit import __main__ as audit_main
from server.audit import shapes
from server.audit.database import DATABASE
from server.audit.elsewhere import ELSEWHERE
from server.audit.facts import Fact, Kind
from server.audit.files import files, search_file, search_files
from server.audit.findings import Findings
from server.audit.page import render
from server.audit.search import Search, own_addresses
from server.audit.spools import search_spools
from server.audit.tables import search_cell
from server.config import Config
from storage.spool import Spool

NEEDLE = "a needle of the listener"
ADDRESS = "203.0.113.207"
IPV6 = "2001:db8:85a3::8a2e:370:7334"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ID = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
MOMENT = Moment(1_763_700_000, 739_576)


def seen(data: bytes) -> list[tuple[str, int]]:
    return [(match.what, match.start) for match in shapes.in_bytes(data)]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("203.0.113.7", 0),
        ('{"client": "10.1.2.3"}', 12),
        ("x=192.168.0.1.", 2),
        ("8.8.8.8:53", 0),
        ("::ffff:203.0.113.7", 7),
        ("2001:db8::1", 0),
        ("[2a00:1450:4001:81b::200e]:443", 1),
        ("from fe80::1ff:fe23:4567:890a%eth0", 5),
        ("fd12:3456:789a:1::1, ", 0),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", 0),
        ("::ffff:cb00:7107", 0),
        ("2001:db8::1: timed out", 0),
    ],
)
def test_an_address_is_seen(text: str, start: int) -> None:
    assert [("address", start)] == seen(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:8080",
        "0.0.0.0",
        "255.255.255.0",
        "239.1.2.3",
        "10.0.0.0/8",
        "v1.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        "1.3.6.1.4.1.311",
        "01.2.3.4",
        "256.1.1.1",
        "1.2.3.400",
        "::1",
        "::",
        "12:34:56",
        "SELECT 2000::bigint, $1::bytea, a::date",
        "dead::beef",
        "aa:bb:cc:dd:ee:ff",
        "ff02::1",
        "2026-11-21T08:49:09.921462Z",
    ],
)
def test_what_only_resembles_a_listeners_address_is_not_reported(text: str) -> None:
    assert [] == seen(text.encode())


@pytest.mark.parametrize("before", [b"\x00", b"\x191", b"\x003", b"\x00C", b"\x00a", b"\xff9"])
@pytest.mark.parametrize("after", [b"\x00", b"3", b"a", b"C", b"\xff"])
@pytest.mark.parametrize("address", [b"203.0.113.207", b"2001:db8:0:85a3::8a2e:370:7334"])
def test_an_address_is_seen_between_the_length_bytes_of_a_page(before: bytes, address: bytes, after: bytes) -> None:
    assert ["address"] == [what for what, _ in seen(before + address + after)]


@pytest.mark.parametrize(
    "text", [BROWSER, "Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.5.0", "aMozilla/5.0"]
)
def test_a_user_agent_is_seen_once(text: str) -> None:
    assert [("User-Agent", text.startswith("a") + 3)] == seen(b"\x00\x01\x02" + text.encode())


@pytest.mark.parametrize(
    "text", ["base/16384", "1/2", "application/json", "HTTP/1.1", "Chrome", "Mozilla", "tonearm/1.0"]
)
def test_what_only_resembles_a_user_agent_is_not_reported(text: str) -> None:
    assert [] == seen(text.encode())


def test_uuids_are_told_from_other_hexadecimal() -> None:
    found = [match.start for match in shapes.uuids(f"{ID} {UUID(ID).hex} {'a' * 32} {'0' * 64} {UUID(int=0)}".encode())]
    assert [0, 37] == found


ENCODINGS = {
    "UTF-8": NEEDLE.encode(),
    "UTF-16LE": NEEDLE.encode("utf-16-le"),
    "hexadecimal": NEEDLE.encode().hex().encode(),
    "HEXADECIMAL": NEEDLE.encode().hex().upper().encode(),
    "Base64": base64.b64encode(NEEDLE.encode()),
    "Base64 behind one byte": base64.b64encode(b"x" + NEEDLE.encode() + b"yz"),
    "Base64 behind two bytes": base64.b64encode(b"xy" + NEEDLE.encode() + b"z"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_needle_is_found_in_every_encoding(name: str) -> None:
    [match] = Search([NEEDLE]).needles(b"\x00\x01" + ENCODINGS[name] + b"\x02")
    assert name.split()[0].lower() in match.what.lower()


@pytest.mark.parametrize(
    ("needle", "written"),
    [
        ("203.0.113.7", bytes([203, 0, 113, 7])),
        ("203.0.113.7", bytes(10) + b"\xff\xff" + bytes([203, 0, 113, 7])),
        ("2001:DB8::7", bytes.fromhex("20010db8000000000000000000000007")),
        ("2001:db8:1:2:3:4:5:6", bytes.fromhex("20010db8000100020000000000000000")),
        ("2001:db8::7", b"2001:0db8:0000:0000:0000:0000:0000:0007"),
        (ID.upper(), UUID(ID).bytes),
        (ID, UUID(ID).hex.encode()),
        (ID, base64.b64encode(UUID(ID).bytes)),
    ],
)
def test_addresses_and_ids_are_found_packed_and_spelt_otherwise(needle: str, written: bytes) -> None:
    assert list(Search([needle]).needles(b"\x80" + written + b"\x80"))
    assert not list(Search([needle]).needles(b"\x80" + written[:-4] + b"\x80"))


def test_a_needle_that_is_everywhere_is_refused() -> None:
    with pytest.raises(ValueError, match="Needle 2 has 3 bytes; allowed are 4 to 1024"):
        Search(["long enough", "abc"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scan")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.integers(0, 3000),
    after=st.integers(0, 3000),
    window=st.integers(1, 700),
    planted=st.sampled_from([NEEDLE, ADDRESS, IPV6, BROWSER]),
)
def test_what_lies_across_a_border_is_found_once_at_its_byte(
    folder: Path, before: int, after: int, window: int, planted: str
) -> None:
    path = folder / "file"
    path.write_bytes(b"\x80" * before + planted.encode() + b"\x80" * after)
    findings = Findings()
    search_file(path, Search([NEEDLE]), findings, window)
    assert [(before, 1)] == [(finding.offset, finding.times) for finding in findings.found.values()]
    assert before + len(planted) + after == findings.file_bytes


def test_a_needle_longer_than_a_window_is_found(tmp_path: Path) -> None:
    long = "".join(chr(0x61 + number % 26) for number in range(1000))
    (tmp_path / "file").write_bytes(b"\x80" * 77 + long.encode())
    findings = Findings()
    search_file(tmp_path / "file", Search([long]), findings, 16)
    assert [77] == [finding.offset for finding in findings.found.values()]


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_a_packed_log_is_searched_unpacked(tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / f"access.log.1.{ending}").write_bytes(pack(b"x" * 5000 + ADDRESS.encode()))
    findings = searched(tmp_path)
    [finding] = findings.found.values()
    assert ("address", 5000) == (finding.what, finding.offset)


@pytest.mark.parametrize("name", ["broken.gz", "broken.xz", "log.zst"])
def test_what_cannot_be_searched_is_not_called_clean(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not packed at all")
    findings = searched(tmp_path)
    assert not findings.clean
    assert name in findings.unread[0]


def test_a_path_that_does_not_exist_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    findings = searched(tmp_path / "absent.log", Path("/proc/self/mem"))
    assert [f"{tmp_path / 'absent.log'} does not exist.", "/proc/self/mem cannot be read: Input/output error."] == (
        findings.unread
    )


def test_a_file_is_searched_once_whichever_way_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ADDRESS.encode())
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "c").hardlink_to(tmp_path / "a")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    findings = searched(tmp_path, tmp_path / "a")
    assert (1, 1, True) == (findings.files, len(findings.found), not findings.unread)


def test_a_finding_says_where_and_nothing_of_what(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(f"{BROWSER}\n{ADDRESS} {ADDRESS} {IPV6}\n{NEEDLE}".encode())
    findings = searched(tmp_path, needles=[NEEDLE])
    told = repr(findings) + str(findings.as_json()) + "".join(map(str, findings.found.values()))
    for secret in (BROWSER, "Mozilla", ADDRESS, IPV6, "2001:", NEEDLE, "listener"):
        assert secret not in told
    assert f"{tmp_path / 'log'} at byte {len(BROWSER) + 1}: address, 3 times" in map(str, findings.found.values())


def test_the_operators_own_addresses_are_no_listeners(tmp_path: Path) -> None:
    config = Config(
        http={"bind": "192.0.2.1:80", "trusted_proxies": ["192.0.2.2", "172.16.0.0/12", "2001:db8:1::/48", "unix"]},  # type: ignore[arg-type]  # as the file gives it
        beacon={"bind": "[2001:db8:2::1]:81"},  # type: ignore[arg-type]  # as the file gives it
        database_url="postgresql://user@192.0.2.3/tonearm",  # type: ignore[arg-type]  # as the file gives it
    )
    (tmp_path / "toml").write_text("192.0.2.1 192.0.2.2 192.0.2.3 172.16.0.0 2001:db8:1:: 2001:db8:2::1")
    assert searched(tmp_path, search=Search(own=own_addresses(config))).clean
    (tmp_path / "toml").write_text("192.0.2.1 192.0.2.4")
    assert not searched(tmp_path, search=Search(own=own_addresses(config))).clean


@pytest.mark.parametrize("title", [f"Live at {ADDRESS}", f"{BROWSER} (remix)", f"{IPV6} in dub"])
def test_a_title_that_looks_like_it_is_a_notice_and_may_be_in_files(tmp_path: Path, title: str) -> None:
    search, findings = Search([NEEDLE]), Findings()
    search_cell("track.title", Fact(Kind.TEXT, "a title"), title, search, findings)
    assert (["track.title"], True) == ([notice.place for notice in findings.noted.values()], findings.clean)
    (tmp_path / "page").write_bytes(b"\x00" + title.encode() + b"\x00")
    assert searched(tmp_path, search=search).clean
    (tmp_path / "page").write_bytes(b"203.0.113.208 Mozilla/5.0 (another)")
    assert 2 == len(searched(tmp_path, search=search).found)


def test_a_needle_in_a_title_is_a_finding() -> None:
    findings = Findings()
    search_cell("track.title", Fact(Kind.TEXT, "a title"), NEEDLE, Search([NEEDLE]), findings)
    assert not findings.clean


def test_a_column_nobody_has_described_is_searched_by_the_strictest_rule() -> None:
    cases: list[tuple[Fact | None, str | bytes, bool]] = [
        (None, ID, False),
        (Fact(Kind.NOTHING, "a name", is_uuid=True), ID, True),
        (Fact(Kind.NOTHING, "a name"), ID, False),
        (Fact(Kind.TEXT, "a key"), ID, True),  # a site's keys may be UUIDs
        (Fact(Kind.PSEUDONYM, "bytes"), UUID(ID).bytes, True),
    ]
    for fact, cell, clean in cases:
        findings = Findings()
        search_cell("table.column", fact, cell, Search(), findings)
        assert clean == findings.clean


def test_waiting_events_are_searched_decoded_also_where_pages_cut_them(tmp_path: Path) -> None:
    base = bytes(range(32))
    events = [Play(MOMENT, f"track-{number:04}", "complete", listener=base) for number in range(3000)]
    spool = Spool(tmp_path / "spool-0.sqlite", max_bytes=1 << 24)
    try:
        spool.append(encode([*events, Share(MOMENT, "track", NEEDLE, "link")]), 3001)
        while_held, after = Findings(), Findings()
        search_spools(tmp_path, Search([NEEDLE]), while_held)
    finally:
        spool.close()
    search_spools(tmp_path, Search([NEEDLE]), after)
    for findings in (while_held, after):
        assert 3001 == findings.events
        assert ["spool-0.sqlite, row 1, target_key: needle 1 as UTF-8"] == list(map(str, findings.found.values()))


def test_a_base_in_a_spool_is_searched_as_bytes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool-3.sqlite", max_bytes=1 << 20)
    try:
        spool.append(encode([Play(MOMENT, "track", "partial", listener=UUID(ID).bytes * 2)]), 1)
    finally:
        spool.close()
    findings = Findings()
    search_spools(tmp_path, Search([ID]), findings)
    assert ["spool-3.sqlite, row 1, listener: needle 1 as packed UUID, 2 times"] == list(
        map(str, findings.found.values())
    )


@pytest.mark.parametrize("payload", [b"\xc1", b"\x91\x01"])
def test_a_spool_that_cannot_be_decoded_is_not_called_clean(tmp_path: Path, payload: bytes) -> None:
    spool = Spool(tmp_path / "spool-0.sqlite", max_bytes=1 << 20)
    try:
        spool.append(payload, 1)
    finally:
        spool.close()
    (tmp_path / "spool-1.sqlite").write_bytes(b"no database at all, and longer than its header of a hundred bytes" * 9)
    findings = Findings()
    search_spools(tmp_path, Search(), findings)
    assert 2 == len(findings.unread)


def test_every_fact_says_how_long_and_why() -> None:
    for fact in DATABASE.values():
        assert fact.holds
        assert (fact.kind is Kind.NOTHING) == (not fact.lives) == (not fact.why)
    assert all(place.holds and place.lives and place.why for place in ELSEWHERE)


def test_the_page_says_what_the_code_says() -> None:
    page = audit_main.PAGE.read_text("utf-8")
    assert 3 == page.count("<!-- generated: ")
    assert render(page) == page, "run `python -m server.audit --write-docs`"


def searched(*roots: Path, needles: list[str] | None = None, search: Search | None = None) -> Findings:
    findings = Findings()
    search_files(files(roots, findings), search or Search(needles or []), findings, lambda _: None)
    return findings
