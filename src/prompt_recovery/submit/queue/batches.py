"""How long each row's question is in, batches of rows out: those that stage 3 makes of the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """Rows, by position, that one worker answers at once; `tokens`: of all of them, padded to the longest."""

    rows: tuple[int, ...]
    tokens: int

    @property
    def halves(self) -> list["Batch"]:
        """Return the batch in two."""
        middle = len(self.rows) // 2
        return [self.part(self.rows[:middle]), self.part(self.rows[middle:])]

    @property
    def singles(self) -> list["Batch"]:
        """Return the batch row by row."""
        return [self.part([row]) for row in self.rows]

    def part(self, rows: Sequence[int]) -> "Batch":
        """Return the batch with some of its rows."""
        return Batch(tuple(rows), self.tokens * len(rows) // len(self.rows))


def batches_by_length(lengths: Sequence[int], keys: Sequence[str], batch_size: int) -> list[Batch]:
    """Return the batches, longest rows first; `keys` part rows of one length, so that their order plays no part."""
    order = sorted(range(len(keys)), key=lambda row: (-int(lengths[row]), keys[row]))
    starts = range(0, len(order), batch_size)
    parts = [tuple(order[start : start + batch_size]) for start in starts]
    return [Batch(rows, len(rows) * int(lengths[rows[0]])) for rows in parts]
