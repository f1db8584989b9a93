"""The rows of a submission and what became of each in, its texts and the run's report out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from prompt_recovery.submit.queue.accepted import Answer

DEFAULT = "default"  # who answered the rows that nobody answered
OUT_OF_MEMORY = "out of memory"  # of a batch that was then halved: a remedy at work, no problem


@dataclass
class Progress:
    """What is known of n rows so far: their answers, why others got the default, and what happened meanwhile."""

    rows: int
    default: str
    answers: dict[int, Answer] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)  # of the rows that get the default for good
    events: Counter[str] = field(default_factory=Counter)
    workers: list[dict[str, Any]] = field(default_factory=list)
    batches: int = 0
    answering_seconds: float = 0.0  # since the first worker was loaded
    rows_before: int = 0  # that a journal held at the start

    def texts(self) -> list[str]:
        """Return the text of each row: its answer, else the default."""
        return [self.answers[row].text if row in self.answers else self.default for row in range(self.rows)]

    @property
    def problems(self) -> list[str]:
        """Return all that was not as it should be, in words."""
        given = Counter(self.reasons.values())
        told = [f"{count} of {self.rows} rows got the default: {reason}" for reason, count in given.most_common()]
        events = [f"{count} times: {event}" for event, count in self.events.most_common() if event != OUT_OF_MEMORY]
        return told + events

    def report(self) -> dict[str, Any]:
        """Return the report's figures of the rows, as JSON values."""
        answered = Counter(answer.answered_by for answer in self.answers.values())
        seconds = self.answering_seconds
        return {
            "rows": self.rows,
            "answered": {**answered, DEFAULT: self.rows - len(self.answers)},
            "default_reasons": dict(Counter(self.reasons.values())),
            "problems": self.problems,
            "events": dict(self.events),
            "rows_per_second": round((len(self.answers) - self.rows_before) / seconds, 3) if seconds else 0.0,
            "peak_memory_bytes": max((worker["peak_memory_bytes"] for worker in self.workers), default=0),
            "workers": self.workers,
            "batches": self.batches,
        }
