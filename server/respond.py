"""From the doors' common `Answer` to Quart's response."""

from quart import Response

from server.problems import Answer


def as_response(answer: Answer) -> Response:
    """The same status, headers and body."""
    response = Response(answer.body, status=answer.status)
    del response.headers["content-type"]  # Quart's default; the answer names its own, or has none
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
