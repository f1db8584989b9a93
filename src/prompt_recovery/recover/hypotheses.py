"""Pairs of texts in, what their prompts may be out: the hypotheses that an answer is chosen among."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.prompt_bank import PromptBank
from prompt_recovery.recover.vector_decoding import decode
from prompt_recovery.recover.vector_regressor import VectorModel
from prompt_recovery.tables import HYPOTHESES, READS_AS_NULL

AskModel = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Sources:
    """What a run draws hypotheses from; `ask_model` gives those of kind `model`, None in a run without a model."""

    constant: str
    vector: VectorModel
    bank: PromptBank
    ask_model: AskModel | None


@dataclass(frozen=True, eq=False)
class Gathered:
    """Hypotheses of schema HYPOTHESES; the pairs' predicted mean vectors, shape (n, d); seconds by kind."""

    hypotheses: pd.DataFrame
    means: np.ndarray
    seconds: dict[str, float]


def gather(pairs: pd.DataFrame, sources: Sources, embed: Embedder, run: config.RunConfig) -> Gathered:
    """Draw the hypotheses of every pair: a constant, what a model says, prompts of like training pairs and near the
    predicted vector, texts composed for it; and, for the leaderboard track, texts that are bound to nothing.
    """
    ids, seconds, tables = list(pairs["id"]), {}, []
    limit = PieceLimit(embed.count_pieces, embed.max_pieces)
    clock = _Clock(seconds)
    tables.append(_table(ids, [[limit.cut(sources.constant)]] * len(ids), "constant"))
    if sources.ask_model:
        tables.append(sources.ask_model(pairs))
        clock.lap("model")
    reading = sources.vector.read(pairs, embed, run.choice.neighbours)
    short = set(limit.fitting(sorted({prompt for own in reading.neighbours for prompt in own})))
    tables.append(_table(ids, [[one for one in own if one in short] for own in reading.neighbours], "neighbour"))
    clock.lap("neighbour")
    for track in ("clean", *(one for one in run.recover.tracks if one == "leaderboard")):
        table = decode(reading.means, sources.bank, embed, limit=limit, settings=run.decoding, track=track)
        if track == "leaderboard":
            table = table[table["kind"] == "decoded"].groupby("row").head(1).assign(kind="free")
        tables += [_of_rows(ids, own, str(kind)) for kind, own in table.groupby("kind", sort=False)]
        clock.lap("decoded" if track == "clean" else "free")
    return Gathered(pd.concat(tables, ignore_index=True), reading.means, seconds)


def _of_rows(ids: Sequence[str], table: pd.DataFrame, kind: str) -> pd.DataFrame:
    texts: list[list[str]] = [[] for _ in ids]
    for row, text in zip(table["row"], table["rewrite_prompt"], strict=True):
        texts[row].append(text)
    return _table(ids, texts, kind)


def _table(ids: Sequence[str], texts: Sequence[Sequence[str]], kind: str) -> pd.DataFrame:
    """Return a row of schema HYPOTHESES a text, each on one line; without what a CSV reader takes for null."""
    lines = [[" ".join(text.split()) for text in own] for own in texts]
    rows = [
        (id_, text, kind, "", "", number)
        for id_, own in zip(ids, lines, strict=True)
        for number, text in enumerate(own)
        if text not in READS_AS_NULL
    ]
    return pd.DataFrame(rows, columns=HYPOTHESES.names[:6]).astype({"sample": "int32"})


class _Clock:
    """Writes down what passed since the last lap."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.since = seconds, time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name], self.since = round(now - self.since, 2), now
