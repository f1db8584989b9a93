"""Prompts and their vectors in, the prompts nearest to a vector out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, whole_or_absent
from prompt_recovery.recover.vector.vector_regressor import embedder_name, require_embedder
from prompt_recovery.tables import READS_AS_NULL

_ROWS_AT_A_TIME = 1_000
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class PromptBank:
    """Distinct prompts with their unit vectors, shape (m, d), made by the embedder of that name."""

    prompts: tuple[str, ...]
    vectors: np.ndarray
    embedder: str

    def __post_init__(self) -> None:
        """Raise InputError for an empty bank, and for vectors that are not the prompts' own unit vectors."""
        if not self.prompts:
            raise InputError("prompt bank: has no prompts, expected at least one. Give training triples.")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.prompts):
            raise InputError(
                f"prompt bank: {len(self.prompts)} prompts, vectors of shape {self.vectors.shape}: expected one each."
            )
        _require_unit(self.vectors)

    def nearest(self, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows of the bank, nearest first, and their cosines, shapes (n, min(k, m)), for vectors (n, d)."""
        if vectors.ndim != 2 or vectors.shape[1] != self.vectors.shape[1]:
            raise InputError(
                f"prompt bank: vectors of shape {vectors.shape}, expected (n, {self.vectors.shape[1]}). "
                f"The bank's embedder is {self.embedder}."
            )
        if not np.isfinite(vectors).all():
            row = int((~np.isfinite(vectors).all(axis=1)).argmax())
            raise InputError(f"prompt bank: vector {row} holds what is no number, expected numbers only.")
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return nearest_of(vectors / lengths, self.vectors, k)

    def save(self, folder: Path) -> None:
        """Write the bank as folder/prompts.json and vectors.npy, whole or not at all."""
        with whole_or_absent(folder) as partial:
            partial.mkdir(parents=True)
            told = {"embedder": self.embedder, "prompts": list(self.prompts)}
            (partial / "prompts.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
            np.save(partial / "vectors.npy", self.vectors)

    def require(self, embed: Callable[[Sequence[str]], np.ndarray]) -> None:
        """Raise InputError unless `embed` is the embedder that made the bank's vectors."""
        require_embedder(self.embedder, embed)


def bank_of(prompts: Sequence[str], embed: Callable[[Sequence[str]], np.ndarray]) -> PromptBank:
    """Return the bank of the distinct prompts, each on one line, without those that CSV readers take for null."""
    lines = {" ".join(prompt.split()) for prompt in prompts}
    kept = tuple(sorted(lines - READS_AS_NULL - {""}))
    vectors = np.asarray(embed(list(kept)), dtype=np.float32) if kept else np.zeros((0, 0), dtype=np.float32)
    return PromptBank(kept, vectors, embedder_name(embed))


def load_bank(folder: Path, *, made_by: str) -> PromptBank:
    """Read what `PromptBank.save` wrote. Raises InputError when it is not there or not whole."""
    told = read_json(folder / "prompts.json", made_by=made_by)
    try:
        vectors = np.load(folder / "vectors.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{folder / 'vectors.npy'}: cannot be read ({error}). Run `{made_by}` again.") from None
    return PromptBank(tuple(told["prompts"]), vectors, told["embedder"])


def nearest_of(vectors: np.ndarray, others: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of `others` with the highest products, highest first, and these; shapes (n, min(k, m))."""
    k = min(k, len(others))
    rows, products = [], []
    for start in range(0, len(vectors), _ROWS_AT_A_TIME):
        near = vectors[start : start + _ROWS_AT_A_TIME] @ others.T
        top = np.argpartition(-near, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(near, top, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        rows.append(np.take_along_axis(top, order, axis=1))
        products.append(np.take_along_axis(found, order, axis=1))
    if not rows:
        return np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32)
    return np.concatenate(rows), np.concatenate(products)


def _require_unit(vectors: np.ndarray) -> None:
    lengths = np.linalg.norm(vectors, axis=1)
    wrong = ~(np.abs(lengths - 1) < _UNIT_TOLERANCE)  # NaN too
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"prompt bank: vector {row} has length {lengths[row]:.3f}, expected unit vectors.")
