"""Training triples in, a model out that predicts from a pair of texts the mean vector of the prompts it may come from.

Kernel ridge regression (a Gaussian process's mean) on a sum of kernels: of the texts' vectors and their difference, of
the words that are new, of how the text starts and ends, of changes of layout and register, and products of these.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, whole_or_absent
from prompt_recovery.recover.vector.change_features import edge_words, new_words, surface_changes, text_vectors
from prompt_recovery.recover.vector.kernel_ridge import cross_fitted, solved
from prompt_recovery.recover.vector.terms import Terms, terms_of

Embed = Callable[[Sequence[str]], np.ndarray]
_SPARSE = ("data", "indices", "indptr")
_ROWS_AT_A_TIME = 2_000  # of a prediction: 8,000 training rows make 64 MB of each kernel
# Weight of each kernel in the sum, each with a mean of 1 on its diagonal. Chosen on the validation clusters of 12,006
# real rewrites (MiniLM): the four linear kernels of vectors alone gave a vector of 0.177, all of these 0.230.
_WEIGHTS = {
    "rewritten": 1, "difference": 1, "new words": 1, "edges": 1, "near surface": 3, "near difference": 2,
    "near rewritten": 2, "near pair": 3, "near surface and text": 6, "new words and near surface": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Blocks:
    """What the kernels compare, a row a pair."""

    original: np.ndarray
    rewritten: np.ndarray
    surface: np.ndarray
    new: csr_array
    edges: csr_array

    def rows(self, start: int, stop: int) -> "Blocks":
        """Return some of the rows."""
        return Blocks(*(getattr(self, name)[start:stop] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Reading:
    """What a model makes of n pairs.

    `means`: the mean vector of the prompts that each may come from, shape (n, d), float32: its direction is the
    prediction, its product with a text's unit vector the cosine to be expected. `neighbours`: of each pair the
    different prompts of the training pairs that are most like it, the likest first. `signs`: those of change, scaled,
    shape (n, s), float32. `constant_scores`: what the run's constant is expected to score, (n,), where that is known.
    """

    means: np.ndarray
    neighbours: list[list[str]]
    signs: np.ndarray
    constant_scores: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class VectorModel:
    """A fitted regression; `embedder` names whose vectors it reads and predicts."""

    embedder: str
    prompts: tuple[str, ...]  # of the training pairs
    terms: tuple[Terms, Terms]  # of new words, of edges
    scale: tuple[np.ndarray, np.ndarray]  # mean and spread of the surface signs
    anchors: Blocks  # the training pairs
    diagonals: np.ndarray  # mean of each kernel's diagonal
    dual: np.ndarray  # (anchors, d)

    def read(self, pairs: pd.DataFrame, embed: Embed, neighbours: int = 0) -> Reading:
        """Return the mean vectors of n pairs, and of each at most so many prompts of its neighbours.

        `embed` must be the model's own embedder: another one's vectors are refused where its name or width shows it.
        """
        require_embedder(self.embedder, embed)
        if pairs.empty:
            raise InputError("vector model: no pairs to predict from, expected at least one.")
        blocks = _blocks(pairs, embed, self.terms, self.scale)
        if blocks.original.shape[1] != self.dual.shape[1]:
            raise InputError(
                f"vector model: fitted on vectors of {self.dual.shape[1]} numbers, got {blocks.original.shape[1]} of "
                f"the pairs. Give the embedder {self.embedder}."
            )
        means, likest = [], []
        for start in range(0, len(pairs), _ROWS_AT_A_TIME):
            likeness = _kernel(blocks.rows(start, start + _ROWS_AT_A_TIME), self.anchors, self.diagonals)
            means.append(likeness @ self.dual)
            likest += [self._prompts_of(row, neighbours) for row in likeness]
        return Reading(np.concatenate(means), likest, blocks.surface)

    def predict(self, pairs: pd.DataFrame, embed: Embed) -> np.ndarray:
        """Return the mean vectors alone, shape (n, d)."""
        return self.read(pairs, embed).means

    def _prompts_of(self, likeness: np.ndarray, count: int) -> list[str]:
        order = np.argsort(-likeness, kind="stable") if count else ()
        different = dict.fromkeys(self.prompts[place] for place in order)
        return list(different)[:count]

    def save(self, folder: Path) -> None:
        """Write the model as folder/vector_model.npz and .json, whole or not at all."""
        sparse = {f"{name} {part}": getattr(getattr(self.anchors, name), part)
                  for name in ("new", "edges") for part in _SPARSE}  # fmt: skip
        dense = {name: getattr(self.anchors, name) for name in ("original", "rewritten", "surface")}
        fitted = {"diagonals": self.diagonals, "dual": self.dual,
                  "shift": self.scale[0], "spread": self.scale[1],
                  "new rarity": self.terms[0].rarity, "edges rarity": self.terms[1].rarity}  # fmt: skip
        with whole_or_absent(folder) as partial:
            partial.mkdir(parents=True)
            np.savez(partial / "vector_model.npz", **sparse, **dense, **fitted)
            words = [list(terms.number) for terms in self.terms]
            told = {"embedder": self.embedder, "prompts": list(self.prompts), "new words": words[0], "edges": words[1]}
            (partial / "vector_model.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def load_vector_model(folder: Path, embedder: str, *, made_by: str) -> VectorModel:
    """Read what `VectorModel.save` wrote. Raises InputError when it is not there or of another embedder."""
    told = read_json(folder / "vector_model.json", made_by=made_by)
    if told["embedder"] != embedder:
        raise InputError(
            f"{folder}: fitted with the embedder {told['embedder']}, expected {embedder}. Run `{made_by}` again."
        )
    with np.load(folder / "vector_model.npz", allow_pickle=False) as file:
        kept = dict(file)
    terms = tuple(
        Terms({word: place for place, word in enumerate(told[key])}, kept[f"{name} rarity"])
        for key, name in (("new words", "new"), ("edges", "edges"))
    )
    dense = [kept[name] for name in ("original", "rewritten", "surface")]
    sparse = [
        csr_array(tuple(kept[f"{name} {part}"] for part in _SPARSE), shape=(len(dense[0]), len(own.number)))
        for name, own in zip(("new", "edges"), terms, strict=True)
    ]
    scale, fitted = (kept["shift"], kept["spread"]), [kept[name] for name in ("diagonals", "dual")]
    prompts = tuple(told["prompts"])
    return VectorModel(embedder, prompts, terms, scale, Blocks(*dense, *sparse), *fitted)


def fit_vector_model(train: pd.DataFrame, embed: Embed, settings: config.Vector, seed: int) -> VectorModel:
    """Fit on at most `settings.max_rows` of the triples, drawn by `seed`.

    Time grows with the cube of the rows, memory with the square: 8,638 rows took 40 s and 3 GB on 2 cores.
    """
    return _fitted(train, embed, settings, seed)[0]


def fit_with_unseen(
    train: pd.DataFrame, embed: Embed, settings: config.Vector, seed: int
) -> tuple[VectorModel, np.ndarray, np.ndarray]:
    """Fit as `fit_vector_model` -> the model, its n pairs' prompts' vectors, and what their means are if they are new.

    These come from pairs of other folds of `original_group` and of other folds of `family`. Both of shape (n, d).
    """
    return _fitted(train, embed, settings, seed, ("original_group", "family"))


def _fitted(
    train: pd.DataFrame, embed: Embed, settings: config.Vector, seed: int, groups: Sequence[str] = ()
) -> tuple[VectorModel, np.ndarray, np.ndarray]:
    if train.empty:
        raise InputError("vector model: no training triples, expected at least one.")
    train = train.sample(min(settings.max_rows, len(train)), random_state=seed)
    terms = (terms_of(new_words(train), settings.min_term_rows), terms_of(edge_words(train), settings.min_term_rows))
    signs = surface_changes(train)
    scale = (signs.mean(axis=0), signs.std(axis=0) + np.float32(1e-6))
    texts = tuple(train["rewrite_prompt"])
    prompts = np.asarray(embed(list(texts)), dtype=np.float32)
    anchors = _blocks(train, embed, terms, scale)
    diagonals = _diagonals(anchors)
    kernel = _kernel(anchors, anchors, diagonals)
    unseen = cross_fitted(kernel, prompts, settings.ridge, [train[name] for name in groups], seed)
    dual = solved(kernel, prompts, settings.ridge)
    return VectorModel(embedder_name(embed), texts, terms, scale, anchors, diagonals, dual), prompts, unseen


def embedder_name(embed: Embed) -> str:
    """Return the name of an embedder, that of a plain function being its own."""
    return getattr(embed, "name", None) or getattr(embed, "__name__", "unnamed")


def require_embedder(expected: str, embed: Embed) -> None:
    """Raise InputError unless `embed` is the embedder of that name."""
    if embedder_name(embed) != expected:
        raise InputError(
            f"vectors of the embedder {expected}: got {embedder_name(embed)}. Give {expected}, or fit anew."
        )


def _blocks(pairs: pd.DataFrame, embed: Embed, terms: tuple[Terms, Terms], scale: tuple[np.ndarray, ...]) -> Blocks:
    signs = np.clip((surface_changes(pairs) - scale[0]) / scale[1], -4, 4) / np.sqrt(len(scale[0]))
    original, rewritten = text_vectors(pairs, embed)
    if not (np.isfinite(original).all() and np.isfinite(rewritten).all()):
        raise InputError("vectors of the pairs: some are no numbers, expected unit vectors. Look at the embedder.")
    return Blocks(
        original, rewritten, signs.astype(np.float32), terms[0].rows(new_words(pairs)), terms[1].rows(edge_words(pairs))
    )


def _kernel(ours: Blocks, theirs: Blocks, diagonals: np.ndarray) -> np.ndarray:
    """Return the weighted sum of the kernels, shape (n, m), float32, with a mean of 1 on the training diagonal."""
    total = np.zeros((ours.original.shape[0], theirs.original.shape[0]), dtype=np.float32)
    scale = [weight / sum(_WEIGHTS.values()) for weight in _WEIGHTS.values()]
    for share, diagonal, kernel in zip(scale, diagonals, _kernels(ours, theirs), strict=True):
        total += kernel * np.float32(share / diagonal)
    return total


def _kernels(ours: Blocks, theirs: Blocks) -> Iterator[np.ndarray]:
    """Yield the kernels in the order of _WEIGHTS, each of shape (n, m)."""
    difference = ours.rewritten - ours.original, theirs.rewritten - theirs.original
    rewritten, original = ours.rewritten @ theirs.rewritten.T, ours.original @ theirs.original.T
    yield rewritten
    yield difference[0] @ difference[1].T
    new = (ours.new @ theirs.new.T).toarray()
    yield new
    yield (ours.edges @ theirs.edges.T).toarray()
    surface = _near(ours.surface, theirs.surface, 1.0)
    yield surface
    near_difference = _near(*difference, 1.0)
    yield near_difference
    near_rewritten = np.exp(3 * (rewritten - 1))
    yield near_rewritten
    yield np.exp(2 * (rewritten + original - 2))
    yield surface * (near_rewritten + near_difference)
    yield new * surface


def _near(ours: np.ndarray, theirs: np.ndarray, width: float) -> np.ndarray:
    squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1) - 2 * ours @ theirs.T
    return np.exp(-width * np.maximum(squares, 0))


def _diagonals(anchors: Blocks) -> np.ndarray:
    """Return the mean of each kernel's diagonal, from a sample of rows; 1 for a kernel that is zero on all."""
    rows = anchors.rows(0, 500)
    means = np.array([kernel.diagonal().mean() for kernel in _kernels(rows, rows)])
    return np.where(means > 0, means, 1)
