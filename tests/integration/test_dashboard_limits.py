"""Who has a public link cannot take the service from those who have another, from the operator, or from plays."""

import re
from pathlib import Path

from tests.integration.test_dashboard import looking
from tests.support.filled import fill_database
from tests.support.http import Door, ask


def test_a_link_that_is_asked_too_often_is_told_when_to_come_back_and_no_other_is(
    database_url: str, tmp_path: Path
) -> None:
    fill_database(database_url, events=50, days=10)
    with looking(tmp_path, database_url) as looked:
        door, links = Door.at(looked.service.url), []
        for name in ("label", "radio"):
            made = looked.service.command("share", "make", name, "--url", looked.service.url).stdout
            links += re.findall(r"/shared/[^/\s]+/", made)
        one, other = links
        answers = (ask(door, "GET", f"{one}live.csv") for _ in range(1_000))
        refused = next(answer for answer in answers if answer.status != 200)
        assert (429, "text/html; charset=utf-8") == (refused.status, refused.headers["content-type"])
        assert "Too many requests" in refused.body.decode()
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert "no-referrer" == refused.headers["referrer-policy"]
        assert 429 in {ask(door, "GET", one).status for _ in range(100)}  # one more is allowed every now and then
        assert 200 == ask(door, "GET", other).status
        assert 200 == looked.page("").status
