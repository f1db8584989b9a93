"""An ablation in, its text table and the values of its section of the report out."""

from typing import Any

from prompt_recovery.score.ablation import Ablation, Gain, Variant
from prompt_recovery.score.text_table import text_table
from prompt_recovery.tables import SPLIT_MEANINGS, TRACK_MEANINGS


def ablation_table(ablation: Ablation) -> str:
    """Render the ablation as text: of each track its variants' scores, then the gain of each ingredient."""
    splits, blocks = list(ablation.rows), []
    for track in ablation.tracks:
        blocks.append(f"Track {track}: {TRACK_MEANINGS[track]}. SCS of each variant")
        lines = [
            [one.name, *(f"{one.scores[split]:.3f}" for split in splits), seconds_cell(one)]
            for one in _of(ablation, track)[0]
        ]
        blocks.append(text_table(["", *splits, "ms a row"], lines))
        blocks += ["", f"Gain of each ingredient [{ablation.confidence:.0%} interval by family] p-value"]
        lines = [
            [name_cell(gain), *(_gain_cell(gain, split) for split in splits), cost_cell(gain)]
            for gain in _of(ablation, track)[1]
        ]
        blocks += [text_table(["", *splits, "ms a row"], lines), ""]
    return "\n".join(blocks).rstrip()


def ablation_values(ablation: Ablation) -> dict[str, Any]:
    """Return what `score/ablation_section.html.j2` renders as `ablation`."""
    splits = list(ablation.rows)
    return {
        "splits": [
            {
                "name": split,
                "meaning": SPLIT_MEANINGS.get(split, ""),
                "rows": ablation.rows[split],
                "families": ablation.families[split],
            }
            for split in splits
        ],
        "confidence": ablation.confidence,
        "tracks": [_track(ablation, track, splits) for track in ablation.tracks],
    }


def name_cell(gain: Gain) -> str:
    """Return the ingredient with what it was added to or left out of."""
    one = gain.ingredient
    is_left_out = one.without.startswith(one.whole)
    return f"{one.name} (in {one.whole})" if is_left_out else f"{one.name} (added to {one.without})"


def seconds_cell(variant: Variant) -> str:
    return "" if variant.seconds_a_row is None else f"{1_000 * variant.seconds_a_row:,.1f}"


def cost_cell(gain: Gain) -> str:
    return "" if gain.milliseconds_a_row is None else f"{gain.milliseconds_a_row:+,.1f}"


def p_cell(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _gain_cell(gain: Gain, split: str) -> str:
    one = gain.by_split[split]
    return f"{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}] {p_cell(one.p_value)}"


def _of(ablation: Ablation, track: str) -> tuple[list[Variant], list[Gain]]:
    own = [one for one in ablation.variants if one.track == track]
    return own, [gain for gain in ablation.gains if gain.track == track]


def _track(ablation: Ablation, track: str, splits: list[str]) -> dict[str, Any]:
    variants, gains = _of(ablation, track)
    top = {split: max(one.scores[split] for one in variants) for split in splits}
    return {
        "name": track,
        "meaning": TRACK_MEANINGS[track],
        "variants": [
            {
                "name": one.name,
                "cells": [(one.scores[split], one.scores[split] == top[split]) for split in splits],
                "milliseconds": seconds_cell(one),
            }
            for one in variants
        ],
        "gains": [
            {
                "name": gain.ingredient.name,
                "pair": f"{gain.ingredient.whole} against {gain.ingredient.without}",
                "cells": [(gain.by_split[split], p_cell(gain.by_split[split].p_value)) for split in splits],
                "milliseconds": cost_cell(gain),
            }
            for gain in gains
        ],
    }
