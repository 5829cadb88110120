"""What one route is: its address, who may ask, what it takes and gives, and, if it is served here, by what.

Routing, access rule and OpenAPI document are all made from this, so that none can say what another does not.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from msgspec import Struct

from server.access.rules import Rule
from server.api.call import Call
from server.problems import Answer

Handler = Callable[[Call], Awaitable[Struct | Answer | None]]
"""None: the target is neither in the catalog nor counted, or the entry is not there."""

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Content:
    """A body of one media type; `form` is its Struct, or None for text and pictures."""

    says: str
    form: type[Struct] | None = None
    media_types: Sequence[str] = (JSON,)
    example: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)  # name -> what it is


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of problem: its status, the end of its `type`, and when it comes."""

    status: int
    name: str
    says: str
    retry_after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. `path` is as OpenAPI writes it; `{key}` stands for the rest of the path, slashes and all."""

    endpoint: str
    path: str
    rule: Rule
    tag: str
    summary: str
    answers: Mapping[int, Content]
    says: str = ""
    method: Literal["GET", "POST", "PUT"] = "GET"
    query: type[Struct] | None = None
    takes: Content | None = None
    refusals: Sequence[Refusal] = ()
    headers: Mapping[str, str] = field(default_factory=dict)  # that it looks at: name -> what it is
    handler: Handler | None = None  # None: served by another module, and only described here
    kind: Literal["site", "track", "release"] = "site"  # of the target
    large: bool = False  # it takes a whole catalog
    cached: bool = False  # it has an ETag, and answers 304
