"""Training prompts in, the one prompt that answers best for all of them out."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_recovery.metric import sharpened_cosine_matrix


@dataclass(frozen=True)
class Constant:
    """The answer that needs no look at the texts; `train_score` is its mean SCS on the training rows."""

    rewrite_prompt: str
    train_score: float


def choose_constant(
    prompts: Iterable[str], embed: Callable[[Sequence[str]], np.ndarray], max_candidates: int
) -> Constant:
    """Choose among the `max_candidates` most frequent prompts the one with the highest mean SCS over all rows."""
    frequency = Counter(prompts)
    texts = sorted(frequency, key=lambda text: (-frequency[text], text))
    rows = np.array([frequency[text] for text in texts], dtype=np.float64)
    vectors = embed(texts)
    scores = (rows / rows.sum()) @ sharpened_cosine_matrix(vectors, vectors[:max_candidates])
    best = int(scores.argmax())
    return Constant(texts[best], float(scores[best]))
