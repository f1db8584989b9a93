"""Submissions in, rows of submissions/LOG.md out: what was sent, what it scored here, what the board said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent

_HEADER = "| date | run | commit | bundle |"
_NO_SCORE = "-"


@dataclass(frozen=True)
class LogRow:
    """One line of the table, its cells as they stand there."""

    date: str
    run: str
    commit: str
    bundle_id: str
    local_score: str
    board_score: str = _NO_SCORE

    def line(self) -> str:
        return _line((self.date, self.run, self.commit, self.bundle_id, self.local_score, self.board_score))


def local_score(run: config.RunConfig, document: dict[str, Any]) -> str:
    """Return a score.json's SCS of what the notebook answers with, by split: "minilm; S0 0.643 / S1 0.529"."""
    answering = {"clean": "choice", "leaderboard": "leaderboard"}
    method = answering[run.recover.tracks[0]] if run.recover.tracks else run.method
    scores = [f"{one['split']} {one['score']:.3f}" for one in document["scores"] if one["method"] == method]
    return f"{document['embedder']}; {' / '.join(scores)}"


def add_row(log: Path, row: LogRow) -> None:
    """Add the row, unless one of this run and bundle is there. Raises InputError when the file has no such table."""
    lines = _lines(log)
    if not any(_of(line, row.run, row.bundle_id) for line in lines):
        _write(log, [*lines, row.line()])


def fill_board_scores(log: Path, run: str, score_of: Callable[[str], str]) -> None:
    """Ask `score_of` each bundle of the run whose row has no board score yet, and write what it says in that row."""
    lines = _lines(log)
    for number, line in enumerate(lines):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[1] == run and cells[-1] == _NO_SCORE:
            score = score_of(cells[3])
            if score:
                lines[number] = _line([*cells[:-1], score])
    if lines != _lines(log):
        _write(log, lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _lines(log: Path) -> list[str]:
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    if _HEADER not in text:
        raise InputError(f"{log}: expected a table that begins with `{_HEADER}`. Restore the file: git checkout {log}")
    return text.rstrip("\n").split("\n")


def _of(line: str, run: str, bundle_id: str) -> bool:
    cells = [cell.strip() for cell in line.split("|")]
    return run in cells and bundle_id in cells


def _write(log: Path, lines: list[str]) -> None:
    with whole_or_absent(log) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
