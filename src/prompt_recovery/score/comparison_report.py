"""A ladder of methods in, one self-contained HTML page out."""

from collections.abc import Mapping, Sequence
from typing import Any

from prompt_recovery import config
from prompt_recovery.engines.figures import COLOURS, Drawing, canvas, drawing
from prompt_recovery.methods import METHODS
from prompt_recovery.page import render_page
from prompt_recovery.score.comparison import REFERENCES, Rung, best_scores, cost_cells
from prompt_recovery.tables import SPLIT_MEANINGS

_MARKERS = "os^DPvX*<>hd"
_TITLES = {False: "the ladder of methods", True: "one stage against two"}
_TRAINED = {"nothing": 1, "all": 3, "last layers": 3, "adapter": 2}  # colours: prompting, whole weights, adapters


def render_comparison(run: config.RunConfig, rungs: Sequence[Rung], facts: Mapping[str, Any]) -> str:
    """Return the page: scores and costs of each method, paired differences, and two figures."""
    splits = sorted(rungs[0].scores)
    top = best_scores(rungs, facts)
    chained = any(rung.name in config.STAGES for rung in rungs)
    return render_page(
        "score/comparison.html.j2",
        name=f"{run.name}: {_TITLES[chained]}",
        chained=chained,
        facts=_facts(run, rungs),
        embedder=facts["embedder"],
        confidence=facts["confidence"],
        splits=[(SPLIT_MEANINGS.get(split, ""), rungs[0].scores[split]) for split in splits],
        constant=[(facts["constant"][split], facts["constant"][split].score == top[split]) for split in splits],
        methods=[_method(rung, splits, top) for rung in rungs],
        differences=[
            (reference, _differences(rungs, reference, splits))
            for reference in REFERENCES
            if reference == "constant" or reference in [rung.name for rung in rungs]
        ],
        figures=[_intervals(rungs, facts, splits), _against_seconds(rungs, splits)],
    )


def _facts(run: config.RunConfig, rungs: Sequence[Rung]) -> dict[str, str]:
    """Return what all rungs have in common, and what the words for some of them mean."""
    shots, methods = run.prompting, {rung.method for rung in rungs}
    facts = {
        "base": run.base.model if run.base else "none",
        "data": f"{run.data}, the same training, validation and test triples for all",
        "training": f"epochs {run.train.epochs:g}, batches of {run.train.batch_tokens:,} tokens, seed {run.seed}",
    }
    if methods & {"few_shot", "retrieval"}:
        facts["shots"] = f"{shots.shots} of at most 2 x {shots.max_text_tokens} tokens"
    if methods & {"nearest", "retrieval"}:
        facts["nearest"] = f"of {shots.candidates:,} training triples, by {shots.nearest_by}"
    if "last_layers" in methods:
        facts["last layers"] = f"{run.whole_weights.last_layers}"
    if run.init_from:
        facts["init_from"] = run.init_from
    return facts | {rung.name: config.STAGES[rung.name] for rung in rungs if rung.name in config.STAGES}


def _method(rung: Rung, splits: Sequence[str], top: Mapping[str, float]) -> dict[str, Any]:
    cells = [(rung.scores[split], rung.scores[split].score == top[split]) for split in splits]
    return {"name": rung.name, "cells": cells, "costs": cost_cells(rung)}


def _differences(rungs: Sequence[Rung], reference: str, splits: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"name": rung.name, "cells": [rung.against[reference, split] for split in splits]}
        for rung in rungs
        if rung.name != reference
    ]


def _intervals(rungs: Sequence[Rung], facts: Mapping[str, Any], splits: Sequence[str]) -> Drawing:
    figure = canvas(9, 0.9 + 0.28 * len(rungs))
    places = range(len(rungs))
    for axes, split in zip(figure.subplots(1, len(splits), sharey=True, squeeze=False)[0], splits, strict=True):
        constant = facts["constant"][split]
        axes.axvspan(constant.low, constant.high, color=COLOURS[0], alpha=0.25, linewidth=0)
        axes.axvline(constant.score, color=COLOURS[0])
        for place, rung in zip(places, rungs, strict=True):
            score = rung.scores[split]
            axes.plot([score.low, score.high], [place, place], color=_colour(rung), linewidth=1.5)
            axes.plot(score.score, place, "o", color=_colour(rung), markersize=5)
        axes.set(title=split, xlabel="SCS", ylim=(len(rungs) - 0.5, -0.5))
        axes.set_yticks(places, [rung.name for rung in rungs])
        axes.grid(axis="x", alpha=0.3)
    caption = (
        "Mean SCS with its interval; the grey band is the constant prompt. Orange: nothing is trained; green: the "
        "base's own weights; blue: adapters."
    )
    return drawing("Scores and intervals", caption, figure)


def _against_seconds(rungs: Sequence[Rung], splits: Sequence[str]) -> Drawing:
    figure = canvas(9, 3.2)
    for axes, split in zip(figure.subplots(1, len(splits), sharey=True, squeeze=False)[0], splits, strict=True):
        for rung, marker in zip(rungs, _MARKERS, strict=False):
            at = (rung.training_seconds or 0.0, rung.scores[split].score)
            axes.plot(*at, marker, color=_colour(rung), markersize=7, alpha=0.8, label=rung.name)
        axes.set(title=split, xlabel="seconds of training")
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("mean SCS")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
    return drawing("Score against what the training took", "Higher is better, left is cheaper.", figure)


def _colour(rung: Rung) -> str:
    return COLOURS[_TRAINED[METHODS[rung.method].trains]]
