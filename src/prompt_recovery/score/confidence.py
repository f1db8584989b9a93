"""Confidences and realised scores in, how well the one orders the other out: Spearman, and risk against coverage."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from prompt_recovery.engines.figures import COLOURS, Drawing, canvas, drawing


@dataclass(frozen=True)
class RiskCoverage:
    """The mean score of the k most confident rows, for k = 1 ... n; rows of equal confidence come in drawn order.

    The areas are means over all k: of this confidence, of one that orders the rows as their scores do, and of one that
    says nothing.
    """

    coverage: np.ndarray  # k / n, shape (n,)
    score: np.ndarray  # shape (n,), in [-1, 1]
    area: float
    best_area: float
    random_area: float

    @property
    def gain(self) -> float | None:
        """Return the share of the way from no order to the best one; None where all rows score alike."""
        way = self.best_area - self.random_area
        return (self.area - self.random_area) / way if way > 1e-9 else None


def risk_coverage(confidence: np.ndarray, scores: np.ndarray) -> RiskCoverage:
    """Return the curve; `confidence` and `scores`: shape (n,), n at least 1, finite."""
    curve = _means_of_the_surest(confidence, scores)
    areas = (curve.mean(), _means_of_the_surest(scores, scores).mean(), scores.mean())
    return RiskCoverage(np.arange(1, len(scores) + 1) / len(scores), curve, *map(float, areas))


def _means_of_the_surest(confidence: np.ndarray, scores: np.ndarray) -> np.ndarray:
    order = np.argsort(-confidence, kind="stable")
    _, group = np.unique(-confidence[order], return_inverse=True)
    expected = (np.bincount(group, weights=scores[order]) / np.bincount(group))[group]
    return np.cumsum(expected) / np.arange(1, len(scores) + 1)


def spearman(confidence: np.ndarray, scores: np.ndarray) -> float | None:
    """Return the rank correlation, in [-1, 1]; None where one of the two is the same for all rows, or n < 3."""
    from scipy.stats import spearmanr  # half a second to import

    if len(scores) < 3 or np.ptp(confidence) == 0 or np.ptp(scores) == 0:
        return None
    return float(spearmanr(confidence, scores).statistic)


def confident_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose answer came with a confidence; none where the predictions have no such column."""
    return rows[rows["confidence"].notna()] if "confidence" in rows else rows.head(0)


def draw_risk_coverage(rows: pd.DataFrame) -> Sequence[Drawing]:
    """Return the figure of rows with `method`, `split`, `score` and `confidence`, none where no answer has one.

    A method has the colour that it has in the page's other figures: that of its place among all methods.
    """
    colours = dict(zip(dict.fromkeys(rows["method"]), COLOURS, strict=False))
    rows = confident_rows(rows)
    splits = sorted(rows["split"].unique())
    if not splits:
        return ()
    figure = canvas(9, 3)
    for axes, split in zip(figure.subplots(1, len(splits), sharey=True, squeeze=False)[0], splits, strict=True):
        for method, colour in colours.items():
            _draw_curve(axes, rows[(rows["split"] == split) & (rows["method"] == method)], method, colour)
        axes.set(title=split, xlabel="coverage", xlim=(0, 1.02))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("mean SCS")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
    caption = (
        "The rows are taken from the surest to the least sure; the right end is the mean over all of them. Dashed: "
        "taken by the score itself, the most that a confidence can do. One that says nothing stays level."
    )
    return (drawing("Score against coverage", caption, figure),)


def _draw_curve(axes: Axes, own: pd.DataFrame, method: str, colour: str) -> None:
    if own.empty:
        return
    scores, confidence = own["score"].to_numpy(), own["confidence"].to_numpy()
    curve, best = risk_coverage(confidence, scores), risk_coverage(scores, scores)
    axes.plot(curve.coverage, curve.score, color=colour, label=method)
    axes.plot(best.coverage, best.score, color=colour, linestyle="--", linewidth=0.8)
