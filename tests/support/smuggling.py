"""Requests that two readers of HTTP could understand differently, and therefore nobody should (RFC 9112 §11.2)."""

from typing import Final

_START: Final = b"POST /api/event/play HTTP/1.1\r\n"
_HEAD: Final = _START + b"Host: tonearm.example\r\nContent-Type: text/plain\r\n"
_CHUNKED: Final = _HEAD + b"Transfer-Encoding: chunked\r\n"


def _chunks(data: bytes) -> bytes:
    return _CHUNKED + b"\r\n" + data


SHAPES: Final[dict[str, bytes]] = {
    "length and chunks": _CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks and length": _HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": _HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "the same length twice": _HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    "a list of lengths": _HEAD + b"Content-Length: 2, 2\r\n\r\nab",
    "a length with a sign": _HEAD + b"Content-Length: +2\r\n\r\nab",
    "a negative length": _HEAD + b"Content-Length: -2\r\n\r\nab",
    "a hexadecimal length": _HEAD + b"Content-Length: 0x2\r\n\r\nab",
    "a length with a blank inside": _HEAD + b"Content-Length: 1 2\r\n\r\nab",
    "no length after the colon": _HEAD + b"Content-Length:\r\n\r\n",
    "a length beyond 64 bits": _HEAD + b"Content-Length: 18446744073709551618\r\n\r\nab",
    "a folded line": _HEAD + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a folded coding": _HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed behind the request line": _START[:-2] + b"\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "a bare line feed behind a field": _HEAD[:-2] + b"\nContent-Length: 0\r\n\r\n",
    "a bare line feed at the end of the head": _HEAD + b"Content-Length: 0\r\n\n",
    "a bare carriage return": _HEAD + b"X: a\rContent-Length: 0\r\n\r\n",
    "a blank before the colon": _HEAD + b"Content-Length : 2\r\n\r\nab",
    "a blank before the first field": _START + b" Host: a\r\nContent-Length: 0\r\n\r\n",
    "a field without a colon": _HEAD + b"Content-Length\r\n\r\n",
    "a field without a name": _HEAD + b": 2\r\n\r\n",
    "a zero byte in a value": _HEAD + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "a chunk's size that is no number": _chunks(b"zz\r\nab\r\n0\r\n\r\n"),
    "a chunk's size with 0x": _chunks(b"0x2\r\nab\r\n0\r\n\r\n"),
    "a negative chunk": _chunks(b"-2\r\nab\r\n0\r\n\r\n"),
    "a chunk's size with a blank": _chunks(b"2 \r\nab\r\n0\r\n\r\n"),
    "a chunk's size beyond 64 bits": _chunks(b"10000000000000002\r\nab\r\n0\r\n\r\n"),
    "a chunk's size ended by a bare line feed": _chunks(b"2\nab\r\n0\r\n\r\n"),
    "a chunk longer than it says": _chunks(b"2\r\nabc\r\n0\r\n\r\n"),
    "a chunk ended by a bare line feed": _chunks(b"2\r\nab\n0\r\n\r\n"),
    "an extension with a line feed": _chunks(b"2;a\nb\r\nab\r\n0\r\n\r\n"),
    "another coding": _HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "another coding before chunked": _HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "another coding behind chunked": _HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": _CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding nearly chunked": _HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding behind a vertical tab": _HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "identity and a length": _HEAD + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab",
    "chunks in HTTP/1.0": _CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n0\r\n\r\n",
    "two hosts": _HEAD + b"Host: elsewhere.example\r\nContent-Length: 0\r\n\r\n",
    "no host": _START + b"Content-Length: 0\r\n\r\n",
    "HTTP/2.0": _HEAD.replace(b"HTTP/1.1", b"HTTP/2.0") + b"Content-Length: 0\r\n\r\n",
    "an upgrade": _HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
    "a tunnel": b"CONNECT tonearm.example:80 HTTP/1.1\r\nHost: tonearm.example\r\n\r\n",
}
"""Each is to be answered 400, and its connection closed."""
