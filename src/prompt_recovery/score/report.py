"""Scored rows and a loss curve in, one self-contained HTML page out."""

import io
from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2
import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from prompt_recovery.score.scoring import SplitScore

MEANINGS = {
    "S0": "prompt seen, text unseen",
    "S1": "wording unseen",
    "S2": "family unseen",
    "all": "all rows",
}
_COLOURS = ("#9aa7b3", "#e08e45", "#0b6e99", "#5b8c5a", "#8e5ea2", "#c0504d")
_SAMPLE_ROWS = 5
matplotlib.rcParams |= {"font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "report", "svg.fonttype": "none"}


def render_report(
    name: str, rows: pd.DataFrame, document: dict[str, Any], loss_curve: Sequence[dict[str, float]]
) -> str:
    """Return the page. `rows`: from score_rows, with the texts; `loss_curve`: the lines of metrics.jsonl."""
    scores = [SplitScore(**score) for score in document["scores"]]
    methods = list(dict.fromkeys(score.method for score in scores))
    best = rows[rows["method"] == methods[-1]].sort_values("score", ascending=False, kind="stable")
    figures = [_by_family(rows, methods), _distribution(rows, methods), _loss(loss_curve)]
    samples = [("Best rows", best.head(_SAMPLE_ROWS)), ("Worst rows", best.tail(_SAMPLE_ROWS)[::-1])]
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (resources.files(__package__) / "report.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        name=name,
        document=document,
        splits=_splits(scores),
        methods=[_method(method, scores) for method in methods],
        figures=figures,
        samples=[{"title": f"{title} ({methods[-1]})", "rows": own.to_dict("records")} for title, own in samples],
    )


def _splits(scores: Sequence[SplitScore]) -> list[dict[str, Any]]:
    first = {score.split: score for score in reversed(scores)}
    return [
        {"name": s.split, "meaning": MEANINGS.get(s.split, ""), "rows": s.rows, "families": s.families}
        for _, s in sorted(first.items())
    ]


def _method(method: str, scores: Sequence[SplitScore]) -> dict[str, Any]:
    top = {split: max(s.score for s in scores if s.split == split) for split in {s.split for s in scores}}
    own = {s.split: s for s in scores if s.method == method}
    cells = [own.get(split) for split in sorted(top)]
    cells = [
        cell and {"score": cell.score, "low": cell.low, "high": cell.high, "best": cell.score == top[cell.split]}
        for cell in cells
    ]
    return {"name": method, "cells": cells, "by_constant": sum(s.answered_by_constant for s in own.values())}


def _figure(title: str, caption: str, width: float, height: float) -> tuple[dict[str, str], Figure]:
    return {"title": title, "caption": caption}, Figure(figsize=(width, height), layout="constrained")


def _finish(entry: dict[str, str], figure: Figure) -> dict[str, str]:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return entry | {"svg": svg[svg.index("<svg") :]}


def _by_family(rows: pd.DataFrame, methods: Sequence[str]) -> dict[str, str]:
    table = rows.pivot_table(index=["split", "family"], columns="method", values="score")[list(methods)]
    table = table.sort_values(["split", methods[-1]], ascending=[False, True])
    if len(table) > 120:  # more bars are no picture: keep the ends
        table = pd.concat([table.head(60), table.tail(60)])
    entry, figure = _figure(
        "Score by family",
        "A dot is the mean SCS of a method on one family; the families are sorted within a split.",
        9,
        1 + 0.16 * len(table),
    )
    axes = figure.subplots()
    for method, colour in zip(methods, _COLOURS, strict=False):
        axes.scatter(table[method], range(len(table)), s=14, color=colour, label=method)
    axes.set_yticks(range(len(table)), [f"{family}  {split}" for split, family in table.index], fontsize=7)
    axes.set_xlabel("mean SCS")
    axes.set_ylim(-1, len(table))
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0), ncols=len(methods), frameon=False)
    return _finish(entry, figure)


def _distribution(rows: pd.DataFrame, methods: Sequence[str]) -> dict[str, str]:
    splits = sorted(rows["split"].unique())
    entry, figure = _figure("Distribution of the scores", "Share of rows at or above an SCS; higher is better.", 9, 3)
    for axes, split in zip(figure.subplots(1, len(splits), sharey=True, squeeze=False)[0], splits, strict=True):
        for method, colour in zip(methods, _COLOURS, strict=False):
            scores = rows.loc[(rows["split"] == split) & (rows["method"] == method), "score"].sort_values()
            axes.step(scores, 1 - (pd.RangeIndex(len(scores)) / len(scores)), color=colour, label=method)
        axes.set_title(split)
        axes.set_xlabel("SCS")
        axes.set_xlim(-0.02, 1.02)
    figure.axes[0].set_ylabel("share of rows")
    figure.axes[-1].legend(frameon=False)
    return _finish(entry, figure)


def _loss(lines: Sequence[dict[str, float]]) -> dict[str, str]:
    entry, figure = _figure(
        "Loss of the adapter", "Nats a token of the answer; the dots are the validation rows of all splits.", 9, 3
    )
    axes = figure.subplots()
    train = [(line["step"], line["loss"]) for line in lines if "loss" in line]
    valid = [(line["step"], line["valid_loss"]) for line in lines if "valid_loss" in line]
    axes.plot(*zip(*train, strict=True), color=_COLOURS[0], linewidth=1, label="train")
    axes.plot(*zip(*valid, strict=True), "o-", color=_COLOURS[2], markersize=4, label="valid")
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.legend(frameon=False)
    return _finish(entry, figure)
