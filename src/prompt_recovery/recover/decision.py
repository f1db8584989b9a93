"""What speaks for prompts in, the answer of each track out; how they are chosen was fitted on validation rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.recover.choice.choice_variants import Variant, ablation_variants
from prompt_recovery.recover.choice.choosing import ChoiceModel, choice_model_of, chosen
from prompt_recovery.recover.hypotheses import Gathered
from prompt_recovery.recover.leaderboard.answered_rows import AnsweredRows
from prompt_recovery.recover.leaderboard.cluster_constants import ClusterConstants
from prompt_recovery.recover.leaderboard.combination_fitting import FittingRows, combination_variants
from prompt_recovery.recover.leaderboard.combining import Combination, combination_of, combine
from prompt_recovery.recover.piece_limit import PieceLimit

CHOICE, LEADERBOARD = "choice", "leaderboard"


@dataclass(frozen=True)
class Decision:
    """How each track's answer is decided, and how it would be with an ingredient less: by the variant's name."""

    choices: dict[str, tuple[Variant, ChoiceModel]]
    combinations: dict[str, Combination]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        choices = {name: [asdict(variant), model.to_json()] for name, (variant, model) in self.choices.items()}
        return {"choices": choices, "combinations": {name: one.to_json() for name, one in self.combinations.items()}}

    def summary(self) -> str:
        """Return what was fitted for each track's answer, on one line."""
        model = self.choices[CHOICE][1]
        told = f"choice: vector share {model.vector_share:g}, verifier's power {model.gate_power:g}"
        if not self.combinations:
            return told
        steps = [f"{name} {score:.3f}" for name, score in self.combinations[LEADERBOARD].validation]
        return f"{told}; leaderboard on validation: {', '.join(steps)}"

    def alone(self, track: config.Track) -> "Decision":
        """Return the decision by which a track is answered, without the variants that only the ablation needs."""
        wanted = (LEADERBOARD,) if track == "leaderboard" else ()
        return Decision({CHOICE: self.choices[CHOICE]}, {name: self.combinations[name] for name in wanted})


def decision_of(values: Mapping[str, Any]) -> Decision:
    """Return the decision that `to_json` gave."""
    choices = {name: (Variant(**own), choice_model_of(told)) for name, (own, told) in values["choices"].items()}
    return Decision(choices, {name: combination_of(own) for name, own in values["combinations"].items()})


def fit_decision(
    valid: Gathered,
    truth: pd.DataFrame,
    embed: Embedder,
    run: config.RunConfig,
    *,
    leaderboard_constant: str | None = None,
    clusters: ClusterConstants | None = None,
) -> Decision:
    """Fit every variant of the choice on validation rows and, with a constant for the leaderboard, of the combination.

    `truth`: id, rewrite_prompt, family of the validation rows.
    """
    fitted = {
        name: (variant, variant.fit(valid.evidence, truth, embed, run.choice, run.seed))
        for name, variant in ablation_variants(valid.evidence).items()
    }
    if leaderboard_constant is None:
        return Decision(fitted, {})
    prompts = truth.set_index("id").loc[valid.evidence.pairs["id"], "rewrite_prompt"]
    rows = FittingRows(_rows(fitted, valid, embed), embed(list(prompts)), embed, _limit(embed))
    return Decision(fitted, combination_variants(rows, leaderboard_constant, run.leaderboard, clusters))


def decide(decision: Decision, gathered: Gathered, embed: Embedder) -> pd.DataFrame:
    """Return the answers of every variant, one below the other -> id, method, rewrite_prompt, answered_by, confidence.

    A variant that leaves a pair without any hypothesis is left out.
    """
    answers = [
        _chosen(name, variant.rank(model, gathered.evidence, embed))
        for name, (variant, model) in decision.choices.items()
        if not variant.without_kind or gathered.evidence.spares(variant.without_kind)
    ]
    if decision.combinations:
        rows = _rows(decision.choices, gathered, embed)
        answers += [
            combine(one, rows, embed, _limit(embed)).assign(method=name) for name, one in decision.combinations.items()
        ]
    return pd.concat(answers, ignore_index=True)


def _rows(choices: Mapping[str, tuple[Variant, ChoiceModel]], gathered: Gathered, embed: Embedder) -> AnsweredRows:
    variant, model = choices[CHOICE]
    return AnsweredRows(variant.rank(model, gathered.evidence, embed), gathered.evidence.means, gathered.free)


def _chosen(name: str, ranking: pd.DataFrame) -> pd.DataFrame:
    best = chosen(ranking).rename(columns={"kind": "answered_by", "utility": "confidence"})
    return best.assign(method=name, confidence=best["confidence"].astype(np.float64))


def _limit(embed: Embedder) -> PieceLimit:
    return PieceLimit(embed.count_pieces, embed.max_pieces)
