"""Webhooks by the rules of Standard Webhooks (standardwebhooks.com), for which receivers find libraries.

The signature covers the alert's id, the time of this attempt and the body. The id stays the same however often an
alert is sent, by which a receiver drops repeats.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Final

import httpx2
import trio

from actors.herald import NotDelivered
from server import outgoing
from storage.alerts import Alert

_LONGEST_S: Final = 30.0


def signature(secret: str, alert_id: str, timestamp: int, body: str) -> str:
    """The header `webhook-signature`. `secret`: `whsec_` and Base64."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{alert_id}.{timestamp}.{body}".encode()
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


class Webhook:
    """The way out. Redirects are not followed: they would take the alert to somebody who was not named."""

    def __init__(self, url: str, secret: str, now: Callable[[], float]) -> None:
        self._url = url
        self._secret = secret
        self._now = now

    async def deliver(self, alert: Alert) -> None:
        """Raises NotDelivered for any answer but 2xx."""
        host = outgoing.host_of(self._url)
        timestamp = int(self._now())
        headers = {
            "content-type": "application/json",
            "webhook-id": alert.alert_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._secret, alert.alert_id, timestamp, alert.body),
        }
        try:
            with trio.fail_after(_LONGEST_S):
                async with outgoing.client() as client:
                    request = client.build_request("POST", self._url, content=alert.body.encode(), headers=headers)
                    answer = await client.send(request, stream=True)  # what it says is of no interest
                    await answer.aclose()
        except trio.TooSlowError:
            raise NotDelivered(f"{host} took longer than {_LONGEST_S:.0f} s.") from None
        except httpx2.HTTPError as error:
            raise NotDelivered(f"{host} cannot be reached: {outgoing.reason(error)}.") from None
        if answer.is_redirect:
            raise NotDelivered(f"{host} answers with a redirect, which is not followed; set the address it leads to.")
        if answer.status_code == httpx2.codes.GONE:
            raise NotDelivered(f"{host} answers 410: it wants no more of these.", for_good=True)
        if not answer.is_success:
            raise NotDelivered(f"{host} answers {answer.status_code}.")
