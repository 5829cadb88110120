"""The OpenAPI document as a page that people read: one HTML file and one style sheet, no script."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup, escape
from quart import render_template

from server.api.openapi import phrase

CSS: Final = (Path(__file__).with_name("static") / "docs.css").read_bytes()
HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "public, max-age=300",
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
}
_HOST: Final = "https://plays.example.org"
_KEY: Final = {"track": "harbour-lights", "release": "night-ferry"}

Described = Mapping[str, Any]  # a part of the document, whose shape OpenAPI gives


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter, or one field of a shape."""

    name: str
    kind: Markup
    required: bool
    says: Markup


@dataclass(frozen=True, slots=True)
class Reply:
    """One status."""

    status: str
    phrase: str
    says: Markup
    shape: str | None  # the name of its schema


@dataclass(frozen=True, slots=True)
class Operation:
    """One route."""

    anchor: str
    method: str
    path: Markup
    scope: str | None
    summary: str
    says: Markup
    parameters: Sequence[Row]
    takes: str | None  # the name of its schema
    curl: str
    replies: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together."""

    tag: str
    anchor: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema that is an object."""

    name: str
    says: Markup
    fields: Sequence[Row]


async def shown(document: Described) -> str:
    """The page."""
    info = document["info"]
    return await render_template(
        "api/docs.html",
        about=_prose(info["description"]),
        version=info["version"],
        groups=list(_groups(document)),
        shapes=list(_shapes(document)),
    )


def _groups(document: Described) -> Iterator[Group]:
    listed = [
        (operation["tags"][0], _operation(document, method, path, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    order = [tag["name"] for tag in document["tags"]]
    listed.sort(key=lambda one: order.index(one[0]))
    for tag, members in groupby(listed, key=lambda one: one[0]):
        yield Group(tag, tag.lower().replace(" ", "-"), [operation for _, operation in members])


def _operation(document: Described, method: str, path: str, operation: Described) -> Operation:
    body = operation.get("requestBody")
    scopes = [scope for way in operation.get("security", ()) for roles in way.values() for scope in roles]
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        # A line may break behind a slash.
        path=Markup("/<wbr>").join(path.split("/")),
        scope=scopes[0] if scopes else None,
        summary=operation["summary"],
        says=_prose(operation.get("description", "")),
        parameters=[_parameter(one) for one in operation.get("parameters", ()) if one["in"] != "header"],
        takes=_shape_of(body) if body else None,
        curl=_curl(method, path, operation, scoped=bool(scopes)),
        replies=[_reply(document, status, reply) for status, reply in operation["responses"].items()],
    )


def _parameter(described: Described) -> Row:
    says = described.get("description", "")
    if "default" in described["schema"] and described["schema"]["default"] not in ("", False):
        says = f"{says} Otherwise {described['schema']['default']}.".strip()
    return Row(described["name"], _kind(described["schema"]), described.get("required", False), _prose(says))


def _reply(document: Described, status: str, reply: Described) -> Reply:
    if "$ref" in reply:
        reply = document["components"]["responses"][reply["$ref"].rpartition("/")[2]]
    return Reply(status, phrase(status), _prose(reply["description"]), _shape_of(reply))


def _shape_of(holder: Described) -> str | None:
    for content in holder.get("content", {}).values():
        if "$ref" in content.get("schema", {}):
            return str(content["schema"]["$ref"].rpartition("/")[2])
    return None


def _shapes(document: Described) -> Iterator[Shape]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        if schema.get("type") == "object":
            required = schema.get("required", ())
            rows = [
                Row(field, _kind(described), field in required, _prose(described.get("description", "")))
                for field, described in schema["properties"].items()
            ]
            yield Shape(name, _prose(schema.get("description", "")), rows)


def _kind(schema: Described) -> Markup:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#shape-{0}">{0}</a>').format(name) if name != "Mode" else Markup("privacy mode")
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return Markup(" or ").join(kinds) + (" or null" if len(kinds) < len(schema["anyOf"]) else "")
    if "enum" in schema:
        return Markup(", ").join(Markup("<code>{}</code>").format(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return Markup("list of ") + _kind(schema["items"])
    if schema.get("format") == "date":
        return Markup("day, as 2026-11-21")
    bounds = [str(schema[bound]) for bound in ("minimum", "maximum") if bound in schema]
    named = {"integer": "whole number", "string": "text", "boolean": "true or false"}
    kind = named.get(schema.get("type", ""), schema.get("type", "anything"))
    if len(bounds) == 2:
        return Markup("{}, {}").format(kind, " to ".join(bounds))
    return escape(kind)


def _curl(method: str, path: str, operation: Described, *, scoped: bool) -> str:
    for kind, key in _KEY.items():
        path = path.replace(f"{kind}/{{key}}", f"{kind}/{key}")
    given = {one["name"]: one["schema"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    query = {name: schema["enum"][0] for name, schema in given.items() if name == "by"}
    query |= {"range": "7d"} if "range" in given else {}
    address = f"{_HOST}{path}" + (f"?{urlencode(query)}" if query else "")
    program = "curl" if method == "get" else f"curl -X {method.upper()}"
    lines = [f"{program} '{address}'" if query else f"{program} {address}"]
    if scoped:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if "requestBody" in operation:
        media_type, content = next(iter(operation["requestBody"]["content"].items()))
        lines.append(f"-H 'Content-Type: {media_type}'")
        lines.append(f"-d '{json.dumps(content['example'], ensure_ascii=False)}'")
    return " \\\n  ".join(lines)


def _prose(text: str) -> Markup:
    """Paragraphs, and what stands between backticks as code."""
    paragraphs = [
        re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(one))).replace("\n", "<br>") for one in text.split("\n\n")
    ]
    return Markup("".join(f"<p>{one}</p>" for one in paragraphs if one))  # noqa: S704  # escaped above
