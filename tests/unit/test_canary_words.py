"""What an answer to the canary means: who refused it, the service or something in front, and what to mend."""

import pytest

from actors.ledger import Reason
from server.canary_post import refused
from server.problems import refusal

SHOWN = "https://band.example"


@pytest.mark.parametrize("reason", Reason)
def test_what_the_service_itself_refuses_is_told_with_its_reason(reason: Reason) -> None:
    answer = refusal(reason, "Some words.")
    said = refused(SHOWN, answer.status, answer.body)
    assert said.startswith(f"{SHOWN} answers {answer.status} ({reason.value}). ")
    assert "Some words" not in said


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Something in front of it refuses events"),
        (404, "does not hand /api/event/ to the service"),
        (502, "does not reach the service"),
        (504, "waits for the service in vain"),
        (418, "Look at what stands in front of it"),
        (500, "Look at what stands in front of it"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>Nothing here</html>", b'{"type":"about:blank"}', b'{"type":7}', b"\xff"])
def test_what_something_in_front_refuses_is_not_taken_for_the_service(status: int, words: str, body: bytes) -> None:
    said = refused(SHOWN, status, body)
    assert f"{SHOWN} answers {status}, and not in the words of the service." in said
    assert words in said


def test_a_redirect_is_not_followed() -> None:
    assert "redirect" in refused(SHOWN, 308, b"")


def test_another_success_is_somebody_elses() -> None:
    assert "something else answers there" in refused(SHOWN, 200, b"<html>Welcome</html>")
