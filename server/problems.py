"""Refusals as people and programs read them: `application/problem+json` (RFC 9457), one per reason."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from actors.ledger import Reason

CONTENT_TYPE: Final = "application/problem+json"
_WITHOUT_BODY: Final = (204, 304)


class Answer:
    """A complete HTTP answer, whichever door gives it. Header names are lower case."""

    __slots__ = ("_wire", "body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self._wire: bytes | None = None

    def with_headers(self, more: Mapping[str, str]) -> "Answer":
        """The same with these headers added."""
        return Answer(self.status, {**self.headers, **more}, self.body)

    def wire(self) -> bytes:
        """The status line and headers as HTTP/1.1 writes them, without the empty line; rendered once."""
        if self._wire is None:
            length = {} if self.status in _WITHOUT_BODY else {"content-length": str(len(self.body))}
            lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
            lines += [f"{name}: {value}" for name, value in {**self.headers, **length}.items()]
            self._wire = "\r\n".join([*lines, ""]).encode("latin-1")
        return self._wire


def problem(
    status: int, name: str, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> Answer:
    """`type` is stable (`/problems/NAME`); `detail` is a sentence that says what to mend; `more`: further members."""
    body = {"type": f"/problems/{name}", "title": title, "status": status, "detail": detail, **more}
    return Answer(
        status,
        {"content-type": CONTENT_TYPE, "cache-control": "no-store", **(headers or {})},
        msgspec.json.encode(body),
    )


_KINDS: Final[dict[Reason, tuple[int, str]]] = {
    Reason.MALFORMED: (400, "Not an event"),
    Reason.NOT_FOUND: (404, "Not found"),
    Reason.HEADERS: (431, "Headers too large"),
    Reason.CRAWLER: (403, "A crawler"),
    Reason.ORIGIN: (403, "Not this site's page"),
    Reason.METHOD: (405, "Wrong method"),
    Reason.SLOW: (408, "Too slow"),
    Reason.TOO_LARGE: (413, "Too large"),
    Reason.MEDIA_TYPE: (415, "Wrong content type"),
    Reason.RATE: (429, "Too many events"),
    Reason.UNAVAILABLE: (503, "Not available now"),
}


def refusal(reason: Reason, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer for an event that is refused."""
    status, title = _KINDS[reason]
    return problem(status, reason.value, title, detail, headers)


def not_found(detail: str) -> Answer:
    """404."""
    return problem(404, "not-found", "Not found", detail)
