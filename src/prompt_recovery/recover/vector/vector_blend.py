"""What two models predict of held-out prompts in, the share of each in one mean vector out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.metric import sharpened_cosine

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the encoder, that are tried


@dataclass(frozen=True)
class VectorBlend:
    """A mean vector of two: `share` of the encoder's unit vector, the rest the regressor's mean vector.

    `lengths` makes of the encoder's and of the regressor's vector, and `length` of their sum, what is nearest to the
    prompts' unit vectors by least squares: its product with a text's unit vector is the cosine to be expected.
    `scores`: mean SCS on validation by share, the mean over splits.
    """

    embedder: str
    share: float
    lengths: tuple[float, float]
    length: float
    scores: dict[str, float]

    def __call__(self, encoded: np.ndarray, regressed: np.ndarray) -> np.ndarray:
        """Return mean vectors, shape (n, d), float32, of the encoder's unit vectors and the regressor's mean ones."""
        return (self.length * _summed(self.share, self.lengths, encoded, regressed)).astype(np.float32)

    def save(self, path: Path) -> None:
        """Write the blend as JSON, whole or not at all."""
        write_json(path, asdict(self))


def load_blend(path: Path, embedder: str, *, made_by: str) -> VectorBlend:
    """Read what `VectorBlend.save` wrote. Raises InputError when it is not there or of another embedder."""
    told = read_json(path, made_by=made_by)
    if told["embedder"] != embedder:
        raise InputError(
            f"{path}: fitted with the embedder {told['embedder']}, expected {embedder}. Run `{made_by}` again."
        )
    return VectorBlend(**told | {"lengths": tuple(told["lengths"])})


def fit_blend(
    encoded: np.ndarray, regressed: np.ndarray, truths: np.ndarray, splits: Sequence[str], embedder: str
) -> VectorBlend:
    """Choose the share with the best SCS of the blended vector on validation rows, the mean over their splits.

    `encoded`, `truths`: unit vectors, `regressed`: mean vectors, all of shape (n, d); `splits`: of each row.
    """
    if not len(truths) or not encoded.shape == regressed.shape == truths.shape:
        raise InputError(
            f"blend of vectors: shapes {encoded.shape}, {regressed.shape} and {truths.shape} of the prompts, expected "
            "the same (n, d) of at least one validation row. Fit both models for the same embedder."
        )
    lengths = (_least_squares(encoded, truths), _least_squares(regressed, truths))
    blended = {share: _summed(share, lengths, encoded, regressed) for share in SHARES}
    scores = {share: _score(vectors, truths, splits) for share, vectors in blended.items()}
    best = max(SHARES, key=lambda share: scores[share])
    named = {f"{share:g}": round(score, 6) for share, score in scores.items()}
    return VectorBlend(embedder, best, lengths, _least_squares(blended[best], truths), named)


def _summed(share: float, lengths: tuple[float, float], encoded: np.ndarray, regressed: np.ndarray) -> np.ndarray:
    return share * lengths[0] * encoded + (1 - share) * lengths[1] * regressed


def _least_squares(vectors: np.ndarray, truths: np.ndarray) -> float:
    """Return the factor that brings the vectors nearest to the truths; of unit vectors it is their mean cosine."""
    squares = float(np.einsum("nd,nd->", vectors, vectors, dtype=np.float64))
    return max(float(np.einsum("nd,nd->", vectors, truths, dtype=np.float64)), 0.0) / max(squares, 1e-12)


def _score(vectors: np.ndarray, truths: np.ndarray, splits: Sequence[str]) -> float:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    rows, own = sharpened_cosine(truths, unit), np.asarray(splits)
    return float(np.mean([rows[own == split].mean() for split in np.unique(own)]))
