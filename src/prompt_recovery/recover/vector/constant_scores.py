"""Training triples and a constant prompt in, out what the constant is expected to score on a pair of texts.

A predicted vector says too little of it where the pair is like none that was seen. So boosted trees read how the text
was changed and what the vector says, and are fitted on training rows whose vectors were predicted without their text
and their family of prompts, as those of new pairs are.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, whole_or_absent
from prompt_recovery.metric import SHARPNESS

# Chosen by held-out originals and families within the training part of 7,261 real rewrites
_TREES = {"n_estimators": 100, "learning_rate": 0.05, "max_depth": 4, "min_samples_leaf": 100, "subsample": 0.5,
          "max_features": 0.3}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tree:
    """A regression tree, an entry a node: who is `left` < 0 is a leaf."""

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    value: np.ndarray

    def __call__(self, signs: np.ndarray) -> np.ndarray:
        """Return the value of the leaf that each row of signs, shape (n, s), comes to."""
        node, rows = np.zeros(len(signs), dtype=np.intp), np.arange(len(signs))
        while (self.left[node] >= 0).any():
            goes_left = signs[rows, np.maximum(self.feature[node], 0)] <= self.threshold[node]
            node = np.where(self.left[node] < 0, node, np.where(goes_left, self.left[node], self.right[node]))
        return self.value[node]


@dataclass(frozen=True, eq=False)
class ConstantScores:
    """A fitted sum of trees for one constant; `vector`: the constant's, shape (d,)."""

    rewrite_prompt: str
    vector: np.ndarray
    start: float
    trees: tuple[Tree, ...]

    def __call__(self, means: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Return the sharpened cosine to be expected of the constant on n pairs, shape (n,), in [0, 1].

        `means`, (n, d), and `signs`, (n, s), are of a `Reading` by the regressor alone.
        """
        seen = _seen(means, signs, self.vector)
        return np.clip(self.start + sum(tree(seen) for tree in self.trees), 0, 1)

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        trees = [{name: getattr(tree, name).tolist() for name in Tree.__dataclass_fields__} for tree in self.trees]
        told = {"rewrite_prompt": self.rewrite_prompt, "vector": self.vector.tolist(), "start": self.start}
        with whole_or_absent(path) as partial:
            partial.write_text(json.dumps(told | {"trees": trees}, ensure_ascii=False), encoding="utf-8")


def load_constant_scores(path: Path, rewrite_prompt: str, *, made_by: str) -> ConstantScores:
    """Read what `ConstantScores.save` wrote. Raises InputError when it is not there or of another constant."""
    told = read_json(path, made_by=made_by)
    if told["rewrite_prompt"] != rewrite_prompt:
        raise InputError(
            f"{path}: fitted for the constant {told['rewrite_prompt']!r}, expected {rewrite_prompt!r}. "
            f"Run `{made_by}` again."
        )
    vector = np.array(told["vector"], dtype=np.float32)
    return ConstantScores(rewrite_prompt, vector, told["start"], tuple(_tree(one) for one in told["trees"]))


def fit_constant_scores(
    rewrite_prompt: str, vector: np.ndarray, unseen: np.ndarray, signs: np.ndarray, truths: np.ndarray, seed: int
) -> ConstantScores:
    """Fit to what the constant of that vector, shape (d,), scores on n training rows, whose prompts' vectors are
    `truths`, (n, d); `unseen`, (n, d), are the means that `fit_with_unseen` gives, `signs`, (n, s), those of change.
    """
    from sklearn.ensemble import GradientBoostingRegressor  # seconds to import

    scores = np.maximum(truths @ vector, 0) ** SHARPNESS
    seen, settings = _seen(unseen, signs, vector), _TREES | {"random_state": seed}
    fitted = GradientBoostingRegressor(**settings).fit(seen, scores)
    trees = []
    for own in (one.tree_ for one in fitted.estimators_[:, 0]):
        value = own.value[:, 0, 0] * fitted.learning_rate
        trees.append(Tree(own.children_left, own.children_right, own.feature, own.threshold, value))
    return ConstantScores(rewrite_prompt, vector, float(scores.mean()), tuple(trees))


def _seen(means: np.ndarray, signs: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return what the trees read: how sure the vector is, what it says of the constant, and the signs of change."""
    told = np.column_stack([np.linalg.norm(means, axis=1), means @ vector, signs])
    return told.astype(np.float32)


def _tree(values: Mapping[str, Any]) -> Tree:
    return Tree(**{name: np.array(own) for name, own in values.items()})
