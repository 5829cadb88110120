"""The other side's books: what a client knows of its requests, held against the service's ledger and its database.

They know one life of the service by every reason, and all lives together by what was accepted. Nothing here sends.
"""

from collections import Counter
from collections.abc import Mapping, Set

from tests.support.http import Answer
from tests.support.ledger_requests import REFUSED, UNCOUNTED, VALID, Sample, reason
from tests.support.load import Promises

SUM = {"received", "recovered", "counted", "duplicate", "pending"}  # all others are reasons of refusal


class Books:
    """`life`: received and each reason of this life. `accepted`: over all lives, known for certain."""

    def __init__(self) -> None:
        self.life: Counter[str] = Counter()
        self.accepted = 0
        self.promises = Promises()
        self._doubtful = 0  # sent to a life that was killed, and not answered

    def sent(self, sample: Sample) -> None:
        if sample.looked_up:
            self.promises.sent.add(sample.key)

    def answered(self, sample: Sample, answer: Answer) -> None:
        """With what it had to be answered, and for the reason that is its own."""
        if sample.kind in UNCOUNTED:
            assert UNCOUNTED[sample.kind] == answer.status
            return
        self.life["received"] += 1
        if answer.status == 202:
            assert sample.kind in VALID
            self._acknowledged(sample)
            return
        why = reason(answer)
        self.life[why] += 1
        if sample.kind in VALID:
            assert (answer.status, why) in ((429, "rate"), (503, "unavailable"))
            self._refused(sample, answer)
        else:
            wanted = (REFUSED[sample.kind], sample.kind) if sample.kind in REFUSED else (400, "malformed")
            assert wanted == (answer.status, why)

    def too_slow(self, answer: Answer) -> None:
        """What never became a request."""
        assert (408, "slow") == (answer.status, reason(answer))
        self.life.update(("received", "slow"))

    def last_words(self, sample: Sample, answer: Answer) -> None:
        """Of a life that is being killed: its own ledger goes with it, but what it promised and refused stays so."""
        if answer.status == 202:
            self._acknowledged(sample)
        else:
            self._refused(sample, answer)

    def unheard(self, number: int, figures: Mapping[str, int]) -> None:
        """So many valid events came whole from somebody who did not wait: the service alone knows how many it took."""
        full = figures["unavailable"] - self.life["unavailable"]
        assert 0 <= full <= number
        self.life["received"] += number
        self.life["unavailable"] += full
        self.accepted += number - full

    def unanswered(self, number: int) -> None:
        """By a life that was killed: each of them may have been accepted, or not."""
        self._doubtful += number

    def next_life(self, written: int, recovered: int) -> None:
        """What the last life left in the database and in the spool is all that all lives accepted.

        The last one's refusals are known to nobody any more if it was killed. What it accepted is: between what was
        acknowledged, and that with every unanswered request added. What has not survived now never will.
        """
        survived = written + recovered - self.accepted
        assert 0 <= survived <= self._doubtful, (written, recovered, self.accepted, self._doubtful)
        self.accepted += survived
        self._doubtful = 0
        self.life.clear()

    def agree(self, figures: Mapping[str, int]) -> None:
        """The service's ledger of this life has every request where the client has it."""
        names = {"received", *reasons(figures)}
        assert {name: self.life[name] for name in names} == {name: figures[name] for name in names}
        assert self.life.keys() <= names

    def all_written(self, written: int) -> None:
        """With nothing pending: over all lives, the database has what was accepted, not one more, not one less."""
        assert self.accepted == written

    def _acknowledged(self, sample: Sample) -> None:
        self.accepted += 1
        if sample.looked_up:
            self.promises.acknowledged.add(sample.key)

    def _refused(self, sample: Sample, answer: Answer) -> None:
        if sample.looked_up:
            self.promises.refused[sample.key] = answer.status


def reasons(figures: Mapping[str, int]) -> Set[str]:
    """Those of refusal, by which a ledger counts."""
    return figures.keys() - SUM


def missing(figures: Mapping[str, int]) -> int:
    """Requests without an outcome, or, below zero, outcomes without a request; 0 but for a moment."""
    outcomes = (SUM - {"received", "recovered"}) | reasons(figures)
    return figures["received"] + figures["recovered"] - sum(figures[name] for name in outcomes)
