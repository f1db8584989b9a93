"""Answers of two forms of one model in, their scores and their difference by split out: is one as good as the other?"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.score.intervals import cluster_bootstrap
from prompt_recovery.score.scoring import score_predictions, score_table


@dataclass(frozen=True)
class Difference:
    """Mean of (second - first) SCS over the rows of one split, with its cluster bootstrap interval by family."""

    split: str
    rows: int
    difference: float
    low: float
    high: float
    same_answers: float  # share of rows


def score_two_forms(
    answers: Mapping[str, pd.DataFrame],
    truth: pd.DataFrame,
    load_embedder: Callable[[], Embedder],
    settings: config.Score,
) -> dict[str, Any]:
    """Score the answers (schema ANSWERS) of two forms, by their names -> a score document, with their `differences`."""
    predictions = pd.concat([own.assign(method=form) for form, own in answers.items()], ignore_index=True)
    rows, document = score_predictions(predictions, truth, load_embedder, settings)
    return document | {"differences": [asdict(one) for one in differences(rows, *answers, settings=settings)]}


def differences(rows: pd.DataFrame, first: str, second: str, *, settings: config.Score) -> list[Difference]:
    """Compare two methods row by row. `rows`: as `score_predictions` gives them, one for each method and id."""
    one, other = (rows[rows["method"] == method].set_index("id").sort_index() for method in (first, second))
    pairs = one.assign(gain=other["score"] - one["score"], same=other["rewrite_prompt"] == one["rewrite_prompt"])
    found = []
    for split, own in pairs.groupby("split"):
        options = {"confidence": settings.confidence, "samples": settings.bootstrap_samples}
        low, high = cluster_bootstrap(own["gain"].to_numpy(), own["family"].tolist(), **options)
        found.append(Difference(str(split), len(own), float(own["gain"].mean()), low, high, float(own["same"].mean())))
    return found


def two_forms_table(document: dict[str, Any]) -> str:
    """Render what `score_two_forms` returns: the scores as `score_table` does, then the differences, a split a line."""
    first, second = dict.fromkeys(score["method"] for score in document["scores"])
    lines = [
        f"{second} - {first}, {one.split}: {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}], "
        f"{one.same_answers:.0%} of {one.rows} answers the same"
        for one in (Difference(**values) for values in document["differences"])
    ]
    return "\n".join([score_table(document), *lines])
