"""Evidence in, the variants of the choice that its ablation compares out, all fitted and ranked in one way."""

from dataclasses import dataclass

import pandas as pd

from prompt_recovery import config
from prompt_recovery.recover.choice.choosing import ChoiceModel, fit_choice, rank
from prompt_recovery.recover.choice.evidence import Embed, Evidence

_WITHOUT = {
    "retrieved": "retrieved",
    "decoded": "decoded",
    "model": "model samples",
    "neighbour": "neighbour",
    "constant": "constant",
    "rule": "rule",
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """The choice without one ingredient: hypotheses of a kind, the predicted vector's nearness, or the verifier."""

    without_kind: str = ""
    nearness: bool = True
    verifier: bool = True

    def evidence(self, whole: Evidence) -> Evidence:
        """Return what the variant may look at."""
        rest = whole.without_kind(self.without_kind) if self.without_kind else whole
        return rest if self.nearness else rest.without_means()

    def fit(
        self, valid: Evidence, truth: pd.DataFrame, embed: Embed, settings: config.Choice, seed: int
    ) -> ChoiceModel:
        """Fit it as `fit_choice` does, on the whole evidence's share of its own."""
        own = settings if self.verifier else settings.model_copy(update={"gate_powers": (0.0,)})
        return fit_choice(self.evidence(valid), truth, embed, own, seed)

    def rank(self, model: ChoiceModel, whole: Evidence, embed: Embed) -> pd.DataFrame:
        """Rank its share of the evidence, as `rank` does."""
        return rank(model, self.evidence(whole), embed)


def ablation_variants(*evidence: Evidence) -> dict[str, Variant]:
    """Return "choice" and, by name, the choice without each ingredient that all of `evidence` (valid, test) has.

    A kind of hypothesis is left out only where every pair has one of another kind.
    """
    variants = {"choice": Variant()}
    for kind, name in _WITHOUT.items():
        if all(one.spares(kind) for one in evidence):
            variants[f"choice - {name}"] = Variant(without_kind=kind)
    if all(one.means is not None for one in evidence):
        variants["choice - vector nearness"] = Variant(nearness=False)
    return variants | {"choice - verifier": Variant(verifier=False)}
