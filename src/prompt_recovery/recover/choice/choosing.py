"""Evidence of validation rows and their true prompts in, a model that ranks hypotheses by their expected score out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.metric import SHARPNESS, sharpened_cosine
from prompt_recovery.recover.choice.candidate_signs import signs_of
from prompt_recovery.recover.choice.evidence import Candidates, Embed, Evidence, candidates_of
from prompt_recovery.recover.choice.verifier import Verifier, cross_fitted, fit_verifier
from prompt_recovery.recover.vector.vector_regressor import embedder_name, require_embedder

_EQUAL = 1e-3  # mean sharpened cosines no further apart count as equal: 1,500 rows of 500 families tell 0.01 apart


@dataclass(frozen=True)
class ChoiceModel:
    """What was fitted on validation rows; `embedder` names whose vectors it reads, `by_vector`: there were means.

    The utility of a text is scale * (mixed ** (1 - p) * verified ** p + gain). `mixed` is the sharpened cosine to be
    expected by the model's answers, weighted by the softmax of their log-probabilities at `temperature`, and by the
    predicted vector, whose part is `vector_share`; `verified` is the score that the verifier expects, p its
    `gate_power`. Of the constant both give way to the score that the evidence expects of it, where it does. `gain` is
    `constant_gain` for the constant, of which too little or too much may be expected, 0 for other texts. `scale` makes
    the utilities of the chosen texts as high as their scores were. A row without answers goes by its vector alone;
    without that too, all its hypotheses stand for the answers.
    """

    embedder: str
    temperature: float
    vector_share: float
    by_vector: bool
    gate_power: float = 0.0
    verifier: Verifier | None = None
    constant_gain: float = 0.0
    scale: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def choice_model_of(values: Mapping[str, Any]) -> ChoiceModel:
    """Return the model that `to_json` gave."""
    told = values["verifier"]
    return ChoiceModel(**{**values, "verifier": told and Verifier.of(told)})


def fit_choice(
    evidence: Evidence, truth: pd.DataFrame, embed: Embed, settings: config.Choice, seed: int
) -> ChoiceModel:
    """Choose the settings by the mean sharpened cosine of the chosen texts: first the mixture, then the gate's power,
    then the constant's gain.

    `truth`: id, rewrite_prompt, family of the pairs. What the power is chosen by was verified without the text's own
    family; with a single family there is no verifier. Of settings that do equally well the first is taken.
    """
    candidates, truth = candidates_of(evidence, embed), _truth_of(evidence, truth)
    wanted = np.asarray(embed(list(truth["rewrite_prompt"])), dtype=np.float32)
    realised = sharpened_cosine(wanted[candidates.rows], candidates.vectors)
    name, grid = embedder_name(embed), product(settings.temperatures, settings.vector_shares)
    by_vector = evidence.means is not None
    model = _first_best([ChoiceModel(name, *one, by_vector) for one in grid], candidates, realised)
    families, verified = truth["family"].to_numpy()[candidates.rows], None
    if any(settings.gate_powers) and len(set(families)) > 1:
        signs = _signs(model, candidates, embed)
        verified = cross_fitted(signs, realised, families, settings.penalty, seed)
        gated = [replace(model, gate_power=power) for power in settings.gate_powers]
        model = _first_best(gated, candidates, realised, verified)
        if model.gate_power:
            model = replace(model, verifier=fit_verifier(signs, realised, settings.penalty))
    gained = [replace(model, constant_gain=gain) for gain in settings.constant_gains]
    model = _first_best(gained, candidates, realised, verified)
    best, utility = _best(model, candidates, verified)
    return replace(model, scale=_scale(utility[best], realised[best]))


def rank(model: ChoiceModel, evidence: Evidence, embed: Embed) -> pd.DataFrame:
    """Return the different texts of each pair, best first -> id, rewrite_prompt, kind, utility; pairs in their order.

    `utility` is the sharpened cosine to be expected. A hypothesis `rule` stands first; of equals the shortest does,
    then the first by alphabet. Raises InputError for vectors of another embedder, and where
    means are there that it was not fitted with, or are not.
    """
    require_embedder(model.embedder, embed)
    if model.by_vector != (evidence.means is not None):
        raise InputError(
            f"choice: fitted {'with' if model.by_vector else 'without'} predicted vectors, the evidence comes "
            f"{'without' if model.by_vector else 'with'} them. Fit it on evidence of the same parts."
        )
    candidates = candidates_of(evidence, embed)
    verified = model.verifier(_signs(model, candidates, embed)) if model.verifier else None
    utility = _utilities(model, candidates, verified)
    ids = evidence.pairs["id"].to_numpy()[candidates.rows]
    ranking = candidates.table.assign(id=ids, utility=utility).iloc[_order(candidates, utility)]
    return ranking[["id", "rewrite_prompt", "kind", "utility"]].reset_index(drop=True)


def chosen(ranking: pd.DataFrame) -> pd.DataFrame:
    """Return the first text of each pair, in the order of the pairs."""
    return ranking.drop_duplicates("id", ignore_index=True)


def _signs(model: ChoiceModel, candidates: Candidates, embed: Embed) -> pd.DataFrame:
    return signs_of(candidates, candidates.expected(model.temperature), embed)


def _utilities(model: ChoiceModel, candidates: Candidates, verified: np.ndarray | None) -> np.ndarray:
    mixed = candidates.expected(model.temperature)
    if candidates.evidence.means is not None:
        share = np.where(candidates.answered, model.vector_share, 1.0)
        mixed = (1 - share) * mixed + share * np.maximum(candidates.products, 0) ** SHARPNESS
    if verified is not None:
        mixed = mixed ** (1 - model.gate_power) * verified**model.gate_power
    is_constant, known = candidates.table["is_constant"].to_numpy(), candidates.evidence.constant_scores
    if known is not None:
        mixed = np.where(is_constant, known[candidates.rows], mixed)
    return np.clip(model.scale * (mixed + model.constant_gain * is_constant), 0.0, 1.0)


def _order(candidates: Candidates, utility: np.ndarray) -> np.ndarray:
    """Return the places of the texts, row by row, best first; of equals, that which stands first, the shortest."""
    ruled = candidates.table["kind"].to_numpy() != "rule"
    return np.lexsort((-np.round(utility, 9), ruled, candidates.rows))


def _first_best(
    models: Sequence[ChoiceModel], candidates: Candidates, realised: np.ndarray, verified: np.ndarray | None = None
) -> ChoiceModel:
    """Return the first of the models whose chosen texts score as well as any's."""
    scores = np.array([realised[_best(one, candidates, verified)[0]].mean() for one in models])
    return models[int(np.argmax(scores >= scores.max() - _EQUAL))]


def _best(model: ChoiceModel, candidates: Candidates, verified: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of each row's best text, and the utilities of all."""
    utility = _utilities(model, candidates, verified)
    starts = np.flatnonzero(np.diff(candidates.rows, prepend=-1))
    return _order(candidates, utility)[starts], utility


def _scale(utility: np.ndarray, realised: np.ndarray) -> float:
    expected, found = float(utility.mean()), float(realised.mean())
    return found / expected if expected > 0 and found > 0 else 1.0


def _truth_of(evidence: Evidence, truth: pd.DataFrame) -> pd.DataFrame:
    missing = sorted(set(evidence.pairs["id"]) - set(truth["id"]))
    if missing:
        raise InputError(
            f"true prompts: none of row {missing[0]!r} ({len(missing)} lack theirs), expected one of each pair."
        )
    return truth.set_index("id").loc[evidence.pairs["id"]].reset_index()
