"""A run's predictions, and what they were chosen among, in; all that is said of them on its test split out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import load_embedder, remembering_embedder
from prompt_recovery.manifest import read_json
from prompt_recovery.places import RunFolder
from prompt_recovery.score.ablation import Ablation, ablate
from prompt_recovery.score.ablation_report import ablation_table
from prompt_recovery.score.measures import Known, measure
from prompt_recovery.score.scoring import join_truth, score_predictions, score_rows, score_table
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, PREDICTIONS, read_table, track_of

# The kind of hypothesis whose seconds an ingredient takes; the others take none of their own.
_TAKES = {"model samples": "model", "neighbour": "neighbour", "decoded": "decoded", "free text": "free"}
_OF_LEADERBOARD = ("free",)


@dataclass(frozen=True, eq=False)
class RunScores:
    """Scored rows, what score.json holds, and the table of ingredients by embedder: the second took no part."""

    rows: pd.DataFrame
    document: dict[str, Any]
    ablations: dict[str, Ablation]

    def table(self) -> str:
        """Return the scores and the ingredients' gains as text."""
        tables = [f"By {name}. {ablation_table(one)}" for name, one in self.ablations.items()]
        return "\n\n".join([score_table(self.document), *tables])


@dataclass(frozen=True, eq=False)
class Choosing:
    """What the answers of a run's tracks were chosen among, its variants' answers, and the seconds of each kind."""

    hypotheses: pd.DataFrame
    variants: pd.DataFrame
    seconds: Mapping[str, float]


def read_choosing(run: config.RunConfig, folder: RunFolder) -> Choosing | None:
    """Read what `make recover` left of its choosing, None for a run that does not choose."""
    if not run.recover.tracks:
        return None
    counts = read_json(folder.manifest("recover"), made_by=f"make recover RUN={run.name}")["counts"]
    hypotheses = read_table(folder.hypotheses("test"), HYPOTHESES, key=HYPOTHESIS_KEY)
    return Choosing(
        hypotheses, read_table(folder.variants, PREDICTIONS, key=("method", "id")), counts["seconds_by_kind"]
    )


def score_run(
    run: config.RunConfig,
    predictions: pd.DataFrame,
    truth: pd.DataFrame,
    training: pd.DataFrame,
    choosing: Choosing | None,
) -> RunScores:
    """Score the predictions and, where answers were chosen, the variants that differ by an ingredient.

    `training`: the prompts that training saw, with `rewrite_prompt` and `family`.
    """
    known = Known(training, choosing and choosing.hypotheses)
    embedder, second = remembering_embedder(run.embedder), run.score.second_embedder
    second = second and load_embedder(second)
    rows, document = score_predictions(predictions, truth, lambda: embedder, run.score)
    rows, document["measures"] = measure(rows, embedder, run.score, known, second=second)
    if not choosing:
        return RunScores(rows, document, {})
    joined = join_truth(choosing.variants, truth)
    cost = seconds_a_row(joined["method"].unique(), choosing.seconds, len(truth))
    ablations = {
        one.name: ablate(score_rows(joined, one), run.score, seconds_a_row=cost)
        for one in ([embedder, second] if second else [embedder])
    }
    return RunScores(rows, document, ablations)


def seconds_a_row(variants: Iterable[str], seconds: Mapping[str, float], rows: int) -> dict[str, float]:
    """Return what each variant takes: all that its track takes, less the ingredient that it does without."""
    costs = {}
    for name in variants:
        left_out = {_TAKES.get(name.rpartition(" - ")[2], "")}
        left_out |= set(_OF_LEADERBOARD) if track_of(name) == "clean" else set()
        costs[name] = sum(value for kind, value in seconds.items() if kind not in left_out) / rows
    return costs
