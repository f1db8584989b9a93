"""Row scores of named variants in, what each ingredient gains and costs out, track by track and split by split.

A variant "choice - retrieved" is "choice" without the ingredient "retrieved"; "vector + decoded" is "vector" with
"decoded" added. A "-" or "+" counts only between spaces; the last one names the ingredient.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.score.paired import Difference, differences_by_split
from prompt_recovery.tables import TRACK_MEANINGS, track_of

_VARIANT = re.compile(r"(?P<base>.+) (?P<sign>[-+]) (?P<ingredient>.+)")


@dataclass(frozen=True)
class Ingredient:
    """Two variants that differ in one ingredient."""

    name: str
    without: str
    whole: str


@dataclass(frozen=True)
class Gain:
    """What an ingredient adds to the score of each split, paired row by row, and to the time."""

    track: str
    ingredient: Ingredient
    by_split: dict[str, Difference]
    milliseconds_a_row: float | None  # of the whole variant less the other's; None: not measured


@dataclass(frozen=True)
class Variant:
    """A variant's mean score by split, and its seconds a row (None: not measured)."""

    track: str
    name: str
    scores: dict[str, float]
    seconds_a_row: float | None


@dataclass(frozen=True)
class Ablation:
    """The variants and the gains, clean track first; `rows` and `families` by split; never pooled over tracks."""

    variants: list[Variant]
    gains: list[Gain]
    rows: dict[str, int]
    families: dict[str, int]
    confidence: float

    @property
    def tracks(self) -> list[str]:
        """Return the tracks that have a variant."""
        return list(dict.fromkeys(variant.track for variant in self.variants))


def ingredients_of(variants: Iterable[str]) -> list[Ingredient]:
    """Return an ingredient for each variant whose name says how it differs from another one of `variants`."""
    variants, found = list(dict.fromkeys(variants)), []
    for variant in variants:
        match = _VARIANT.fullmatch(variant)
        if not match or match["base"] not in variants:
            continue
        both = (variant, match["base"]) if match["sign"] == "-" else (match["base"], variant)
        found.append(Ingredient(match["ingredient"], *both))
    return found


def ablate(
    rows: pd.DataFrame,
    settings: config.Score,
    *,
    seconds_a_row: Mapping[str, float] | None = None,
) -> Ablation:
    """Compare the variants of each track.

    `rows`: a row a test row and variant, with `id`, `method` (the variant's name), `split`, `family`, `score`;
    the name tells the track. `seconds_a_row`: by variant. Raises InputError for a row that occurs twice and variants
    that have not the same rows.
    """
    table, names = _wide(rows), list(dict.fromkeys(rows["method"]))
    cost, variants, gains = seconds_a_row or {}, [], []
    for track in TRACK_MEANINGS:
        own = [name for name in names if track_of(name) == track]
        means = table.groupby("split")[own].mean()
        variants += [Variant(track, name, means[name].to_dict(), cost.get(name)) for name in own]
        for one in ingredients_of(own):
            by_split = differences_by_split(table, one.without, one.whole, settings)
            gains.append(Gain(track, one, by_split, _milliseconds(cost.get(one.without), cost.get(one.whole))))
    families = table.groupby("split")["family"]
    return Ablation(variants, gains, families.size().to_dict(), families.nunique().to_dict(), settings.confidence)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a test row, with a column of scores a variant."""
    repeated = rows.duplicated(["method", "id"])
    if repeated.any():
        method, id_ = rows.loc[repeated, ["method", "id"]].iloc[0]
        raise InputError(f"ablation: {method}: row {id_!r} occurs a second time, expected one score of it.")
    scores = rows.pivot(index="id", columns="method", values="score")
    lacking = scores.isna().to_numpy()
    if lacking.any():
        row, column = (int(places[0]) for places in np.nonzero(lacking))
        raise InputError(
            f"ablation: {scores.columns[column]}: no score of row {scores.index[row]!r}, which another variant has. "
            "Expected the same rows of all variants: score them on one test file."
        )
    return rows.drop_duplicates("id").set_index("id")[["split", "family"]].join(scores)


def _milliseconds(without: float | None, whole: float | None) -> float | None:
    return None if without is None or whole is None else 1_000 * (whole - without)
