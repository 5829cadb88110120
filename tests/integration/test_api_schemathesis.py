"""Every route against its own description: schemathesis makes requests that fit it, and ones that do not."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.integration.api_service import filled_service, token
from tests.support.postgres import Postgres

_PROGRAM: Final = Path(sys.executable).with_name("schemathesis")
_ENDLESS: Final = ("/api/live",)
_NOT_HELD: Final = ("positive_data_acceptance",)  # two days in the wrong order fit the schema and are refused


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("examples,fuzzing", 3), pytest.param("coverage,fuzzing,stateful", 150, marks=pytest.mark.full)],
)
def test_every_answer_is_one_that_the_document_tells_of(
    postgres: Postgres, tmp_path: Path, phases: str, examples: int
) -> None:
    with filled_service(postgres, tmp_path, events=300) as service:
        command: list[str] = [str(_PROGRAM), "run", f"{service.service.url}/api/openapi.json", "--phases", phases]
        command += ["--max-examples", str(examples), "--seed", "1", "--continue-on-failure", "--warnings", "off"]
        way_in = f"Authorization: Bearer {token(service.service, 'read', 'catalog', 'admin')}"
        command += ["--exclude-checks", ",".join(_NOT_HELD), "-H", way_in]
        for path in _ENDLESS:
            command += ["--exclude-path", path]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=1200)
        assert 0 == done.returncode, done.stdout
        assert "Traceback" not in service.service.said()
        assert "No issues found" in done.stdout
