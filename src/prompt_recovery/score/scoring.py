"""Predictions and truths in, sharpened cosine similarities by method and split out: stage 4."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.score.intervals import cluster_bootstrap
from prompt_recovery.tables import TRACK_MEANINGS, track_of

Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class SplitScore:
    """Mean SCS of one method on one split, with its cluster bootstrap interval by family."""

    method: str
    split: str
    rows: int
    families: int
    score: float
    low: float
    high: float
    answered_by_constant: int


def score_predictions(
    predictions: pd.DataFrame, truth: pd.DataFrame, load_embedder: Callable[[], Embedder], settings: config.Score
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Score every prediction -> the joined rows with `score`, and what score.json holds, the embedder's name included.

    Optional columns get a value: method "predictions", split "all", family = the true prompt, answered_by "model".
    Raises InputError when the ids of a method are not those of the truth, before the embedder is loaded.
    """
    rows = join_truth(predictions, truth)
    embedder = load_embedder()
    rows = score_rows(rows, embedder)
    scores = [asdict(score) for score in summarise(rows, settings)]
    sources = summarise_sources(rows, settings)
    return rows, {
        "embedder": embedder.name,
        "confidence": settings.confidence,
        "scores": scores,
        "sources": sources,
    }


def join_truth(predictions: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Join predictions and truths by id -> one row a prediction, with `true_prompt` and all that the truth has.

    The predictions' `confidence` is kept where they have one.
    """
    predictions = _with_defaults(predictions, method="predictions", answered_by="model")
    truth = _with_defaults(truth, split="all")
    truth = truth if "family" in truth else truth.assign(family=truth["rewrite_prompt"])
    for method, own in predictions.groupby("method"):
        _require_same_ids(set(own["id"]), set(truth["id"]), str(method))
    columns = [name for name in ("id", "method", "rewrite_prompt", "answered_by", "confidence") if name in predictions]
    return predictions[columns].merge(
        truth.rename(columns={"rewrite_prompt": "true_prompt"}), on="id", validate="many_to_one"
    )


def score_rows(rows: pd.DataFrame, embed: Embed) -> pd.DataFrame:
    """Return joined rows with `score` = cos ** 3 of the embeddings of `true_prompt` and `rewrite_prompt`."""
    vectors = embed([*rows["true_prompt"], *rows["rewrite_prompt"]])
    return rows.assign(score=sharpened_cosine(vectors[: len(rows)], vectors[len(rows) :]))


def summarise(rows: pd.DataFrame, settings: config.Score, clusters: str = "family") -> list[SplitScore]:
    """Return the score of every method on every split, never pooled over splits; methods in their first order.

    `clusters`: the column by which the intervals are.
    """
    order = {method: place for place, method in enumerate(dict.fromkeys(rows["method"]))}
    scores = []
    for (method, split), own in rows.groupby(["method", "split"]):
        low, high = cluster_bootstrap(
            own["score"].to_numpy(),
            own[clusters].tolist(),
            confidence=settings.confidence,
            samples=settings.bootstrap_samples,
        )
        by_constant = int((own["answered_by"] == "constant").sum())
        mean, families = float(own["score"].mean()), own["family"].nunique()
        scores.append(SplitScore(method, split, len(own), families, mean, low, high, by_constant))
    return sorted(scores, key=lambda score: (order[score.method], score.split))


def summarise_sources(rows: pd.DataFrame, settings: config.Score) -> list[dict[str, Any]]:
    """Return the scores of every method by split and source of the original, none where the truth names no sources.

    A source may be one text with many prompts: its interval is by originals where it has fewer of them than families.
    """
    if not {"original_source", "original_group"} <= set(rows):
        return []
    return [
        {"source": source, "originals": own["original_group"].nunique()} | asdict(score)
        for (source, _), own in rows.groupby(["original_source", "split"])
        for score in summarise(own, settings, min(("family", "original_group"), key=lambda name: own[name].nunique()))
    ]


def score_table(document: dict[str, Any]) -> str:
    """Render a score document as a text table: a method a line, a split a column, the embedder in the title."""
    scores = [SplitScore(**score) for score in document["scores"]]
    splits = list(dict.fromkeys(score.split for score in scores))
    cell = {(s.method, s.split): f"{s.score:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in scores}
    size = {s.split: f"{s.split} ({s.rows} rows, {s.families} families)" for s in scores}
    width = max(12, *(len(score.method) for score in scores))
    lines = [f"SCS with {document['embedder']}, {document['confidence']:.0%} intervals by family"]
    lines.append(" | ".join([" " * width, *(f"{size[split]:<28}" for split in splits)]))
    for track, methods in methods_by_track(score.method for score in scores).items():
        lines += [f"{track} track: {TRACK_MEANINGS[track]}"] if track != "clean" else []
        lines += [" | ".join([f"{m:<{width}}", *(f"{cell[m, split]:<28}" for split in splits)]) for m in methods]
    return "\n".join(line.rstrip() for line in lines)


def methods_by_track(methods: Iterable[str]) -> dict[str, list[str]]:
    """Return the methods of each track that has any, in their first order; the clean track first."""
    names = list(dict.fromkeys(methods))
    tracks = {track: [name for name in names if track_of(name) == track] for track in TRACK_MEANINGS}
    return {track: own for track, own in tracks.items() if own}


def _with_defaults(frame: pd.DataFrame, **values: str) -> pd.DataFrame:
    return frame.assign(**{name: value for name, value in values.items() if name not in frame})


def _require_same_ids(predicted: set[str], true: set[str], method: str) -> None:
    missing, unknown = sorted(true - predicted), sorted(predicted - true)
    if missing or unknown:
        raise InputError(
            f"{method}: {len(missing)} id(s) of the truth have no prediction (first: {missing[:1]}), "
            f"{len(unknown)} predicted id(s) are not in the truth (first: {unknown[:1]}). Expected the same ids."
        )
