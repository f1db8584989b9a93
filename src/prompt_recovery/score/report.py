"""Scored rows and what training watched in, one self-contained HTML page out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.figures import COLOURS, Drawing, canvas, drawing
from prompt_recovery.methods import METHODS
from prompt_recovery.page import render_page
from prompt_recovery.score.ablation_report import ablation_values
from prompt_recovery.score.confidence import draw_risk_coverage
from prompt_recovery.score.measures_report import measures_values
from prompt_recovery.score.run_scores import RunScores
from prompt_recovery.score.scoring import SplitScore, methods_by_track
from prompt_recovery.score.training_curves import training_curves
from prompt_recovery.tables import SPLIT_MEANINGS, TRACK_MEANINGS

_SAMPLE_ROWS = 5
_MOST_FAMILIES = 60
_LABEL = 60  # characters of a family, which may be named by a whole prompt


def render_report(
    run: config.RunConfig, scored: RunScores, curve: Sequence[dict[str, float]], trained: Mapping[str, Any]
) -> str:
    """Return the page.

    `scored`: its rows have the texts; `curve`: the lines of metrics.jsonl, none where nothing is trained; `trained`:
    the counts of train's manifest. Rows are shown, and methods drawn, of the clean track where there is one.
    """
    rows, document = scored.rows, scored.document
    scores = [SplitScore(**score) for score in document["scores"]]
    tracks = methods_by_track(score.method for score in scores)
    methods = next(iter(tracks.values()))
    best = rows[rows["method"] == methods[-1]].sort_values("score", ascending=False, kind="stable")
    figures = [_by_family(rows, methods), _distribution(rows, methods)]
    figures += [training_curves(curve, trained["best_step"])] if curve else []
    samples = [("Best rows", best.head(_SAMPLE_ROWS)), ("Worst rows", best.tail(_SAMPLE_ROWS)[::-1])]
    return render_page(
        "score/report.html.j2",
        name=run.name,
        facts=_facts(run, trained),
        document=document,
        splits=_splits(scores),
        tracks=[_track(track, own, scores) for track, own in tracks.items()],
        sources=_sources(document["sources"], methods),
        figures=figures,
        measures=measures_values(document["measures"], draw_risk_coverage(rows)) if "measures" in document else None,
        ablations={name: ablation_values(one) for name, one in scored.ablations.items()},
        samples=[{"title": f"{title} ({methods[-1]})", "rows": own.to_dict("records")} for title, own in samples],
    )


def _facts(run: config.RunConfig, trained: Mapping[str, Any]) -> dict[str, str]:
    facts = {"base": run.base.model if run.base else "none", "method": run.method}
    quantisation, trains = METHODS[run.method].quantisation, METHODS[run.method].trains
    facts["base"] += "" if quantisation == "none" else f", {quantisation}"
    if trains == "nothing":
        return facts | {"trained": "nothing"}
    opened = f"LoRA of rank {run.lora.rank}" if trains == "adapter" else f"{trains} of the base"
    return (
        facts
        | {
            "trained": f"{opened}, {trained['trainable_parameters']:,} parameters",
            "trained on": f"{trained['rows']:,} triples of {run.data}, {trained['tokens']:,} tokens seen",
            "trained for": f"{trained['steps']:,} steps, {trained['seconds']:,.0f} s",
        }
        | ({"started from": _chain(trained["runs_before"])} if trained["runs_before"] else {})
    )


def _chain(runs_before: Sequence[Mapping[str, Any]]) -> str:
    """Return the runs whose adapter this one continued, the oldest first."""
    runs = [f"{one['run']} ({one['rows']:,} triples of {one['data']}, {one['seconds']:,.0f} s)" for one in runs_before]
    return ", then ".join(runs)


def _splits(scores: Sequence[SplitScore]) -> list[dict[str, Any]]:
    first = {score.split: score for score in reversed(scores)}
    return [
        {"name": s.split, "meaning": SPLIT_MEANINGS.get(s.split, ""), "rows": s.rows, "families": s.families}
        for _, s in sorted(first.items())
    ]


def _track(track: str, methods: Sequence[str], scores: Sequence[SplitScore]) -> dict[str, Any]:
    own = [score for score in scores if score.method in methods]
    splits = sorted({score.split for score in scores})
    cells = _cells([asdict(score) | {"column": score.split} for score in own])
    by_constant = {method: sum(s.answered_by_constant for s in own if s.method == method) for method in methods}
    return {
        "name": track,
        "meaning": TRACK_MEANINGS[track],
        "methods": [
            {
                "name": method,
                "cells": [cells.get((method, split)) for split in splits],
                "by_constant": by_constant[method],
            }
            for method in methods
        ],
    }


def _sources(scores: Sequence[dict[str, Any]], methods: Sequence[str]) -> list[dict[str, Any]]:
    """Return a table a split: of each source the scores of the methods."""
    tables = []
    for split in sorted({score["split"] for score in scores}):
        own = [score | {"column": score["method"], "method": score["source"]} for score in scores]
        own = [score for score in own if score["split"] == split and score["column"] in methods]
        size = {
            score["source"]: f"rows: {score['rows']}, families: {score['families']}, originals: {score['originals']}"
            for score in own
        }
        cells = _cells(own, by="method")
        lines = [
            {"source": source, "size": size[source], "cells": [cells.get((source, method)) for method in methods]}
            for source in size
        ]
        tables.append({"split": split, "meaning": SPLIT_MEANINGS.get(split, ""), "lines": lines})
    return tables


def _cells(scores: Sequence[dict[str, Any]], by: str = "column") -> dict[tuple[str, str], dict[str, Any]]:
    """Return the scores by (method, column), the best of each `by` marked."""
    top: dict[str, float] = {}
    for score in scores:
        top[score[by]] = max(top.get(score[by], -1.0), score["score"])
    return {(s["method"], s["column"]): s | {"best": s["score"] == top[s[by]]} for s in scores}


def _by_family(rows: pd.DataFrame, methods: Sequence[str]) -> Drawing:
    table = rows.pivot_table(index=["split", "family"], columns="method", values="score")[list(methods)]
    by_split = {split: own.droplevel("split").sort_values(methods[-1]) for split, own in table.groupby("split")}
    by_split = {split: _ends(own) for split, own in by_split.items()}
    figure = canvas(max(8, 4 * len(by_split)), 1.2 + 0.15 * max(map(len, by_split.values())))
    for axes, (split, own) in zip(figure.subplots(1, len(by_split), squeeze=False)[0], by_split.items(), strict=True):
        for method, colour in zip(methods, COLOURS, strict=False):
            axes.scatter(own[method], range(len(own)), s=14, color=colour, label=method)
        axes.set_yticks(range(len(own)), [_label(name) for name in own.index], fontsize=7)
        axes.set(title=split, xlabel="mean SCS", xlim=(-0.03, 1.03), ylim=(-1, len(own)))
        axes.grid(axis="x", alpha=0.3)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(methods), frameon=False
    )
    caption = f"A dot is the mean SCS of a method on one family; a split's families are sorted by {methods[-1]}."
    return drawing("Score by family", caption, figure)


def _ends(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the worst and the best families: more bars are no picture."""
    half = _MOST_FAMILIES // 2
    return table if len(table) <= _MOST_FAMILIES else pd.concat([table.head(half), table.tail(half)])


def _label(family: str) -> str:
    label = " ".join(family.split())
    return label if len(label) <= _LABEL else label[: _LABEL - 3] + "..."


def _distribution(rows: pd.DataFrame, methods: Sequence[str]) -> Drawing:
    splits = sorted(rows["split"].unique())
    figure = canvas(9, 3)
    for axes, split in zip(figure.subplots(1, len(splits), sharey=True, squeeze=False)[0], splits, strict=True):
        for method, colour in zip(methods, COLOURS, strict=False):
            scores = rows.loc[(rows["split"] == split) & (rows["method"] == method), "score"].sort_values()
            axes.step(scores, 1 - (pd.RangeIndex(len(scores)) / len(scores)), color=colour, label=method)
        axes.set_title(split)
        axes.set_xlabel("SCS")
        axes.set_xlim(-0.02, 1.02)
    figure.axes[0].set_ylabel("share of rows")
    figure.axes[-1].legend(frameon=False)
    return drawing("Distribution of the scores", "Share of rows at or above an SCS; higher is better.", figure)
