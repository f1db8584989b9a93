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
    """Token ids and the weight of each in the loss: 0 or little for what is given, 1 for the answer."""

    ids: list[int]
    loss_weights: list[float]
    trimmed: bool = False


@dataclass(frozen=True)
class Batch:
    """Rows padded on the left. All tensors have shape (rows, width)."""

    ids: torch.Tensor
    mask: torch.Tensor
    loss_weights: torch.Tensor
    kept_positions: int  # loss weights are zero before the last so many positions

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.ids.to(device), self.mask.to(device), self.loss_weights.to(device), self.kept_positions)


def training_rows(triples: pd.DataFrame, chat: ChatFormat, text_loss_weight: float = 0.0) -> list[Row]:
    """Turn triples into rows whose loss is on the answer and the token that ends the turn, and nowhere else.

    `text_loss_weight` puts that weight on the given tokens too, for a base that learns to read.
    """
    columns = list(zip(triples["original_text"], triples["rewritten_text"], triples["rewrite_prompt"], strict=True))
    stop_ids = set(chat.stop_ids())
    rows: list[Row] = []
    with tqdm(total=len(columns), desc="tokenising", unit="row") as bar:
        for start in range(0, len(columns), _TOKENISED_AT_ONCE):
            chunk = columns[start : start + _TOKENISED_AT_ONCE]
            rows += [_row(example, stop_ids, text_loss_weight) for example in chat.examples(chunk)]
            bar.update(len(chunk))
    return rows


def _row(example: Example, stop_ids: set[int], text_loss_weight: float) -> Row:
    answer_length = len(example.ids) - example.prompt_length
    if answer_length < 2 or example.ids[-1] not in stop_ids:
        raise ValueError(f"a row has no answer or no end of turn; its last ids are {example.ids[-5:]}")
    weights = [text_loss_weight] * example.prompt_length + [1.0] * answer_length
    return Row(example.ids, weights, example.trimmed)


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
    weights = torch.tensor([[0.0] * gap + row.loss_weights for gap, row in zip(gaps, rows, strict=True)])
    first = int(weights.any(dim=0).nonzero()[0])
    return Batch(
        ids=torch.tensor([[pad_id] * gap + row.ids for gap, row in zip(gaps, rows, strict=True)]),
        mask=torch.tensor([[0] * gap + [1] * len(row.ids) for gap, row in zip(gaps, rows, strict=True)]),
        loss_weights=weights,
        kept_positions=width - first,
    )
