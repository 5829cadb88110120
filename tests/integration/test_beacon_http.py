"""HTTP/1.1 as the beacon listener speaks it, byte by byte, with its limits set short enough to strike."""

import json
import signal
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.support.http import Client, Door, ask, request
from tests.support.postgres import Postgres
from tests.support.service import Service, serving
from tests.support.smuggling import SHAPES

PLAY = "/api/event/play"
TEXT = {"Content-Type": "text/plain"}
BODY = json.dumps({"trackEntryKey": "harbour-lights", "bucket": "complete"}).encode()
GOOD = request("POST", PLAY, TEXT, BODY)
BAD = request("POST", PLAY, TEXT, b"{")


def limits(postgres: Postgres, **more: str) -> dict[str, str]:
    return {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        **{f"TONEARM_BEACON__{name.upper()}": value for name, value in more.items()},
    }


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = limits(postgres, header_s="0.5", body_s="0.5", idle_s="1.5", write_s="0.5")
    with serving(tmp_path_factory.mktemp("http") / "data", environment) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(Door.at(service.beacon)) as opened:
        yield opened


def test_a_connection_serves_one_request_after_another(client: Client) -> None:
    assert [202] * 3 == [client.ask("POST", PLAY, TEXT, BODY).status for _ in range(3)]


def test_pipelined_requests_are_answered_in_their_order(client: Client) -> None:
    config = request("GET", "/api/event/config")
    client.send((GOOD + BAD + config + request("PUT", PLAY, TEXT, BODY)) * 20)
    assert [202, 400, 200, 405] * 20 == [client.receive().status for _ in range(80)]


def test_requests_before_a_broken_one_are_answered_before_it_is_refused(client: Client) -> None:
    client.send(GOOD + GOOD + b"POST / HTTP/1.1\nHost: a\n\n" + GOOD)
    assert [202, 202, 400] == [client.receive().status for _ in range(3)]
    assert client.ended()


def test_a_chunked_body_may_come_in_any_pieces(client: Client) -> None:
    for byte in request("POST", PLAY, TEXT, [BODY[:9], BODY[9:10], BODY[10:]]):
        client.send(bytes([byte]))
    assert 202 == client.receive().status


def expecting(length: int) -> bytes:
    return request("POST", PLAY, {**TEXT, "Expect": "100-continue", "Content-Length": str(length)})


def raw(client: Client, size: int) -> bytes:
    return client._socket.recv(size)


def test_a_client_that_waits_is_told_to_continue_before_it_sends_the_body(client: Client) -> None:
    client.send(expecting(len(BODY)))
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == raw(client, 100)
    client.send(BODY)
    assert 202 == client.receive().status


def test_a_client_that_waits_behind_other_requests_is_told_after_their_answers(client: Client) -> None:
    client.send(GOOD + GOOD + expecting(len(BODY)))
    assert [202, 202] == [client.receive().status for _ in range(2)]
    while not client._buffer:
        client._read()
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == client._buffer
    client.send(BODY)
    assert 202 == client.receive().status


def test_a_client_that_waits_with_too_much_is_refused_unread(client: Client) -> None:
    client.send(expecting(1_000_000))
    answer = client.receive()
    assert (413, "close") == (answer.status, answer.headers["connection"])
    assert client.ended()


def test_an_expectation_nobody_knows_is_refused(client: Client) -> None:
    assert 400 == client.ask("POST", PLAY, {**TEXT, "Expect": "a miracle"}, BODY).status


def test_a_client_that_says_so_is_closed_after_its_answer(client: Client) -> None:
    answer = client.ask("POST", PLAY, {**TEXT, "Connection": "close"}, BODY)
    assert (202, "close") == (answer.status, answer.headers["connection"])
    assert client.ended()


def old(more: bytes = b"") -> bytes:
    head = b"POST %s HTTP/1.0\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n"
    return head % (PLAY.encode(), len(BODY), more) + BODY


def test_http_1_0_is_closed_after_its_answer(client: Client) -> None:
    client.send(old())
    answer = client.receive()
    assert (202, "close") == (answer.status, answer.headers["connection"])
    assert client.ended()


def test_http_1_0_stays_where_it_asks_and_is_told(client: Client) -> None:
    for _ in range(2):
        client.send(old(b"Connection: keep-alive\r\n"))
        answer = client.receive()
        assert (202, "keep-alive") == (answer.status, answer.headers["connection"])


def test_a_client_that_has_closed_its_sending_half_gets_its_answers(client: Client) -> None:
    client.send(GOOD * 5 + BAD)
    client.half_close()
    assert [202] * 5 + [400] == [client.receive().status for _ in range(6)]
    assert client.ended()


def test_clients_that_reset_the_connection_disturb_nobody(service: Service, client: Client) -> None:
    for sent in (b"", GOOD[:20], GOOD[:-5], GOOD, GOOD * 50, b"\x00"):
        with socket.create_connection((Door.at(service.beacon).host, Door.at(service.beacon).port)) as rude:
            rude.sendall(sent)
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
    assert 202 == client.ask("POST", PLAY, TEXT, BODY).status


@pytest.mark.parametrize("pieces", [1, 20])
def test_a_head_that_is_too_large_is_refused(client: Client, pieces: int) -> None:
    head = request("POST", PLAY, {**TEXT, "Cookie": "c" * 9000}, BODY)
    size = len(head) // pieces + 1
    for start in range(0, len(head), size):
        client.send(head[start : start + size])
    answer = client.receive()
    assert (431, "/problems/headers") == (answer.status, answer.json()["type"])
    assert client.ended()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_could_be_understood_in_two_ways_is_refused_and_the_connection_closed(
    client: Client, shape: bytes
) -> None:
    client.send(GOOD + shape + GOOD)
    assert 202 == client.receive().status
    answer = client.receive()
    assert (400, "close") == (answer.status, answer.headers["connection"])
    assert client.ended()


@pytest.mark.parametrize(
    "slow",
    [GOOD[:1], GOOD[:40], GOOD[:-1], GOOD + GOOD[:30]],
    ids=["a byte", "half a head", "no end of the body", "a second request"],
)
def test_a_request_that_does_not_arrive_in_time_is_told_so(client: Client, slow: bytes) -> None:
    client.send(slow)
    if slow.startswith(GOOD):
        assert 202 == client.receive().status
    answer = client.receive()
    assert (408, "close", "/problems/slow") == (answer.status, answer.headers["connection"], answer.json()["type"])
    assert client.ended()


def test_a_byte_now_and_then_does_not_stretch_the_time(client: Client) -> None:
    began = time.monotonic()
    answered = False
    for byte in GOOD:
        client.send(bytes([byte]))
        time.sleep(0.1)
        client._socket.setblocking(False)
        try:
            answered = client._socket.recv(12) == b"HTTP/1.1 408"
            break
        except BlockingIOError:
            client._socket.settimeout(20)
    assert answered
    assert time.monotonic() - began < len(GOOD) * 0.1  # long before it would have been complete


def test_an_idle_client_is_let_go_without_a_word(client: Client) -> None:
    assert 202 == client.ask("POST", PLAY, TEXT, BODY).status
    assert client.ended()


def test_blank_lines_between_requests_win_no_time(client: Client) -> None:
    assert 202 == client.ask("POST", PLAY, TEXT, BODY).status
    with pytest.raises(OSError):  # noqa: PT011  # broken pipe or reset, as it comes
        send_blank_lines(client, 15)  # ten times as long as a client may be idle


def send_blank_lines(client: Client, seconds: float) -> None:
    for _ in range(int(seconds * 20)):
        client.send(b"\r\n")
        time.sleep(0.05)


def test_the_client_idle_longest_makes_room_for_a_new_one(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serving(tmp_path_factory.mktemp("few") / "data", limits(postgres, connections="3")) as service:
        door = Door.at(service.beacon)
        clients = [Client(door) for _ in range(3)]
        for number in (1, 0, 2):  # so that 1 is idle longest
            assert 202 == clients[number].ask("POST", PLAY, TEXT, BODY).status
        clients[0].send(GOOD[:30])  # not idle
        assert 202 == ask(door, "POST", PLAY, TEXT, BODY).status
        assert clients[1].ended()
        clients[0].send(GOOD[30:])
        assert 202 == clients[0].receive().status
        for client in clients:
            client._socket.close()


def test_a_stop_answers_what_is_under_way(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("stop") / "data", limits(postgres)) as service:
        door = Door.at(service.beacon)
        with Client(door) as idle, Client(door) as half_sent, Client(door) as talking:
            assert 202 == idle.ask("POST", PLAY, TEXT, BODY).status
            half_sent.send(GOOD[:-3])
            talking.send(GOOD * 200)
            service.process.send_signal(signal.SIGTERM)
            assert idle.ended()
            half_sent.send(GOOD[-3:])
            answer = half_sent.receive()
            assert (202, "close") == (answer.status, answer.headers["connection"])
            answered = 0
            try:
                while talking.receive().status == 202:
                    answered += 1
            except EOFError:
                pass
        assert 0 == service.process.wait(30)
        plays = json.loads(service.command("stats", "track", "harbour-lights", "--json").stdout)["totalPlays"]
        assert 2 + answered <= plays <= 202
        assert answered > 0
