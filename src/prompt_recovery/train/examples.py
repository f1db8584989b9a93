"""Triples in, training rows and batches of token ids out."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from tqdm import tqdm

from prompt_recovery.engines.chat import ChatFormat, Example

_TOKENISED_AT_ONCE = 500
_SORTED_BATCHES = 50  # rows are sorted by length within about so many batches: little padding, still random order


@dataclass(frozen=True)
class Row:
    """Token ids; the loss is on the last `answer_length` of them."""

    ids: list[int]
    answer_length: int
    trimmed: bool = False


@dataclass(frozen=True)
class Batch:
    """Rows as one forward pass takes them: padded on the left, or packed one behind the other in a single line.

    `ids`, `position_ids`: shape (lines, width). `mask`: the same, 1 for tokens, 0 for padding; None if packed, where
    the positions, which start anew with each row, keep the rows apart. `predicting`: the columns whose logits are
    wanted, shape (k,); `is_answer`: where what follows such a column belongs to an answer, shape (lines, k).
    """

    ids: torch.Tensor
    position_ids: torch.Tensor
    mask: torch.Tensor | None
    predicting: torch.Tensor
    is_answer: torch.Tensor

    @property
    def tokens(self) -> int:
        """The tokens without padding."""
        return self.ids.numel() if self.mask is None else int(self.mask.sum())

    @property
    def targets(self) -> torch.Tensor:
        """What follows the predicting columns, shape (lines, k)."""
        return self.ids[:, self.predicting + 1]

    @property
    def answer_tokens(self) -> int:
        return int(self.is_answer.sum())

    def to(self, device: torch.device) -> "Batch":
        return Batch(**{name: None if one is None else one.to(device) for name, one in vars(self).items()})


def rows_by_split(triples: pd.DataFrame, chat: ChatFormat) -> dict[str, list[Row]]:
    """Return the training rows of each split apart: a loss, like a score, is never pooled over splits."""
    return {str(split): training_rows(own, chat) for split, own in triples.groupby("split")}


def training_rows(triples: pd.DataFrame, chat: ChatFormat) -> list[Row]:
    """Turn triples into rows whose loss is on the answer and the token that ends the turn, and nowhere else."""
    columns = list(zip(triples["original_text"], triples["rewritten_text"], triples["rewrite_prompt"], strict=True))
    stop_ids = set(chat.stop_ids())
    rows: list[Row] = []
    with tqdm(total=len(columns), desc="tokenising", unit="row") as bar:
        for start in range(0, len(columns), _TOKENISED_AT_ONCE):
            chunk = columns[start : start + _TOKENISED_AT_ONCE]
            rows += [_row(example, stop_ids) for example in chat.examples(chunk)]
            bar.update(len(chunk))
    return rows


def _row(example: Example, stop_ids: set[int]) -> Row:
    answer_length = len(example.ids) - example.prompt_length
    if answer_length < 2 or example.ids[-1] not in stop_ids:
        raise ValueError(f"a row has no answer or no end of turn; its last ids are {example.ids[-5:]}")
    return Row(example.ids, answer_length, example.trimmed)


def plan_batches(rows: Sequence[Row], batch_tokens: int, seed: int, *, packed: bool = False) -> list[list[int]]:
    """Return batches of row numbers: every row once, at most `batch_tokens` a batch, padding included.

    If padded, rows of like lengths are together. The order is random by `seed`, but for the largest batch: it comes
    first, so that memory runs out at once or never. A row longer than `batch_tokens` is a batch of its own.
    """
    rng = random.Random(seed)
    order = rng.sample(range(len(rows)), len(rows))
    chunk = max(1, _SORTED_BATCHES * batch_tokens // max(len(row.ids) for row in rows))
    plan: list[list[int]] = []
    for start in range(0, len(order), chunk):
        some = order[start : start + chunk]
        some = some if packed else sorted(some, key=lambda row: len(rows[row].ids))
        plan += _filled(some, rows, batch_tokens, packed)
    rng.shuffle(plan)
    largest = max(range(len(plan)), key=lambda place: _size(plan[place], rows, packed))
    return [plan.pop(largest), *plan]


def _filled(order: Sequence[int], rows: Sequence[Row], batch_tokens: int, packed: bool) -> Iterator[list[int]]:
    group: list[int] = []
    for index in order:
        if group and _size([*group, index], rows, packed) > batch_tokens:
            yield group
            group = []
        group.append(index)
    yield group


def _size(group: Sequence[int], rows: Sequence[Row], packed: bool) -> int:
    lengths = [len(rows[row].ids) for row in group]
    return sum(lengths) if packed else max(lengths) * len(lengths)


def make_batch(rows: Sequence[Row], pad_id: int, *, packed: bool = False) -> Batch:
    """Pad rows on the left, so that all answers end at the last position; or pack them."""
    return _pack(rows) if packed else _pad(rows, pad_id)


def _pad(rows: Sequence[Row], pad_id: int) -> Batch:
    width = max(len(row.ids) for row in rows)
    gaps = [width - len(row.ids) for row in rows]
    mask = torch.tensor([[0] * gap + [1] * len(row.ids) for gap, row in zip(gaps, rows, strict=True)])
    longest = max(row.answer_length for row in rows)
    return Batch(
        ids=torch.tensor([[pad_id] * gap + row.ids for gap, row in zip(gaps, rows, strict=True)]),
        position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0),
        mask=mask,
        predicting=torch.arange(width - longest - 1, width - 1),
        is_answer=torch.arange(longest, 0, -1) <= torch.tensor([[row.answer_length] for row in rows]),
    )


def _pack(rows: Sequence[Row]) -> Batch:
    ends = torch.tensor([len(row.ids) for row in rows]).cumsum(dim=0).tolist()
    predicting = torch.cat([
        torch.arange(end - row.answer_length - 1, end - 1) for end, row in zip(ends, rows, strict=True)
    ])  # fmt: skip
    return Batch(
        ids=torch.tensor([[token for row in rows for token in row.ids]]),
        position_ids=torch.cat([torch.arange(len(row.ids)) for row in rows])[None],
        mask=None,
        predicting=predicting,
        is_answer=torch.ones(1, len(predicting), dtype=torch.bool),
    )
