"""What a check found in, lines that a person reads out."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_WIDTH = 120
_SUBJECT_COLUMN, _TEXT_COLUMN = 9, 33


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, what was found; unless that is ok, what was expected and what to do, too."""

    subject: str
    state: Literal["ok", "warning", "problem"]
    found: str
    expected: str = ""
    remedy: str = ""

    def text(self) -> str:
        """Return its lines: the first with all that is short, the remedy on one of its own."""
        head = f"{self.state:<{_SUBJECT_COLUMN}}{self.subject:<{_TEXT_COLUMN - _SUBJECT_COLUMN}}"
        said = [self.found + (f"; expected {self.expected}" if self.expected else "")]
        said += [f"-> {self.remedy}"] if self.remedy else []
        margin = " " * _TEXT_COLUMN
        lines = [wrapped(one, first=margin, rest=margin) for one in said]
        return head + "\n".join(lines)[_TEXT_COLUMN:]


def wrapped(text: str, *, first: str, rest: str) -> str:
    """Return the text in lines of one width, after `first` in the first line and `rest` in all others."""
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def summary(findings: Sequence[Finding]) -> str:
    """Return how many there are of each state, in words."""
    counts = {state: sum(one.state == state for one in findings) for state in ("problem", "warning", "ok")}
    return ", ".join(f"{count} {state}{'s' if state != 'ok' and count != 1 else ''}" for state, count in counts.items())
