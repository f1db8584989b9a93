"""A model in training and validation triples in, the mean SCS of the prompts that it generates now out, by split."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from prompt_recovery.engines.recoverer import Recoverer
from prompt_recovery.metric import sharpened_cosine


def answer_scores(
    recoverer: Recoverer,
    valid: pd.DataFrame,
    *,
    rows_per_split: int,
    batch_size: int,
    embed: Callable[[Sequence[str]], np.ndarray],
) -> Callable[[], dict[str, float]]:
    """Return what scores the model as it then is, on the first rows of each split; the loss does not predict that.

    `embed`: texts to unit vectors, shape (n, d).
    """
    rows = valid.groupby("split", sort=True).head(rows_per_split)
    ids = [recoverer.encode(*texts) for texts in zip(rows["original_text"], rows["rewritten_text"], strict=True)]
    order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))
    truth = embed(list(rows["rewrite_prompt"]))

    def score() -> dict[str, float]:
        answers: dict[int, str] = {}
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            answers |= dict(zip(batch, recoverer.generate([ids[row] for row in batch]), strict=True))
        scores = sharpened_cosine(truth, embed([answers[row] for row in range(len(ids))]))
        return {str(split): float(own.mean()) for split, own in pd.Series(scores).groupby(rows["split"].to_numpy())}

    return score
