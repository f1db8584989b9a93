"""The document of the further measures in, a compact text table and the values of a page's section out."""

from collections.abc import Sequence
from typing import Any

from prompt_recovery.engines.figures import Drawing
from prompt_recovery.score.measures import CEILINGS, RECALLS, WORD_MEASURES
from prompt_recovery.score.retrieval_metrics import RECALL_AT
from prompt_recovery.score.scoring import score_table
from prompt_recovery.score.text_table import text_table

_HEADS = {"rouge_l": "ROUGE-L", "token_f1": "token F1", "exact_match": "exact match"}
_Key = tuple[str, str]
_NAMES = (*WORD_MEASURES, *RECALLS)


def measures_table(document: dict[str, Any]) -> str:
    """Render a document of `measure` as text: a line a split and method, and a block a kind of measure."""
    blocks = [
        f"Beside SCS: shared words; recall among {document['bank']:,} prompts, by chance {_chance(document)}",
        text_table(["", "", *_heads()], [[*key, *map(_mean, own)] for key, own in _mean_lines(document)]),
    ]
    if document["skills"]:
        blocks += ["", "Skill: (score - constant) / (ceiling - constant) [the ceiling's own score]"]
        lines = [[*key, *map(_skill, own)] for key, own in _skill_lines(document)]
        blocks.append(text_table(["", "", *CEILINGS], lines))
    if document["confidence"]:
        blocks += ["", "Confidence: rank correlation with SCS; SCS of the most confident rows, mean over all coverages"]
        heads = ["", "", "Spearman", "area", "at random", "at best"]
        blocks.append(text_table(heads, _confidence_lines(document)))
    if document["second"]:
        blocks += ["", "A second embedder, which took no part:", score_table(document["second"])]
    return "\n".join(blocks)


def measures_values(document: dict[str, Any], figures: Sequence[Drawing] = ()) -> dict[str, Any]:
    """Return what `score/measures_section.html.j2` renders as `measures`; `figures`: of `draw_risk_coverage`."""
    second = document["second"]
    return {
        "bank": document["bank"],
        "chance": _chance(document),
        "heads": _heads(),
        "means": _marked(_mean_lines(document), "mean"),
        "ceilings": CEILINGS,
        "skills": [{"split": split, "method": method, "cells": own} for (split, method), own in _skill_lines(document)],
        "confidence": _confidence_lines(document),
        "figures": figures,
        "second": second and _second(second),
    }


def _heads() -> list[str]:
    return [_HEADS.get(name, name) for name in _NAMES]


def _chance(document: dict[str, Any]) -> str:
    return ", ".join(f"{min(k / document['bank'], 1.0):.3f}" for k in RECALL_AT)


def _mean_lines(document: dict[str, Any]) -> list[tuple[_Key, list[dict[str, Any]]]]:
    """Return of each (split, method) the means in the order of the heads."""
    lines: dict[_Key, list[dict[str, Any]]] = {}
    for one in document["means"]:
        lines.setdefault((one["split"], one["method"]), []).append(one)
    return list(lines.items())


def _skill_lines(document: dict[str, Any]) -> list[tuple[_Key, list[dict[str, Any] | None]]]:
    """Return of each (split, method) the skill under each of CEILINGS, None where there is none."""
    lines: dict[_Key, dict[str, Any]] = {}
    for one in document["skills"]:
        lines.setdefault((one["split"], one["method"]), {})[one["ceiling_name"]] = one
    return [(key, [own.get(name) for name in CEILINGS]) for key, own in lines.items()]


def _confidence_lines(document: dict[str, Any]) -> list[Sequence[str]]:
    """Return of each split and method: rank correlation, area, and the areas at random and at best."""
    return [
        [one["split"], one["method"], "" if one["spearman"] is None else f"{one['spearman']:+.2f}"]
        + [f"{one[area]:.3f}" for area in ("area", "random_area", "best_area")]
        for one in document["confidence"]
    ]


def _marked(lines: list[tuple[_Key, list[dict[str, Any]]]], value: str) -> list[dict[str, Any]]:
    """Mark the best of each split, column by column; a column of zeros has none."""
    top: dict[tuple[str, int], float] = {}
    for (split, _), cells in lines:
        for column, one in enumerate(cells):
            top[split, column] = max(top.get((split, column), 0.0), one[value])
    return [
        {
            "split": split,
            "method": method,
            "cells": [one | {"best": one[value] == top[split, column] > 0} for column, one in enumerate(cells)],
        }
        for (split, method), cells in lines
    ]


def _second(document: dict[str, Any]) -> dict[str, Any]:
    scores = document["scores"]
    splits = sorted({one["split"] for one in scores})
    top = {split: max(one["score"] for one in scores if one["split"] == split) for split in splits}
    cells = {(one["method"], one["split"]): one | {"best": one["score"] == top[one["split"]]} for one in scores}
    methods = dict.fromkeys(one["method"] for one in scores)
    lines = [{"method": method, "cells": [cells.get((method, split)) for split in splits]} for method in methods]
    return {"embedder": document["embedder"], "splits": splits, "lines": lines}


def _mean(one: dict[str, Any]) -> str:
    return f"{one['mean']:.3f}"


def _skill(one: dict[str, Any] | None) -> str:
    if one is None or one["skill"] is None:
        return ""
    return f"{one['skill']:+.2f} [{one['ceiling']:.3f}]"
