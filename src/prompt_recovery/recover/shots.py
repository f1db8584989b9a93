"""Training triples and pairs in, the triples that stand before each pair's question out."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from prompt_recovery import config

Triple = tuple[str, str, str]  # original text, rewritten text, rewrite prompt
Embed = Callable[[Sequence[str]], np.ndarray]
_SHORT = 0.25  # the share of the training triples that counts as short


def fixed_shots(train: pd.DataFrame, shots: int, seed: int) -> list[Triple]:
    """Draw the same few triples for all questions: short ones, of as many families as can be, by `seed` alone."""
    order = (train["original_text"].str.len() + train["rewritten_text"].str.len()).sort_values(kind="stable").index
    short = train.loc[order[: max(shots, round(_SHORT * len(train)))]].sample(frac=1, random_state=seed)
    again = short.duplicated("family")
    return _triples(pd.concat([short[~again], short[again]]).head(shots))


def nearest_shots(
    train: pd.DataFrame, pairs: pd.DataFrame, embed: Embed, settings: config.Prompting, seed: int
) -> list[list[Triple]]:
    """Return for each pair its nearest triples among the candidates drawn by `seed`, the nearest last."""
    candidates = train.sample(min(settings.candidates, len(train)), random_state=seed)
    near = pair_vectors(pairs, embed, settings.nearest_by) @ pair_vectors(candidates, embed, settings.nearest_by).T
    shots, triples = min(settings.shots, len(candidates)), _triples(candidates)
    order = np.argsort(near, axis=1, kind="stable")[:, -shots:]
    return [[triples[place] for place in places] for places in order]


def pair_vectors(pairs: pd.DataFrame, embed: Embed, nearest_by: str) -> np.ndarray:
    """Return unit vectors of the pairs, shape (n, d): of rewritten texts, of both side by side, or of what changed."""
    rewritten = embed(list(pairs["rewritten_text"]))
    if nearest_by == "rewritten":
        return rewritten
    original = embed(list(pairs["original_text"]))
    both = np.hstack([original, rewritten]) if nearest_by == "pair" else rewritten - original
    return both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)  # an unchanged text has no difference


def _triples(rows: pd.DataFrame) -> list[Triple]:
    return list(zip(rows["original_text"], rows["rewritten_text"], rows["rewrite_prompt"], strict=True))
