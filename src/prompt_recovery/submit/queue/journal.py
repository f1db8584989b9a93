"""Answers in, a file of one JSON object a line out, from which the rows that were answered are known again."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prompt_recovery.submit.queue.accepted import Answer


class Journal:
    """A file that grows by the rows of each batch, and is on the disk as far as it was written.

    Its first line names what is answered: a file of other rows, or of another bundle, is begun anew.
    """

    def __init__(self, path: Path, subject: str):
        self.path = path
        self.answers = answers_written(path, subject)
        if self.answers:
            whole = path.read_bytes()
            path.write_bytes(whole[: whole.rfind(b"\n") + 1])  # without the end that a killed process left
        else:
            path.write_text(_line({"answers": subject}), encoding="utf-8")

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Append the rows of a batch: `row`, `id`, `rewrite_prompt`, `answered_by`, of a default its `reason` too."""
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(map(_line, rows))


def answers_written(path: Path, subject: str) -> dict[int, Answer]:
    """Return the answers in a journal of that subject by row, without defaults; a torn last line is left out."""
    if not path.is_file():
        return {}
    lines = path.read_bytes().split(b"\n")[:-1]
    if not lines or json.loads(lines[0]) != {"answers": subject}:
        return {}
    rows = map(json.loads, lines[1:])
    return {row["row"]: Answer(row["rewrite_prompt"], row["answered_by"]) for row in rows if "reason" not in row}


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value) + "\n"
