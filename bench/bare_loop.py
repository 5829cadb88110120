"""The yardstick of DESIGN §9: a Trio socket loop with httptools that reads an event and forgets it.

It collects headers and body, decodes the JSON with the standard library and answers 202. No limits, no CORS, no
validation, no disk: what a request costs in this language before it is worth anything.

`python -m bench.bare_loop PORT`
"""

import json
import sys
from contextlib import suppress
from typing import Final

import httptools
import trio

_ANSWER: Final = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


class Request:
    """One connection's current request."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.done = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        json.loads(self.body)
        self.headers = {}
        self.body = b""
        self.done += 1


async def serve(stream: trio.SocketStream) -> None:
    """One client, until it closes."""
    request = Request()
    parser = httptools.HttpRequestParser(request)
    with suppress(trio.BrokenResourceError):  # the load generator hangs up
        async with stream:
            while data := await stream.receive_some(16_384):
                parser.feed_data(data)
                if request.done:
                    done, request.done = request.done, 0
                    await stream.send_all(_ANSWER * done)


async def main(port: int) -> None:
    """Until killed."""
    await trio.serve_tcp(serve, port, host="127.0.0.1")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
