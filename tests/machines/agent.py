"""Runs on a machine of a test's network and does there what the test asks for: HTTP requests, one at a time.

A line of JSON in, a line of JSON out: {"url", "method", "headers", "body", "source", "within_s"} becomes {"status",
"body"}, or {"error"}. Of the standard library only, so that it starts at once.
"""

import http.client
import json
import sys
from typing import Any
from urllib.parse import urlsplit


def answer(order: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(order["url"])
    source = (order["source"], 0) if order.get("source") else None
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, order["within_s"], source)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(order["method"], target, order.get("body"), order.get("headers") or {})
        got = connection.getresponse()
        return {"status": got.status, "body": got.read().decode()}
    except (OSError, http.client.HTTPException) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        connection.close()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
