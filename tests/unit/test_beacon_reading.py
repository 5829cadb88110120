"""How the beacon listener reads HTTP: however the bytes are cut up, the same requests and the same refusal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ledger import Reason
from server.beacon.reading import CLOSES, STAYS, STAYS_IF_TOLD, Reading
from server.bodies import MOST_BYTES
from tests.support.smuggling import SHAPES

HEADER_BYTES = 1024
HEAD = b"POST /api/event/play HTTP/1.1\r\nHost: a\r\n"
Seen = tuple[list[tuple[str, str, dict[str, str], bytes, bytes]], Reason | None]


def read(data: bytes, cuts: list[int]) -> Seen:
    """What comes out when `data` comes in, cut at `cuts`; the connection ends as a connection does."""
    reading = Reading("127.0.0.1", HEADER_BYTES)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        reading.feed(data[start:end])
        for request, afterwards in reading.take():
            found.append((request.method, request.path, dict(request.headers), request.body, afterwards))
            if afterwards is CLOSES:
                return found, None
        if reading.error is not None:
            return found, reading.error.reason
    return found, None


fields = st.sampled_from(
    [
        b"Content-Type: text/plain\r\n",
        b"User-Agent:  a browser \r\n",
        b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Expect: 100-continue\r\n",
        b"Origin: https://band.example\r\n",
        b"Cookie: " + b"c" * 700 + b"\r\n",
        b"Host: b\r\n",
        b"Upgrade: h2c\r\nConnection: upgrade\r\n",
    ]
)
bodies = st.one_of(
    st.binary(max_size=40).map(lambda body: b"Content-Length: %d\r\n\r\n%s" % (len(body), body)),
    st.lists(st.binary(min_size=1, max_size=20), max_size=3).map(
        lambda parts: (
            b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
            + b"0\r\n\r\n"
        )
    ),
    st.just(b"\r\n"),
)
starts = st.sampled_from(
    [
        HEAD,
        HEAD,
        HEAD,
        b"GET /api/event/config?x HTTP/1.1\r\nhost: a\r\n",
        b"POST http://a/api/event/share HTTP/1.0\r\n",
        b"\r\n" + HEAD,
    ]
)
requests = st.tuples(starts, st.lists(fields, max_size=4), bodies).map(
    lambda parts: parts[0] + b"".join(parts[1]) + parts[2]
)
streams = st.lists(st.one_of(requests, requests, st.sampled_from([*SHAPES.values()])), min_size=1, max_size=4).map(
    b"".join
)


@settings(max_examples=400, deadline=None)
@given(data=streams, draw=st.data())
def test_where_the_network_cuts_the_bytes_changes_nothing(data: bytes, draw: st.DataObject) -> None:
    whole = read(data, [])
    assert whole == read(data, list(range(1, len(data))))
    cuts = draw.draw(st.lists(st.integers(1, len(data) - 1), unique=True, max_size=6).map(sorted))
    assert whole == read(data, cuts)


@settings(max_examples=300, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=200), streams.flatmap(lambda data: st.permutations([data[:20], data[20:]]).map(b"".join))
    )
)
def test_no_bytes_make_it_fail(data: bytes) -> None:
    read(data, [])  # raises nothing


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_two_readers_could_take_for_different_requests_is_refused(shape: bytes) -> None:
    assert ([], Reason.MALFORMED) == read(shape, [])


def test_a_head_is_bounded_also_when_it_comes_at_once() -> None:
    head = HEAD + b"Cookie: " + b"c" * HEADER_BYTES + b"\r\n\r\n"
    assert ([], Reason.HEADERS) == read(head, [])
    assert ([], Reason.HEADERS) == read(head, list(range(1, len(head))))


@pytest.mark.parametrize("start", [b"POST /", HEAD + b"X: ", HEAD + b"X"])
def test_a_head_without_end_is_refused_before_it_ends(start: bytes) -> None:
    reading = Reading(None, HEADER_BYTES)
    reading.feed(start)
    fed = len(start)
    while reading.error is None:
        reading.feed(b"x" * 100)
        fed += 100
        assert HEADER_BYTES + 100 >= fed
    assert Reason.HEADERS == reading.error.reason


@pytest.mark.parametrize("part", [b"0\r\nX-Trailer: ", b"2;"])
def test_what_surrounds_a_body_is_bounded(part: bytes) -> None:
    reading = Reading(None, HEADER_BYTES)
    reading.feed(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + part)
    fed = 0
    while reading.error is None:
        reading.feed(b"x" * 1000)
        fed += 1000
        assert 20 * MOST_BYTES > fed
    assert Reason.TOO_LARGE == reading.error.reason
    assert [] == reading.take()


def test_many_trailers_are_bounded_as_the_head_is() -> None:
    trailers = b"0\r\n" + b"X-Trailer: y\r\n" * HEADER_BYTES
    assert ([], Reason.HEADERS) == read(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + trailers, [])


def test_a_trailer_changes_nothing_of_the_head() -> None:
    data = HEAD + b"Origin: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nOrigin: b\r\nHost: c\r\n\r\n"
    assert ([("POST", "/api/event/play", {"origin": "a"}, b"x", STAYS)], None) == read(data, [])


@pytest.mark.parametrize(
    ("head", "afterwards"),
    [
        (b"HTTP/1.1\r\nHost: a\r\n", STAYS),
        (b"HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", CLOSES),
        (b"HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n", CLOSES),
        (b"HTTP/1.0\r\n", CLOSES),
        (b"HTTP/1.0\r\nConnection: keep-alive\r\n", STAYS_IF_TOLD),
    ],
)
def test_whether_the_connection_stays_is_told_as_the_client_understands_it(head: bytes, afterwards: bytes) -> None:
    [(*_, found)], error = read(b"POST / " + head + b"Content-Length: 0\r\n\r\n", [])
    assert (afterwards, None) == (found, error)


def test_only_a_client_that_waits_is_told_to_continue() -> None:
    def waits(data: bytes) -> bool:
        reading = Reading(None, HEADER_BYTES)
        reading.feed(data)
        return reading.wants_continue

    expecting = b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert waits(HEAD + expecting)
    assert not waits(HEAD + expecting + b"a")
    assert not waits(b"POST / HTTP/1.0\r\n" + expecting)
    assert not waits(HEAD + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("size", [MOST_BYTES, MOST_BYTES + 1])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_taken_up_to_its_bound(size: int, chunked: bool) -> None:
    body = b"x" * size
    framed = b"Content-Length: %d\r\n\r\n%s" % (size, body)
    if chunked:
        framed = b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * size + b"0\r\n\r\n"
    found, error = read(HEAD + framed, [])
    assert (1, None) == (len(found), error) if size == MOST_BYTES else ([], Reason.TOO_LARGE) == (found, error)


def test_requests_before_a_broken_one_are_good() -> None:
    good = HEAD + b"Content-Length: 1\r\n\r\na"
    found, error = read(good + good + b"GET /\n\n" + good, [])
    assert (2, Reason.MALFORMED) == (len(found), error)
