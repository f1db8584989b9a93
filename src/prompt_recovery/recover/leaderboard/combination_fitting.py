"""Answered validation rows and their true prompts' vectors in, the combination that scores best on them out.

From each core, and part by part in the order of the settings, a part is kept where the mean sharpened cosine rises;
then other forms are, of which each row is given the one whose expected score is highest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.recover.leaderboard.answered_rows import AnsweredRows, Core
from prompt_recovery.recover.leaderboard.cluster_constants import ClusterConstants
from prompt_recovery.recover.leaderboard.combining import Combination, Embed, combine
from prompt_recovery.recover.leaderboard.text_parts import Part, held, is_spoken
from prompt_recovery.recover.piece_limit import PieceLimit

# The ingredients, and the settings without each.
INGREDIENTS = {
    "free text": {"free_text": False},
    "concatenation": {"answers": 1},
    "appended constant": {"append_constant": False},
    "constant where unsure": {"constant_where_unsure": False},
    "filled slot": {"fill_slot": False},
    "cluster constants": {"cluster_constants": False},
    "suffix": {"suffix": ""},
    "choice by row": {"choose_by_row": False},
}
WHOLE = "leaderboard"
CORES: dict[Core, str] = {"constant": f"{WHOLE} constant", "answer": f"{WHOLE} answer", "free": f"{WHOLE} free text"}
_ROUNDS = 2  # a part that brought nothing may after the later ones
_SLOTS = 4  # tried places in the constant, beside its start


@dataclass(frozen=True, eq=False)
class FittingRows:
    """Validation rows, the true prompts' unit vectors, shape (n, d), and what their texts are embedded and cut with."""

    rows: AnsweredRows
    truths: np.ndarray
    embed: Embed
    limit: PieceLimit
    _known: dict[Combination, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)  # the variants share most

    def scores(self, combination: Combination) -> tuple[np.ndarray, np.ndarray]:
        """Return the sharpened cosine of each row's combined text, and its confidence, both of shape (n,)."""
        key = replace(combination, validation=())
        if key not in self._known:
            answers = combine(combination, self.rows, self.embed, self.limit)
            scores = sharpened_cosine(self.truths, self.embed(answers["rewrite_prompt"].tolist()))
            self._known[key] = scores, answers["confidence"].to_numpy()
        return self._known[key]

    def score(self, combination: Combination) -> float:
        """Return the mean sharpened cosine of the combined texts."""
        return float(self.scores(combination)[0].mean())


def fit_combination(
    validation: FittingRows,
    constant: str,
    settings: config.Leaderboard,
    clusters: ClusterConstants | None = None,
) -> Combination:
    """Return the best combination of the parts that `settings` allow, and of what the rows have.

    Raises InputError for a constant without words or that reads as null.
    """
    if not is_spoken(constant):
        raise InputError(f"combining: the constant is {constant!r}, expected a text. Run the constant search again.")
    (constant,) = held([(Part(constant, 0),)], validation.limit)
    cores: list[Core] = ["constant", "answer"]  # of equal ones the first is taken
    if settings.free_text and validation.rows.free is not None:
        cores.append("free")
    fitted = [_grown(Combination(constant, core), validation, settings, clusters) for core in cores]
    best = max(fitted, key=lambda combination: combination.validation[-1][1])
    if not settings.choose_by_row or validation.rows.means is None:
        return best
    return _with_others(best, _simple_forms(cores, best, settings), validation)


def combination_variants(
    validation: FittingRows,
    constant: str,
    settings: config.Leaderboard,
    clusters: ClusterConstants | None = None,
) -> dict[str, Combination]:
    """Return combinations by name: each core alone, the whole, and the whole without each ingredient it uses.

    The names are as `score/ablation.py` reads them: "leaderboard - concatenation" is "leaderboard" fitted anew without
    the concatenation.
    """
    whole = fit_combination(validation, constant, settings, clusters)
    cores = [core for core in CORES if core != "free" or validation.rows.free is not None]
    variants = {CORES[core]: Combination(whole.constant, core) for core in cores} | {WHOLE: whole}
    for name in used_ingredients(whole):
        less = settings.model_copy(update=INGREDIENTS[name])
        variants[f"{WHOLE} - {name}"] = fit_combination(validation, constant, less, clusters)
    return variants


def used_ingredients(combination: Combination) -> list[str]:
    """Return the ingredients that are in it."""
    forms = combination.forms
    used = {
        "free text": any(form.core == "free" for form in forms),
        "concatenation": any(form.answers > 1 for form in forms),
        "appended constant": any(form.constant_place != "nowhere" for form in forms),
        "constant where unsure": any(form.core != "constant" and form.min_confidence > 0 for form in forms),
        "filled slot": any(form.slot is not None for form in forms),
        "cluster constants": any(form.clusters is not None for form in forms),
        "suffix": any(form.suffix for form in forms),
        "choice by row": len(forms) > 1,
    }
    return [name for name in INGREDIENTS if used[name]]


def _grown(
    combination: Combination,
    validation: FittingRows,
    settings: config.Leaderboard,
    clusters: ClusterConstants | None,
) -> Combination:
    best = validation.score(combination)
    steps = [(CORES[combination.core], best)]
    for _ in range(_ROUNDS):
        for name, options in _PARTS.items():
            tried = [(validation.score(one), one) for one in options(combination, settings, clusters)]
            score, one = max(tried, key=lambda pair: pair[0], default=(best, combination))
            if score > best:
                best, combination = score, one
                steps.append((name, best))
    return replace(combination, validation=tuple(steps))


def _with_others(best: Combination, others: Sequence[Combination], validation: FittingRows) -> Combination:
    """Add those of `others` that raise the score where each row is given the form of highest confidence."""
    measured = {form: validation.scores(form) for form in (best, *others)}
    taken, score = [best], best.validation[-1][1]
    while left := [form for form in measured if form not in taken]:
        tried = [_chosen_by_row([measured[form] for form in (*taken, other)]) for other in left]
        if max(tried) <= score:
            break
        score = max(tried)
        taken.append(left[tried.index(score)])
    steps = best.validation if len(taken) == 1 else (*best.validation, ("choice by row", score))
    return replace(best, others=tuple(taken[1:]), validation=steps)


def _chosen_by_row(measured: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    scores, confidences = (np.array(one) for one in zip(*measured, strict=True))
    return float(np.take_along_axis(scores, confidences.argmax(axis=0)[None], axis=0).mean())


def _simple_forms(cores: Sequence[Core], best: Combination, settings: config.Leaderboard) -> list[Combination]:
    """Return each core alone and with one further part, with the suffix and the clusters of the best."""
    alone = [Combination(best.constant, core) for core in cores]
    forms = alone + [
        replace(form, min_confidence=0.0)
        for one in alone
        for options in (_concatenations, _beside_the_constant, _fillings)
        for form in options(one, settings, None)
    ]
    return list(dict.fromkeys(replace(form, clusters=best.clusters, suffix=best.suffix) for form in forms))


Options = Callable[[Combination, config.Leaderboard, ClusterConstants | None], Iterator[Combination]]


def _concatenations(
    combination: Combination, settings: config.Leaderboard, _: ClusterConstants | None
) -> Iterator[Combination]:
    if combination.core != "constant" or combination.slot is not None:
        yield from (replace(combination, answers=most) for most in range(2, settings.answers + 1))


def _beside_the_constant(
    combination: Combination, settings: config.Leaderboard, _: ClusterConstants | None
) -> Iterator[Combination]:
    if settings.append_constant and combination.core != "constant":
        yield replace(combination, constant_place="after")
        yield replace(combination, constant_place="before")


def _unless_unsure(
    combination: Combination, settings: config.Leaderboard, _: ClusterConstants | None
) -> Iterator[Combination]:
    if settings.constant_where_unsure and combination.core != "constant":
        yield from (replace(combination, min_confidence=least) for least in settings.min_confidences)


def _fillings(
    combination: Combination, settings: config.Leaderboard, _: ClusterConstants | None
) -> Iterator[Combination]:
    if settings.fill_slot and combination.core == "constant":
        for place in range(_SLOTS + 1):
            for least in settings.min_confidences:
                yield replace(combination, slot=place / _SLOTS, min_confidence=least)


def _clustered(
    combination: Combination, settings: config.Leaderboard, clusters: ClusterConstants | None
) -> Iterator[Combination]:
    has_constant = combination.core == "constant" or combination.constant_place != "nowhere"
    if settings.cluster_constants and clusters is not None and has_constant:
        yield replace(combination, clusters=clusters)


def _suffixed(
    combination: Combination, settings: config.Leaderboard, _: ClusterConstants | None
) -> Iterator[Combination]:
    if settings.suffix:
        yield replace(combination, suffix=settings.suffix)


_PARTS: dict[str, Options] = {
    "concatenation": _concatenations,
    "appended constant": _beside_the_constant,
    "constant where unsure": _unless_unsure,
    "filled slot": _fillings,
    "cluster constants": _clustered,
    "suffix": _suffixed,
}
