"""What stands behind the question mark: each route's parameters as a Struct, which reads, refuses and describes them.

What may be left out is UNSET, not None: there is no way to write null in an address.
"""

from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from werkzeug.datastructures import MultiDict

from server.answers import By
from server.questions import Asked, AskError
from server.stats import MOST_DAYS
from storage.leaderboard import Sort
from storage.series import Step

MOST_ENTRIES: Final = 1000  # of one page
_DAY: Final[dict[str, Any]] = {"format": "date", "examples": ["2026-11-01"]}
_TEXT: Final = "^[^\\u0000]*$"  # PostgreSQL's text has no NUL

Range = Literal["today", "7d", "30d", "90d", "365d", "all", "custom"]
ORDERS: Final = tuple(get_args(one) for one in (Range, Step, Sort, By))
"""Words in an order that says something; a schema has them by the alphabet."""
Day = Annotated[str, Meta(min_length=1, pattern=_TEXT, extra_json_schema=_DAY)]
Text = Annotated[str, Meta(max_length=200, pattern=_TEXT)]
Label = Annotated[str, Meta(min_length=1, max_length=40)]
Limit = Annotated[int, Meta(ge=1, le=MOST_ENTRIES, description="How many entries a page has.")]
Cursor = Annotated[
    str,
    Meta(
        max_length=8000,
        pattern="^[A-Za-z0-9_-]*$",
        description="`next` of the page before. It carries the question, whose parameters need not be sent again; if "
        "they are, they must say the same.",
    ),
]


class Days(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which days, on the site's clock."""

    range: Annotated[
        Range | UnsetType,
        Meta(
            description="30d unless `from` or `to` is there, which makes it custom. Ranges end today.",
        ),
    ] = UNSET
    first: Annotated[Day | UnsetType, Meta(description="The first day, ISO 8601.")] = field(name="from", default=UNSET)
    last: Annotated[Day | UnsetType, Meta(description="The last day, included, ISO 8601; otherwise today.")] = field(
        name="to", default=UNSET
    )

    def asked(self) -> Asked:
        """For server/questions.py."""
        return Asked(self.range or None, self.first or None, self.last or None)


class Steps(Days, kw_only=True, forbid_unknown_fields=True):
    """Which days, and in which steps."""

    step: Annotated[
        Step | UnsetType,
        Meta(description="Otherwise what shows most: day up to 92 days, week up to 400, then month."),
    ] = UNSET

    def asked(self) -> Asked:
        """For server/questions.py."""
        days = super().asked()
        return Asked(days.range, days.first, days.last, self.step or None)


class Split(Days, kw_only=True, forbid_unknown_fields=True):
    """Which days, and what to split by."""

    by: Annotated[
        By,
        Meta(
            description="bucket: how far plays went. channel: how shares were made. via: what brought plays. "
            "medium: plays by the medium of their release; of the site alone."
        ),
    ]


class Board(Steps, kw_only=True, forbid_unknown_fields=True):
    """Which leaderboard, and which page of it."""

    sort: Annotated[
        Sort,
        Meta(
            description="listeners: each day's, added up, where the privacy mode counts by day; otherwise of all time."
        ),
    ] = "plays"
    order: Annotated[
        Literal["desc", "asc"] | UnsetType, Meta(description="desc, or asc where it is sorted by title.")
    ] = UNSET
    search: Annotated[Text, Meta(description="A part of the title or the key, upper and lower case alike.")] = ""
    medium: Annotated[Text | UnsetType, Meta(description="On releases of this medium only.")] = UNSET
    trend: Annotated[bool, Meta(description="Whether each entry has its plays step by step.")] = False
    limit: Limit = 25
    cursor: Cursor | UnsetType = UNSET


class TrackBoard(Board, kw_only=True, forbid_unknown_fields=True):
    """Which leaderboard of tracks, and which page of it."""

    release: Annotated[Text | UnsetType, Meta(description="On the release of this key only.")] = UNSET


class CatalogQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which page of the catalog."""

    limit: Limit = 500
    cursor: Cursor | UnsetType = UNSET


class ListenerDays(Struct, kw_only=True):
    """Of the public figures."""

    days: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_DAYS)] | UnsetType,
        Meta(description="Of how many days, today included, `listenersByDay` is wanted."),
    ] = UNSET


class Badge(Struct, kw_only=True):
    """How a badge looks."""

    figure: Literal["plays", "complete", "shares", "listeners", "listeners-today"] = "plays"
    look: Literal["flat", "odometer"] = "flat"
    label: Annotated[Label | UnsetType, Meta(description="Otherwise the figure's own.")] = UNSET


class Export(Struct, kw_only=True, forbid_unknown_fields=True):
    """Of the exports."""

    format: Annotated[Literal["csv", "ndjson"], Meta(description="CSV, or one JSON object a line.")] = "csv"
    first: Annotated[Day | UnsetType, Meta(description="The first day, ISO 8601.")] = field(name="from", default=UNSET)
    last: Annotated[Day | UnsetType, Meta(description="The last day, included.")] = field(name="to", default=UNSET)


class Nothing(Struct, forbid_unknown_fields=True):
    """No parameter is known."""


def in_order(schema: Any) -> Any:
    """The same schema with its words in the order of `ORDERS`."""
    if isinstance(schema, dict):
        orders = {frozenset(order): list(order) for order in ORDERS}
        ordered = {name: in_order(value) for name, value in schema.items()}
        if "enum" in schema:
            ordered["enum"] = orders.get(frozenset(schema["enum"]), schema["enum"])
        return ordered
    return [in_order(one) for one in schema] if isinstance(schema, list) else schema


def read(form: type[Struct], given: MultiDict[str, str]) -> Struct:
    """Raises AskError: a misspelt parameter must not be a silent default."""
    known = {one.encode_name for one in msgspec.structs.fields(form)}
    for name, values in given.lists():
        if name not in known:
            listed = f"known are {', '.join(sorted(known))}" if known else "it takes none"
            raise AskError(f"This address knows no parameter {name!r}; {listed}.")
        if len(values) > 1:
            raise AskError(f"The parameter {name} stands there {len(values)} times; once is enough.")
    try:
        return msgspec.convert(given.to_dict(), form, strict=False)
    except msgspec.ValidationError as error:
        raise AskError(_sentence(form, str(error), given)) from None


def _sentence(form: type[Struct], message: str, given: MultiDict[str, str]) -> str:
    """Names the parameter, what was sent, and what is allowed."""
    schema = msgspec.json.schema(form)
    described = in_order(next(iter(schema["$defs"].values())))["properties"]
    name = message.partition(" - at `$.")[2].rstrip("`")
    if name not in described:
        missing = message.removeprefix("Object missing required field ").strip("`")
        return f"The parameter {missing} is missing; allowed is {_allowed(described[missing])}."
    return f"{name} is {given[name]!r:.80}; allowed is {_allowed(described[name])}."


def _allowed(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if schema["type"] == "integer":
        return f"a whole number from {schema['minimum']} to {schema['maximum']}"
    if schema.get("format") == "date":
        return "a day such as 2026-11-21"
    if schema["type"] == "boolean":
        return "true or false"
    return f"text of up to {schema.get('maxLength', 200)} characters without NUL"
