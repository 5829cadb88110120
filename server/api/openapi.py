"""The OpenAPI 3.1 document, made from the tables of routes. It holds what is served, so it cannot tell of more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

import msgspec
from msgspec import Struct

from server.access.rules import ANYBODY
from server.answers import Problem
from server.api import refusals
from server.api.described import DESCRIBED
from server.api.parameters import in_order
from server.api.route import Content, Refusal, Route
from server.api.table import ROUTES
from server.problems import CONTENT_TYPE

ALL: Final = (*ROUTES, *DESCRIBED)
_REF: Final = "#/components/schemas/{name}"
_TOKEN: Final = "token"  # noqa: S105  # the name of the way in
_ABOUT: Final = (
    "Figures of plays and shares, the catalog, and the events that the tracker sends.\n\n"
    "Routes of the operator want an API token (`Authorization: Bearer TOKEN`) with the scope that each names, or the "
    "cookie of a dashboard session. Pages of another origin cannot use them: they answer no CORS, so that a token "
    "never has to be in a browser. Public routes name their own.\n\n"
    "Days are the site's, and both ends of a range are included. Every GET answers HEAD, too. Keys are the rest of the "
    "path, slashes and all; what an address cannot hold is percent-encoded UTF-8. Every refusal is a problem "
    "(RFC 9457) with a stable `type`."
)
_KEY: Final = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": "1 to 200 bytes of UTF-8; slashes may stand as they are.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an answer that you have.",
    "schema": {"type": "string"},
}


def document(endpoints: Collection[str], version: str) -> dict[str, Any]:
    """The routes whose endpoint is among these."""
    routes = [route for route in ALL if route.endpoint in endpoints]
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    used = sorted({refusal for route in routes for refusal in refusals.of(route)}, key=lambda one: one.name)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {"title": "Tonearm", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes),
            "responses": {refusal.name: _refused([refusal]) for refusal in used},
            "securitySchemes": {
                _TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made with `tonearm token`; its scopes are read, catalog and admin.",
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.path.strip('/').replace('/', '_')}".translate(_PLAIN),
        "tags": [route.tag],
        "summary": route.summary,
        "responses": {**_given(route), **_refusals(route)},
    }
    if route.says:
        operation["description"] = route.says
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.takes is not None:
        operation["requestBody"] = {"required": True, "description": route.takes.says, "content": _body(route.takes)}
    if route.rule != ANYBODY:
        operation["security"] = [{_TOKEN: [str(route.rule)]}]
    return operation


_PLAIN: Final = str.maketrans({"{": None, "}": None, ".": "_"})


def _parameters(route: Route) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = [_KEY] if "{key}" in route.path else []
    if route.query is not None:
        schema = _schema(route.query)
        for name, described in schema["properties"].items():
            # Text from PostgreSQL's point of view: its absence is told by leaving the parameter out.
            one = {"name": name, "in": "query", "schema": {k: v for k, v in described.items() if k != "description"}}
            if "description" in described:
                one["description"] = described["description"]
            if name in schema.get("required", ()):
                one["required"] = True
            found.append(one)
    return [*found, _IF_NONE_MATCH] if route.cached else found


def _schema(form: type[Struct]) -> dict[str, Any]:
    found: dict[str, Any] = in_order(next(iter(msgspec.json.schema(form)["$defs"].values())))
    return found


def _given(route: Route) -> dict[str, Any]:
    answers: dict[str, Any] = {str(status): _answer(content, route) for status, content in route.answers.items()}
    if route.cached:
        answers["304"] = {"description": "You have it already.", "headers": _ETAG}
    return answers


_ETAG: Final = {"ETag": {"description": "Send it back as If-None-Match.", "schema": {"type": "string"}}}


def _answer(content: Content, route: Route) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": content.says}
    if content.media_types:
        answer["content"] = _body(content)
    if route.cached:
        answer["headers"] = _ETAG
    return answer


def _body(content: Content) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if content.form is not None:
        schema = {"schema": {"$ref": _REF.format(name=content.form.__name__)}}
    elif "json" not in content.media_types[0]:
        schema = {"schema": {"type": "string"}}
    if content.example is not None:
        schema["example"] = content.example
    return dict.fromkeys(content.media_types, schema)


def _refusals(route: Route) -> dict[str, Any]:
    answers = {}
    for status, group in groupby(refusals.of(route), key=lambda refusal: refusal.status):
        kinds = list(group)
        one = {"$ref": f"#/components/responses/{kinds[0].name}"}
        answers[str(status)] = one if len(kinds) == 1 else _refused(kinds)
    return answers


def _refused(kinds: Sequence[Refusal]) -> dict[str, Any]:
    says = "\n".join(f"`/problems/{kind.name}`: {kind.says}" for kind in kinds)
    refused: dict[str, Any] = {
        "description": says,
        "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(name=Problem.__name__)}}},
    }
    if any(kind.retry_after for kind in kinds):
        seconds = {"type": "integer", "minimum": 1}
        refused["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": seconds}}
    return refused


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    contents = [content for route in routes for content in (*route.answers.values(), route.takes) if content]
    forms = [Problem, *dict.fromkeys(content.form for content in contents if content.form)]
    components: dict[str, Any] = in_order(msgspec.json.schema_components(forms, ref_template=_REF)[1])
    return components


def phrase(status: str) -> str:
    """A status as people say it."""
    return HTTPStatus(int(status)).phrase
