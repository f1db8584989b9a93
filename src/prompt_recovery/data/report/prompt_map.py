"""Prompts with their families and unit vectors in, places on a plane out: the map of a data report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompt_recovery.tables import PARTS

MOST_POINTS = 1_500  # t-SNE takes 3 s for them on 2 cores; more would be a blot
_FEWEST_FOR_TSNE = 50
_SAME = 1e-6  # a spread of coordinates that is rounding; t-SNE divides by it, and NaN ends the process
_DIMENSIONS = 50  # before t-SNE, which then takes half the time
_COLOURS = (
    *("#0b6e99", "#e08e45", "#5b8c5a", "#8e5ea2", "#c0504d", "#45b5c4"),
    *("#d9b310", "#d770ad", "#7f5539", "#1b3a57", "#9bc53d", "#f4a3a0"),
)
_OTHERS = "#c9d1d8"


@dataclass(frozen=True, eq=False)
class PromptMap:
    """Some of `total` distinct prompts. `parts`: train, valid or test, by what is held out; `unit_vectors`: (n, d)."""

    prompts: Sequence[str]
    families: Sequence[str]
    parts: Sequence[str]
    unit_vectors: np.ndarray
    total: int


def draw_map(prompt_map: PromptMap, width: int, height: int) -> dict[str, Any]:
    """Return the points of a sample of the prompts, grey ones first, within `width` x `height`; and the legend.

    A point has x, y, colour, part, family and prompt; a legend entry has family, colour and the number of prompts.
    """
    sizes = Counter(prompt_map.families)
    largest = sorted(sizes, key=lambda family: (-sizes[family], family))[: len(_COLOURS)]
    colour = dict(zip(largest, _COLOURS, strict=False))
    rows = _sample(len(prompt_map.prompts))
    places = _fit(flatten(prompt_map.unit_vectors[rows]), width, height)
    points = [
        {
            "x": x,
            "y": y,
            "colour": colour.get(prompt_map.families[row], _OTHERS),
            "part": prompt_map.parts[row],
            "family": prompt_map.families[row],
            "prompt": prompt_map.prompts[row],
        }
        for row, (x, y) in zip(rows, places.tolist(), strict=True)
    ]
    return {
        "points": sorted(points, key=lambda point: point["colour"] != _OTHERS),
        "legend": _legend(sizes, colour),
        "prompts": prompt_map.total,
        "parts": sorted(set(prompt_map.parts), key=PARTS.index),
        "method": "t-SNE" if len(rows) >= _FEWEST_FOR_TSNE else "principal components",
    }


def _legend(sizes: Counter[str], colour: dict[str, str]) -> list[dict[str, Any]]:
    legend = [{"family": family, "colour": own, "prompts": sizes[family]} for family, own in colour.items()]
    others = sizes.total() - sum(sizes[family] for family in colour)
    if others:
        rest = f"{len(sizes) - len(colour):,} other families"
        legend.append({"family": rest, "colour": _OTHERS, "prompts": others})
    return legend


def flatten(unit_vectors: np.ndarray) -> np.ndarray:
    """Return places on a plane, shape (n, 2): t-SNE, or principal components of fewer than 50 vectors."""
    count, dimensions = unit_vectors.shape
    if min(count, dimensions) < 2 or np.ptp(unit_vectors, axis=0).max() < _SAME:
        return np.zeros((count, 2))
    if count < _FEWEST_FOR_TSNE:
        return _principal_components(unit_vectors, 2)
    from sklearn.manifold import TSNE  # a second to import

    return TSNE(init="pca", random_state=0).fit_transform(_principal_components(unit_vectors, _DIMENSIONS))


def _principal_components(vectors: np.ndarray, most: int) -> np.ndarray:
    left, scale, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    return (left * scale)[:, :most]


def _sample(count: int) -> np.ndarray:
    if count <= MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_POINTS, replace=False))


def _fit(places: np.ndarray, width: int, height: int) -> np.ndarray:
    """Scale the places to the frame, 2 % of it left as a margin; where all are one, to its middle."""
    low, high = places.min(axis=0), places.max(axis=0)
    span = np.where(high > low, high - low, 1)
    inside = np.where(high > low, 0.02 + 0.96 * (places - low) / span, 0.5)
    return np.round(inside * [width, height], 1)
