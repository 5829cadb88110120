"""From bytes to requests: what a connection has sent so far, sans-IO, on llhttp (httptools).

llhttp is strict: both lengths, two lengths, folded lines, bare line feeds, blanks before a colon and bad chunk
sizes are errors there. What it lets through and this door does not: any coding but `chunked` alone, a version other
than 1.0 and 1.1, a missing or second Host, and an upgrade. After an error the connection is closed, since nothing
behind it can be trusted to begin where it seems to.
"""

from typing import Final
from urllib.parse import unquote

import httptools

from actors.ledger import Reason
from server.bodies import MOST_BYTES
from server.events import TOO_LARGE, WRONG_METHOD, Request

# The header fields the contract reads. Everything else a browser says about itself is not even kept for a moment.
_WANTED: Final = {
    name.encode(): name
    for name in (
        "content-type",
        "origin",
        "user-agent",
        "x-forwarded-for",
        "forwarded",
        "sec-gpc",
        "dnt",
        "sec-fetch-site",
    )
}
_MOST_DIGITS: Final = 9  # of a Content-Length worth reading
_MOST_FRAMED: Final = 16 * MOST_BYTES  # of a body with what chunks add: 2 KiB in chunks of one byte are 12 KiB

# How a connection goes on behind a request, as the line its answer says it with.
STAYS: Final = b""
STAYS_IF_TOLD: Final = b"connection: keep-alive\r\n"  # HTTP/1.0: without this line the client waits for the end
CLOSES: Final = b"connection: close\r\n"
_KNOWN_VERSIONS: Final = ("1.0", "1.1")


class Unreadable(Exception):
    """What came is not a request this door answers; the connection ends with this refusal."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Reading:
    """One connection's parser: `feed` it, then `take` the requests that are complete, in order."""

    def __init__(self, peer: str | None, header_bytes: int) -> None:
        self._requests: list[tuple[Request, bytes]] = []
        self.error: Unreadable | None = None  # what ended it; the requests before are good
        self.in_head = False  # some of a request's head has come, not all of it
        self.in_body = False
        self.wants_continue = False  # the client waits for "100 Continue" before it sends the body
        self._peer = peer
        self._most_head = header_bytes
        self._parser = httptools.HttpRequestParser(self)
        self._begin()

    def feed(self, data: bytes) -> None:
        """Never raises: an error is kept in `error`, behind the requests that were complete before it."""
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserInvalidMethodError:
            self._fail(Reason.METHOD, WRONG_METHOD)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, Unreadable):
                raise
            self.error = error.__context__
        except httptools.HttpParserError as error:
            self._fail(Reason.MALFORMED, f"This is not HTTP/1.1: {error}.")
        # What is not complete is in no callback yet: a field, a trailer or a chunk's extension without end.
        if self.in_head and self._fed > self._most_head:
            self._fail(Reason.HEADERS, self._too_much_head())
        elif self.in_body and self._fed > _MOST_FRAMED:
            self._fail(Reason.TOO_LARGE, TOO_LARGE)

    def take(self) -> list[tuple[Request, bytes]]:
        """The complete requests, each with STAYS, STAYS_IF_TOLD or CLOSES; they are then forgotten."""
        if not self._requests:
            return []
        requests, self._requests = self._requests, []
        return requests

    def _fail(self, reason: Reason, detail: str) -> None:
        if self.error is None:
            self.error = Unreadable(reason, detail)

    def _too_much_head(self) -> str:
        return f"The request's head is larger than {self._most_head} bytes."

    def _begin(self) -> None:
        self._fed = 0  # bytes since the head or the body began, as far as feed() can tell: rather too few
        self._head = 0  # bytes of the target and the fields, whole ones: the same however the head was cut up
        self._target = b""
        self._headers: dict[str, str] = {}
        self._hosts = 0
        self._codings: list[bytes] = []
        self._body = b""
        self._trailing = False
        self._too_long = False

    # Called by llhttp, in the order of the bytes.

    def on_message_begin(self) -> None:
        self.in_head = True

    def on_url(self, part: bytes) -> None:
        self._target += part
        self._weigh(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._weigh(len(name) + len(value))
        if self._trailing:
            return  # a field behind a chunked body must not change what the head said
        lower = name.lower()
        if wanted := _WANTED.get(lower):
            text = value.decode("latin-1")
            known = self._headers.get(wanted)
            self._headers[wanted] = text if known is None else f"{known},{text}"
        elif lower == b"host":
            self._hosts += 1
        elif lower == b"transfer-encoding":
            self._codings.append(value.strip().lower())
        elif lower == b"content-length":
            self._too_long = len(value) > _MOST_DIGITS or int(value) > MOST_BYTES
        elif lower == b"expect":
            self._expect(value)

    def _weigh(self, size: int) -> None:
        self._head += size
        if self._head > self._most_head:
            raise Unreadable(Reason.HEADERS, self._too_much_head())

    def on_headers_complete(self) -> None:
        version = self._parser.get_http_version()
        if version not in _KNOWN_VERSIONS:
            raise Unreadable(Reason.MALFORMED, "This door speaks HTTP/1.0 and HTTP/1.1.")
        if self._hosts > 1 or (version == "1.1" and not self._hosts):
            raise Unreadable(Reason.MALFORMED, "A request has one Host.")
        if self._codings and (version == "1.0" or self._codings != [b"chunked"]):
            raise Unreadable(Reason.MALFORMED, "The only transfer coding of a request is chunked, in HTTP/1.1.")
        if self._parser.should_upgrade():  # before it is an event: what comes behind it is another protocol
            raise Unreadable(Reason.MALFORMED, "This door speaks HTTP/1.1 and upgrades to nothing else.")
        if self._too_long:
            raise Unreadable(Reason.TOO_LARGE, TOO_LARGE)  # before the body is sent, where the client waits
        if version == "1.0":
            self.wants_continue = False  # RFC 9110 10.1.1: such a client does not know the answer to it
        self.in_head, self.in_body, self._trailing = False, True, True
        self._fed = 0

    def on_body(self, part: bytes) -> None:
        self.wants_continue = False
        self._body += part
        if len(self._body) > MOST_BYTES:
            raise Unreadable(Reason.TOO_LARGE, TOO_LARGE)

    def on_message_complete(self) -> None:
        request = Request(
            self._parser.get_method().decode(), _path(self._target), self._headers, self._body, self._peer
        )
        self._requests.append((request, self._afterwards()))
        self.in_body = self.wants_continue = False
        self._begin()

    def _afterwards(self) -> bytes:
        if not self._parser.should_keep_alive():
            return CLOSES
        return STAYS if self._parser.get_http_version() == "1.1" else STAYS_IF_TOLD

    def _expect(self, value: bytes) -> None:
        if value.strip().lower() != b"100-continue":
            raise Unreadable(Reason.MALFORMED, "The only expectation this door meets is 100-continue.")
        self.wants_continue = True


def _path(target: bytes) -> str:
    """The path of an origin-form or absolute-form target, decoded as the other door decodes it."""
    if not target.startswith(b"/") and b"://" in target:
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    path = target.partition(b"?")[0].partition(b"#")[0].decode("latin-1")
    return unquote(path) if "%" in path else path
