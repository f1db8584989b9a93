"""Candidates for prompts in, signs of how well each may score out: the numbers that the verifier reads."""

import numpy as np
import pandas as pd

from prompt_recovery.metric import SHARPNESS
from prompt_recovery.recover.choice.evidence import Candidates, Embed
from prompt_recovery.recover.vector.change_features import new_words, readable_texts, text_vectors, words_of
from prompt_recovery.tables import HYPOTHESIS_KINDS

_CONTENT_LETTERS = 4  # that a word has at least


def signs_of(candidates: Candidates, expected: np.ndarray, embed: Embed) -> pd.DataFrame:
    """Return the signs, a row a candidate; a product with a predicted vector that is not there is 0.

    `expected`: the score to be expected by the references, shape (m,), which is a sign too.
    """
    kinds = candidates.table["kind"].to_numpy()
    return pd.DataFrame({
        "expected": expected,
        "answered": candidates.answered.astype(float),
        **_nearness(candidates),
        **_likeness(candidates, embed),
        **_words(candidates),
        **{kind: (kinds == kind).astype(float) for kind in HYPOTHESIS_KINDS},
    })  # fmt: skip


def _nearness(candidates: Candidates) -> dict[str, np.ndarray]:
    """Return what the predicted vector says, and how sure it is, which is its length."""
    means, products = candidates.evidence.means, candidates.products
    length = np.zeros(len(products)) if means is None else np.linalg.norm(means, axis=1)[candidates.rows]
    return {"product": products, "nearness": np.maximum(products, 0) ** SHARPNESS, "sureness": length}


def _likeness(candidates: Candidates, embed: Embed) -> dict[str, np.ndarray]:
    """Return the cosines with the original text, the rewritten text, and the direction from one to the other."""
    original, rewritten = text_vectors(candidates.evidence.pairs, embed)
    change = rewritten - original
    change /= np.maximum(np.linalg.norm(change, axis=1, keepdims=True), 1e-6)
    parts = {"like the original": original, "like the rewritten": rewritten, "like the change": change}
    return {name: np.einsum("nd,nd->n", candidates.vectors, own[candidates.rows]) for name, own in parts.items()}


def _words(candidates: Candidates) -> dict[str, np.ndarray]:
    """Return which share of the longer words is new in the rewritten text, which the original has, and the length."""
    pairs, texts = candidates.evidence.pairs, list(candidates.table["rewrite_prompt"])
    new = [set(words) for words in new_words(pairs)]
    old = [set(words_of(text)) for text in readable_texts(pairs["original_text"])]
    said = [{word for word in words_of(text) if len(word) >= _CONTENT_LETTERS} for text in texts]
    count = np.array([max(len(words), 1) for words in said])
    both = list(zip(said, candidates.rows, strict=True))
    return {
        "words that are new": np.array([len(words & new[row]) for words, row in both]) / count,
        "words of the original": np.array([len(words & old[row]) for words, row in both]) / count,
        "length": np.log([len(text) + 1 for text in texts]),
    }
