"""Requests to the beacon listener that are right, nearly right, and not requests at all, from a seeded source."""

from collections.abc import Callable
from random import Random
from typing import Final

from tests.support.smuggling import SHAPES

_BODIES: Final = (
    b'{"trackEntryKey":"harbour-lights","bucket":"complete"}',
    b'{"targetType":"track","targetKey":"harbour-lights","channel":"link"}',
    b'{"trackEntryKey":"\xff","bucket":1}',
    b"[" * 900,
    b"",
    b"x" * 2048,
    b"x" * 2049,
)
_PATHS: Final = (
    b"/api/event/play",
    b"/api/event/share",
    b"/api/event/config",
    b"/api/event/%ff",
    b"*",
    b"//",
    b"http://a/",
)
_METHODS: Final = (b"POST", b"POST", b"POST", b"OPTIONS", b"GET", b"HEAD", b"PUT", b"BREW", b"CONNECT")
_FIELDS: Final = (
    b"Content-Type: text/plain",
    b"Content-Type: application/json",
    b"Origin: https://band.example",
    b"Expect: 100-continue",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: upgrade\r\nUpgrade: websocket",
    b"X-Forwarded-For: 1.2.3.4, ::1, unknown",
    b'Forwarded: for="[::1]:80"',
    b"Sec-GPC: 1",
    b"Cookie: " + b"c" * 9000,
    b"User-Agent: \xe9\xff",
    b"Content-Length: 7",
    b"Transfer-Encoding: chunked",
    b"Host: elsewhere",
    b"Trailer: X",
)
_BYTES: Final = (b"\r", b"\n", b"\r\n", b"\0", b" ", b":", b"\xff", b"\t", b"0", b"\r\n\r\n", b"/", b"%", b'"')


def valid(random: Random) -> bytes:
    """Most of these are answered 2xx; all are HTTP but for what a field drawn twice makes of it."""
    body = random.choice(_BODIES)
    fields = [b"Host: tonearm.example", b"Content-Type: text/plain", *random.sample(_FIELDS, random.randrange(4))]
    if random.random() < 0.3:
        fields.append(b"Transfer-Encoding: chunked")
        cut = random.randrange(len(body) + 1)
        parts = [part for part in (body[:cut], body[cut:]) if part]
        body = b"".join(b"%x;e=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX-T: 1\r\n\r\n"
    else:
        fields.append(b"Content-Length: %d" % len(body))
    version = b"1.0" if random.random() < 0.1 else b"1.1"
    start = b"%s %s HTTP/%s" % (random.choice(_METHODS), random.choice(_PATHS), version)
    return b"\r\n".join([start, *fields, b"", b""]) + body


def _flip(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _insert(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + random.choice(_BYTES) * random.choice((1, 1, 2, 3000)) + data[at:]


def _cut(random: Random, data: bytes) -> bytes:
    start, end = sorted((random.randrange(len(data)), random.randrange(len(data))))
    return data[:start] + data[end:]


def _repeat(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    lines.insert(random.randrange(len(lines)), random.choice(lines))
    return b"\r\n".join(lines)


def _smuggle(random: Random, data: bytes) -> bytes:
    return data + random.choice([*SHAPES.values()])


def _noise(random: Random, data: bytes) -> bytes:
    return random.randbytes(random.randrange(1, len(data) + 1))


_MUTATIONS: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (_flip, _insert, _cut, _repeat, _smuggle, _noise)


def stream(random: Random) -> bytes:
    """What one connection sends: some requests in a row, with some mutations."""
    data = b"".join(valid(random) for _ in range(random.choice((1, 1, 2, 5))))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        data = random.choice(_MUTATIONS)(random, data) or b"x"
    return data
