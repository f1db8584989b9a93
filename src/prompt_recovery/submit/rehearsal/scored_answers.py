"""Rehearsed answers and those that stage 4 scored in, how far they are the same out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine

Embed = Callable[[Sequence[str]], np.ndarray]

_TOLERANCE = 1e-6  # of a row's SCS: the same text, embedded in another batch
# where answers are chosen, composed texts serve all rows of a batch, and the notebook's batches are smaller than stage
# 4's: a fifth of 64 texts differed and the mean by 0.004; these bounds are some three standard errors
_SAME_TEXTS = 0.6
_MEAN_DIFFERENCE = 0.03


@dataclass(frozen=True)
class Agreement:
    """Mean SCS of the rehearsed rows, the one that stage 4 gave them, and the share of rows with the same text."""

    score: float
    scored: float
    same_texts: float


def require_same_scores(
    answers: pd.DataFrame, truth: pd.DataFrame, scored: pd.DataFrame, embed: Embed, *, is_chosen: bool
) -> Agreement:
    """Compare the rehearsed answers with those of stage 4. Raises InputError when they are not what was scored.

    `truth`: schema TRUTH; `scored`: rows with `id`, `rewrite_prompt` and `score` of who answers new pairs. With
    `is_chosen` the answers are chosen among hypotheses: a few may differ; otherwise every row must have its score.
    """
    rows = answers.merge(truth[["id", "rewrite_prompt"]], on="id", suffixes=("", "_true"))
    rows = rows.merge(scored[["id", "rewrite_prompt", "score"]], on="id", suffixes=("", "_scored"))
    vectors = embed([*rows["rewrite_prompt_true"], *rows["rewrite_prompt"]])
    own = sharpened_cosine(vectors[: len(rows)], vectors[len(rows) :])
    same_text = rows["rewrite_prompt"] == rows["rewrite_prompt_scored"]
    found = Agreement(float(own.mean()), float(rows["score"].mean()), float(same_text.mean()))
    different = rows[~same_text if is_chosen else np.abs(own - rows["score"]) > _TOLERANCE]
    alike = found.same_texts >= _SAME_TEXTS and abs(found.score - found.scored) <= _MEAN_DIFFERENCE
    if len(rows) != len(answers) or not (alike if is_chosen else different.empty):
        differ = "differ from" if is_chosen else "score otherwise than in"
        raise InputError(
            f"{len(different)} of {len(answers)} rehearsed rows {differ} "
            f"stage 4 (SCS {found.score:.3f} against {found.scored:.3f}), "
            f"for example {different.head(1).to_dict('records')}. What is shipped is not what was scored."
        )
    return found
