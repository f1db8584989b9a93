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
    """Rows padded on the left. All tensors have shape (rows, width)."""

    ids: torch.Tensor
    mask: torch.Tensor  # 1 for tokens, 0 for padding
    is_answer: torch.Tensor  # True where the loss is
    longest_answer: int

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.ids.to(device), self.mask.to(device), self.is_answer.to(device), self.longest_answer)


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


def plan_batches(rows: Sequence[Row], batch_tokens: int, seed: int) -> list[list[int]]:
    """Return batches of row numbers: every row once, like lengths together, at most `batch_tokens` with padding.

    The order is random by `seed`, but for the largest batch: it comes first, so that memory runs out at once or never.
    A row longer than `batch_tokens` is a batch of its own.
    """
    rng = random.Random(seed)
    order = rng.sample(range(len(rows)), len(rows))
    chunk = max(1, _SORTED_BATCHES * batch_tokens // max(len(row.ids) for row in rows))
    plan: list[list[int]] = []
    for start in range(0, len(order), chunk):
        plan += _by_length(sorted(order[start : start + chunk], key=lambda i: len(rows[i].ids)), rows, batch_tokens)
    rng.shuffle(plan)
    largest = max(range(len(plan)), key=lambda i: len(plan[i]) * max(len(rows[row].ids) for row in plan[i]))
    return [plan.pop(largest), *plan]


def _by_length(order: Sequence[int], rows: Sequence[Row], batch_tokens: int) -> Iterator[list[int]]:
    group: list[int] = []
    for index in order:  # widths ascend, so the newcomer's length is the batch's width
        if group and len(rows[index].ids) * (len(group) + 1) > batch_tokens:
            yield group
            group = []
        group.append(index)
    yield group


def collate(rows: Sequence[Row], pad_id: int) -> Batch:
    """Pad rows on the left, so that all answers end at the last position."""
    width = max(len(row.ids) for row in rows)
    gaps = [width - len(row.ids) for row in rows]
    from_end = torch.arange(width, 0, -1)
    return Batch(
        ids=torch.tensor([[pad_id] * gap + row.ids for gap, row in zip(gaps, rows, strict=True)]),
        mask=torch.tensor([[0] * gap + [1] * len(row.ids) for gap, row in zip(gaps, rows, strict=True)]),
        is_answer=from_end <= torch.tensor([[row.answer_length] for row in rows]),
        longest_answer=max(row.answer_length for row in rows),
    )
