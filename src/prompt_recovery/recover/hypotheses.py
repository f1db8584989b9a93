"""Pairs of texts in, what their prompts may be out: the hypotheses that an answer is chosen among."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.recover.choice.evidence import Evidence, answerable_evidence
from prompt_recovery.recover.leaderboard.cluster_constants import ClusterConstants
from prompt_recovery.recover.model_hypotheses import ModelHypotheses
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.prompt_bank import PromptBank
from prompt_recovery.recover.vector.vector_decoding import chosen, decode
from prompt_recovery.recover.vector.vector_predictor import VectorPredictor
from prompt_recovery.tables import HYPOTHESES

AskModel = Callable[[pd.DataFrame], ModelHypotheses]


@dataclass(frozen=True, eq=False)
class Sources:
    """What a run draws hypotheses from; `ask_model` gives those of kind `model`, None in a run without a model."""

    constant: str
    vector: VectorPredictor
    bank: PromptBank
    ask_model: AskModel | None
    # the other track's constants, of all rows and of each cluster, where they were searched
    leaderboard: str | None = None
    clusters: ClusterConstants | None = None


@dataclass(frozen=True, eq=False)
class Gathered:
    """What speaks for the prompts of n pairs, and the seconds that each kind took.

    `decoded`: of each pair the text that says its predicted vector best; `free`: the same, bound by no wording, only
    where the leaderboard track is asked for; `said`: what the run's model answered, if it has one.
    """

    evidence: Evidence
    said: ModelHypotheses | None
    decoded: list[str]
    free: list[str] | None
    seconds: dict[str, float]


def gather(pairs: pd.DataFrame, sources: Sources, embed: Embedder, run: config.RunConfig) -> Gathered:
    """Draw the hypotheses of every pair: a constant, what a model says, prompts of like training pairs and near the
    predicted vector, texts composed for it; and, for the leaderboard track, texts that are bound by no wording.
    """
    ids, tables, clock = list(pairs["id"]), [], _Clock()
    limit = PieceLimit(embed.count_pieces, embed.max_pieces)
    tables.append(_table(ids, [[limit.cut(sources.constant)]] * len(ids), "constant"))
    said = sources.ask_model(pairs) if sources.ask_model else None
    if said:
        tables.append(said.table)
        clock.lap("model")
    reading = sources.vector.read(pairs, embed, run.choice.neighbours)
    tables.append(_table(ids, reading.neighbours, "neighbour"))
    clock.lap("neighbour")
    decoded = partial(decode, reading.means, sources.bank, embed, limit=limit, settings=run.decoding)
    clean = decoded()
    tables.append(_of_rows(ids, clean[clean["kind"] == "decoded"], "decoded"))
    rows, _ = sources.bank.nearest(reading.means, run.decoding.retrieved)
    tables.append(_table(ids, [[sources.bank.prompts[place] for place in own] for own in rows], "retrieved"))
    clock.lap("decoded")
    free = None
    if "leaderboard" in run.recover.tracks:
        free = list(chosen(decoded(track="leaderboard"))["rewrite_prompt"])
        clock.lap("free")
    hypotheses, unchanged = pd.concat(tables, ignore_index=True), run.choice.unchanged_prompt
    by_vector = {"means": reading.means, "constant_scores": reading.constant_scores}
    evidence = answerable_evidence(pairs, hypotheses, **by_vector, limit=limit, unchanged_prompt=unchanged)
    return Gathered(evidence, said, list(chosen(clean)["rewrite_prompt"]), free, clock.seconds)


def _of_rows(ids: Sequence[str], table: pd.DataFrame, kind: str) -> pd.DataFrame:
    texts: list[list[str]] = [[] for _ in ids]
    for row, text in zip(table["row"], table["rewrite_prompt"], strict=True):
        texts[row].append(text)
    return _table(ids, texts, kind)


def _table(ids: Sequence[str], texts: Sequence[Sequence[str]], kind: str) -> pd.DataFrame:
    rows = [
        (id_, text, kind, "", "", number)
        for id_, own in zip(ids, texts, strict=True)
        for number, text in enumerate(own)
    ]
    return pd.DataFrame(rows, columns=HYPOTHESES.names[:6]).astype({"sample": "int32"})


class _Clock:
    """Writes down what passed since the last lap."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name], self.since = round(now - self.since, 2), now
