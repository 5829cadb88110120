"""What a running service says of itself on its metrics page, and where its promises end."""

import re
from urllib.request import urlopen

import trio

from tests.support.service import Service

HANGS_S = 300  # what takes this long hangs: a busy machine, a long recovery and a supervisor's pauses stay below it


def ledger(service: Service) -> dict[str, int]:
    """received, recovered, counted, duplicate, pending, and a count for each reason of refusal."""
    with urlopen(f"{service.url}/metrics") as answer:
        text = answer.read().decode()
    pattern = r"^tonearm_events_(\w+?)(?:_total)?(?:\{(?:reason=\"([a-z-]+)\")?[^}]*\})? ([\d.e+]+)$"
    return {reason or name: int(float(number)) for name, reason, number in re.findall(pattern, text, re.MULTILINE)}


async def until(service: Service, reached: str, number: int) -> None:
    """Until the ledger's figure is at least `number`; for `pending`, at most."""
    with trio.fail_after(HANGS_S):
        while True:
            figure = (await trio.to_thread.run_sync(ledger, service))[reached]
            if figure <= number if reached == "pending" else figure >= number:
                return
            await trio.sleep(0.05)
