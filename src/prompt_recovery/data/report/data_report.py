"""The triples of a data run and what was counted in making them in, one self-contained HTML page out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.calibration.calibrated_validation import CalibratedValidation
from prompt_recovery.data.report.profile import Profile, profile_triples, quantile
from prompt_recovery.data.report.prompt_map import PromptMap, draw_map
from prompt_recovery.data.report.report_figures import draw_calibration, draw_lengths
from prompt_recovery.page import render_page
from prompt_recovery.tables import PARTS, SPLIT_MEANINGS

_MOST_BARS = 40
_LONG_NAME = 36  # characters; a family may be named by a prompt of its own
_EXAMPLES = 3  # of each reason
_MAP_SIZE = (1000, 640)


@dataclass(frozen=True, eq=False)
class ReportFacts:
    """What the page is made of.

    `parts`: train, valid, test -> a Parquet file of schema TRIPLES. `counts`: of the stage's manifest; read are
    `dropped`, `changed`, `originals_dropped` (reason -> rows) and `distinct` (column -> values).
    `examples`: columns reason, original_text, rewrite_prompt, rewritten_text (as the rewriter gave it); the reason is
    a key of `dropped`, or "changed: " and a key of `changed`.
    """

    name: str
    settings: config.DataConfig
    parts: Mapping[str, Path]
    counts: Mapping[str, Any]
    examples: pd.DataFrame
    prompt_map: PromptMap | None = None
    calibration: CalibratedValidation | None = None


def render_data_report(facts: ReportFacts) -> str:
    """Return the page, the same for the same facts. The triples are read once, batch by batch, each text cut."""
    profile = profile_triples(facts.parts)
    rows = profile.splits.total()
    dropped, changed = facts.counts.get("dropped", {}), facts.counts.get("changed", {})
    made = rows + sum(dropped.values())
    return render_page(
        "data/report/report.html.j2",
        name=facts.name,
        facts=_facts(facts.settings),
        numbers=_numbers(profile, facts.counts.get("distinct", {})),
        parts=[part for part in PARTS if part in facts.parts],
        splits=_splits(profile),
        bars=[
            _bars("Sources of the originals", profile.sources),
            _bars("Rewriters", profile.rewriters),
            _families(profile),
        ],
        lengths=draw_lengths(profile),
        quantiles=[_quantiles(name, counts) for name, counts in profile.words.items()],
        made=made,
        dropped=_reasons(dropped, made, facts.examples),
        changed=_reasons(changed, made, facts.examples, prefix="changed: "),
        originals_dropped=_ranked(facts.counts.get("originals_dropped", {})),
        map=facts.prompt_map and draw_map(facts.prompt_map, *_MAP_SIZE),
        calibration=facts.calibration and _calibration(facts.calibration),
        samples=profile.samples,
    )


def _facts(settings: config.DataConfig) -> dict[str, str]:
    originals, cleaning, rewriter = settings.originals, settings.cleaning, settings.rewriter
    sources = ", ".join(f"{source.label} (weight {source.weight:g})" for source in originals.sources)
    kept = f"; kept though found: {', '.join(cleaning.keep)}" if cleaning.keep else ""
    files = [file.path for file in settings.prompts.files] + [
        f"variations: {one}" for one in settings.prompts.variations
    ]
    made = {
        "rewriter": rewriter.kind if rewriter.name == rewriter.kind else f"{rewriter.name} ({rewriter.kind})",
        "originals": f"{originals.count:,} of at most {originals.max_words} words, from {sources}",
        "prompts": ", ".join([settings.prompts.kind, *files]),
    }
    imported = ", ".join(file.path + (" (external)" if file.external else "") for file in settings.imported)
    return {
        **(made if rewriter.kind != "none" else {}),
        **({"imported": imported} if imported else {}),
        "cleaning": f"openings: {cleaning.openings}; at most {cleaning.max_words} words{kept}",
        "seed": str(settings.seed),
    }


def _numbers(profile: Profile, distinct: Mapping[str, int]) -> dict[str, int]:
    """Return the numbers of the page's first line."""
    names = {"rewrite_prompt": "prompts", "family": "families", "original_text": "originals"}
    families = {"family": len({family for family, _, _ in profile.families})}
    found = families | dict(distinct)
    return {"triples": profile.splits.total()} | {name: found[key] for key, name in names.items() if key in found}


def _splits(profile: Profile) -> list[dict[str, Any]]:
    order = list(SPLIT_MEANINGS)
    names = {split for split, _ in profile.splits}
    return [
        {
            "name": split,
            "meaning": SPLIT_MEANINGS.get(split, ""),
            "rows": {part: profile.splits[split, part] for part in PARTS},
            "families": len({family for family, own, _ in profile.families if own == split}),
        }
        for split in sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))
    ]


def _bars(title: str, counts: Counter[tuple[str, str]], caption: str = "") -> dict[str, Any]:
    """Return the bars of the most frequent values, parts stacked; the other values are named by their number."""
    totals = _totals(counts)
    ranked = _ranked(totals)
    shown, others = ranked[:_MOST_BARS], ranked[_MOST_BARS:]
    return {
        "title": title,
        "caption": caption,
        "most": ranked[0][1],
        "wide": max(len(name) for name, _ in shown) > _LONG_NAME,
        "rows": totals.total(),
        "bars": [{"name": n, "rows": r, "parts": {part: counts[n, part] for part in PARTS}} for n, r in shown],
        "others": len(others),
        "other_rows": sum(rows for _, rows in others),
    }


def _totals(counts: Counter[tuple[str, str]]) -> Counter[str]:
    """Sum over the parts."""
    totals: Counter[str] = Counter()
    for (value, _), rows in counts.items():
        totals[value] += rows
    return totals


def _families(profile: Profile) -> dict[str, Any]:
    by_part: Counter[tuple[str, str]] = Counter()
    for (family, _, part), rows in profile.families.items():
        by_part[family, part] += rows
    counts = Counter(_totals(by_part).values())
    fewest, middle = min(counts), quantile(counts, 0.5)
    caption = (
        f"{counts.total():,} families. Rows in the largest: {max(counts):,}; in the median one: {middle:,}; "
        f"in the smallest: {fewest:,} ({counts[fewest]:,} so small)."
    )
    if counts.total() == 1:
        caption = "One family."
    return _bars("Families of prompts", by_part, caption)


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _quantiles(name: str, counts: Counter[int]) -> dict[str, Any]:
    shares = {"5 %": 0.05, "median": 0.5, "95 %": 0.95, "longest": 1.0}
    return {"name": name, "words": {title: quantile(counts, share) for title, share in shares.items()}}


def _reasons(counts: Mapping[str, int], made: int, examples: pd.DataFrame, prefix: str = "") -> list[dict[str, Any]]:
    return [
        {
            "name": reason,
            "rows": rows,
            "share": rows / made,
            "examples": examples[examples["reason"] == prefix + reason].head(_EXAMPLES).to_dict("records"),
        }
        for reason, rows in _ranked(counts)
    ]


def _calibration(facts: CalibratedValidation) -> dict[str, Any]:
    board, found = facts.board, facts.calibration
    lines = {
        "before: every prompt alike": found.uncalibrated,
        "weighted": found.fitted,
        "weighted, constant held out": found.held_out,
        "subset": found.subset_fitted,
        "subset, constant held out": found.subset_held_out,
    }
    before, after = (board.scores + one.by_constant for one in (found.uncalibrated, found.subset_held_out))
    constants = zip(board.texts, board.scores, before, after, strict=True)
    return {
        "drawing": draw_calibration(board, found),
        "lines": [{"name": name, "mean": line.mean, "largest": line.largest} for name, line in lines.items()],
        "constants": sorted(constants, key=lambda one: (-one[1], one[0])),
        "prompts": len(found.weights),
        "effective": found.effective_sample_size,
        "subset": len(found.subset),
    }
