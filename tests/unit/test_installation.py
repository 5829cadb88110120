"""All processes as metrics: counts that never go back, one number for the rest, and who is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from actors.processes import Process
from actors.pulse import Pulse
from actors.report import Report
from server.installation import families


@dataclass
class Heard:
    """A pulse that has heard this."""

    told: Sequence[Process]
    connected: bool = True
    audience: Sequence[object] = field(default_factory=tuple)

    def processes(self) -> Sequence[Process]:
        return self.told


def process(source: str, heard_s: float = 1.0, *, gone: bool = False, ended: bool = False, **more: Any) -> Process:
    figures = {"worker": 0, "version": "1", "mode": "both", "started_at": 100, **more}
    return Process(source, Report(**figures), heard_s, gone, ended)


def samples(*told: Process, connected: bool = True) -> Mapping[str, float]:
    """`name` or `name{value,value}` -> value, without the prefix they all have."""
    found: list[Metric] = list(families(cast(Pulse, Heard(told, connected))))
    return {name_of(one): one.value for family in found for one in family.samples}


def name_of(sample: Sample) -> str:
    name = sample.name.removeprefix("tonearm_installation_")
    return f"{name}{{{','.join(sample.labels.values())}}}" if sample.labels else name


def test_each_process_has_counts_of_its_own() -> None:
    found = samples(process("a", received=7, counted=5, refused={"rate": 2}), process("b", received=3, counted=3))
    assert (7, 3) == (found["events_received_total{a}"], found["events_received_total{b}"])
    assert (2, 0) == (found["events_refused_total{a,rate}"], found["events_refused_total{b,rate}"])


def test_counts_that_another_process_may_have_told_later_already_are_left_out() -> None:
    found = samples(process("a", received=7), process("b", heard_s=12.5, received=3))
    assert {"events_received_total{a}"} == {name for name in found if name.startswith("events_received")}
    assert 2 == found["processes"]  # it lives all the same


def test_what_waits_is_added_up_and_ages_are_the_greatest() -> None:
    told = [process("a", spooled=7, spool_bytes=70, oldest_s=3.0, lag_s=9.0), process("b", spooled=1, oldest_s=5.0)]
    found = samples(*told)
    assert (8, 70, 5.0, 9.0) == tuple(
        found[name] for name in ("events_pending", "spool_bytes", "spool_oldest_seconds", "writer_lag_seconds")
    )


def test_mistakes_of_two_ledgers_do_not_cancel_each_other_out() -> None:
    found = samples(process("a", received=1), process("b", counted=1))
    assert 2 == found["ledger_missing"]


def test_one_that_is_silent_is_lost_and_one_that_has_ended_is_not() -> None:
    told = [process("a"), process("b", 40, gone=True), process("c", 40, gone=True, ended=True)]
    found = samples(*told)
    assert (1, 1) == (found["processes"], found["processes_lost"])


def test_nobody_is_lost_while_nobody_can_be_heard() -> None:
    assert 0 == samples(process("a"), process("b", 40, gone=True), connected=False)["processes_lost"]


def test_versions_and_modes_side_by_side_are_counted_among_the_living() -> None:
    told = [process("a"), process("b", version="2", mode="off"), process("c", 40, gone=True, version="3")]
    found = samples(*told)
    assert (2, 2) == (found["versions"], found["modes"])


def test_a_check_is_told_once_there_was_one() -> None:
    assert "check_differences" not in samples(process("a"))
    assert 4 == samples(process("a"), process("b", checked_at=50, differences=4))["check_differences"]
