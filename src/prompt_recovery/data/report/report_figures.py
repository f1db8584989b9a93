"""Lengths of texts and scores of constants in, the charts of a data report out."""

from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from prompt_recovery.data.calibration.weighting import Board, Calibration
from prompt_recovery.data.report.profile import OCTAVE, Profile
from prompt_recovery.engines.figures import COLOURS, Drawing, canvas, drawing

_BARS = 32
_SHORTEST_AXIS = 20  # words
_ROOM_FOR_TICKS = 2_000  # words: on a longer axis 1, 3, 10, 30 ... would touch
_BAR_COLOUR = COLOURS[2]


def draw_lengths(profile: Profile) -> Drawing:
    """Draw the words of originals, prompts and rewrites, and by how much a rewrite is longer than its original."""
    figure = canvas(10, 2.4)
    *texts, ratio = figure.subplots(1, 4)
    for axes, (name, words) in zip(texts, profile.words.items(), strict=True):
        _words(axes, words)
        axes.set_title(name)
        axes.set_xlabel("words")
    _ratios(ratio, profile.ratios)
    caption = (
        "Rows by the number of words, on a logarithmic scale; a bar's area is its share of the rows. "
        "Right: words of the rewrite for each word of the original."
    )
    return drawing("Lengths", caption, figure)


def draw_calibration(board: Board, calibration: Calibration) -> Drawing:
    """Draw each constant's mean on the prompts against its score on the board: before, fitted and held out."""
    figure = canvas(10, 4.2)
    before, after = figure.subplots(1, 2, sharex=True, sharey=True)
    _against(before, board, "uniform weights", calibration.uncalibrated.by_constant, COLOURS[0], "o")
    _against(after, board, "weights, fitted", calibration.fitted.by_constant, COLOURS[2], "o")
    _against(after, board, "weights, held out", calibration.held_out.by_constant, COLOURS[1], "o")
    _against(after, board, "subset, held out", calibration.subset_held_out.by_constant, COLOURS[4], "x")
    for axes, title in ((before, "before"), (after, "calibrated")):
        axes.axline((0, 0), slope=1, color=COLOURS[0], linewidth=0.8, zorder=0)
        axes.set(title=title, xlabel="score on the board")
        axes.legend(frameon=False, loc="upper left")
    before.set_ylabel("mean SCS on the validation prompts")
    caption = (
        "A dot is a constant prompt with a known score; on the line, validation says what the board said. "
        "Held out: the fit did not see that constant."
    )
    return drawing("Calibration", caption, figure)


def _words(axes: Axes, counts: Counter[int]) -> None:
    values = np.maximum(np.array(list(counts)), 1)
    edges = np.unique(np.geomspace(1, max(values.max(), _SHORTEST_AXIS) + 1, _BARS + 1).round()) - 0.5
    rows, _ = np.histogram(values, edges, weights=list(counts.values()))
    _bars(axes, edges, rows)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if edges[-1] < _ROOM_FOR_TICKS else (1,)))
    axes.set_xlim(edges[0], edges[-1])


def _ratios(axes: Axes, counts: Counter[int]) -> None:
    steps = np.array(list(counts))
    edges = np.arange(steps.min(), steps.max() + 2) - 0.5
    rows, _ = np.histogram(steps, edges, weights=list(counts.values()))
    _bars(axes, 2 ** (edges / OCTAVE), rows)
    axes.axvline(1, color=COLOURS[0], linewidth=0.8)
    axes.set(title="length ratio", xlabel="rewritten / original", xlim=(2.0**-6, 2.0**6))
    axes.set_xticks([1 / 16, 1 / 4, 1, 4, 16], ["1/16", "1/4", "1", "4", "16"])


def _bars(axes: Axes, edges: np.ndarray, rows: np.ndarray) -> None:
    """Draw bars whose area on the logarithmic axis is the number of rows."""
    axes.bar(edges[:-1], rows / np.diff(np.log(edges)), np.diff(edges), align="edge", color=_BAR_COLOUR)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _against(axes: Axes, board: Board, label: str, deviations: np.ndarray, colour: str, marker: str) -> None:
    axes.scatter(board.scores, board.scores + deviations, s=16, color=colour, marker=marker, linewidths=1, label=label)
