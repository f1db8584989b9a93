"""Answers of two forms of one model in, their scores and their difference by split out: is one as good as the other?"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.score.paired import differences_by_split
from prompt_recovery.score.scoring import score_predictions, score_table


def score_two_forms(
    answers: Mapping[str, pd.DataFrame],
    truth: pd.DataFrame,
    load_embedder: Callable[[], Embedder],
    settings: config.Score,
) -> dict[str, Any]:
    """Score the answers (schema ANSWERS) of two forms, by their names -> a score document, with their `differences`."""
    predictions = pd.concat([own.assign(method=form) for form, own in answers.items()], ignore_index=True)
    rows, document = score_predictions(predictions, truth, load_embedder, settings)
    return document | {"differences": differences(rows, *answers, settings=settings)}


def differences(rows: pd.DataFrame, first: str, second: str, *, settings: config.Score) -> list[dict[str, Any]]:
    """Compare two methods row by row -> a record a split: its rows, the share of equal answers, and the Difference.

    `rows`: as `score_predictions` gives them, one for each method and id.
    """
    one, other = (rows[rows["method"] == method].set_index("id").sort_index() for method in (first, second))
    pairs = one[["split", "family"]].assign(first=one["score"], second=other["score"])
    same = (other["rewrite_prompt"] == one["rewrite_prompt"]).groupby(one["split"]).agg(["size", "mean"])
    return [
        {"split": split, "rows": int(same.loc[split, "size"]), "same_answers": float(same.loc[split, "mean"])}
        | asdict(found)
        for split, found in differences_by_split(pairs, "first", "second", settings).items()
    ]


def two_forms_table(document: dict[str, Any]) -> str:
    """Render what `score_two_forms` returns: the scores as `score_table` does, then the differences, a split a line."""
    first, second = dict.fromkeys(score["method"] for score in document["scores"])
    lines = [
        f"{second} - {first}, {one['split']}: {one['mean']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}], "
        f"p = {one['p_value']:.3f}, {one['same_answers']:.0%} of {one['rows']} answers the same"
        for one in document["differences"]
    ]
    return "\n".join([score_table(document), *lines])
