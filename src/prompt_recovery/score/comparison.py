"""The run folders of a ladder of methods in, what each method scored and cost out, and the table of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.manifest import read_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder
from prompt_recovery.score.intervals import cluster_bootstrap
from prompt_recovery.score.scoring import SplitScore
from prompt_recovery.tables import ROW_SCORES, TRIPLES, read_table

REFERENCES = ("constant", "qlora")  # which the others are held against, row by row
_GB = 1e9
_COSTS = ("trained parameters", "training: s", "GB", "answering: ms a row", "GB")


@dataclass(frozen=True)
class Difference:
    """Mean of SCS minus the reference's SCS over the same rows, with its cluster bootstrap interval by family."""

    mean: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Rung:
    """A method of the ladder. Memory is the GPU's where there is one, else the process's, libraries included."""

    method: str
    scores: dict[str, SplitScore]  # by split
    against: dict[tuple[str, str], Difference]  # by reference and split; not against itself
    trainable_parameters: int
    training_bytes: int | None  # peak; None: nothing is trained
    training_seconds: float | None  # the whole stage
    answering_bytes: int
    answering_seconds_a_row: float  # the loading of model and neighbours included


def read_ladder(
    folders: Mapping[str, RunFolder], run: config.RunConfig, test: Path
) -> tuple[list[Rung], dict[str, Any]]:
    """Read the finished run folders of the methods -> their rungs, and the embedder and confidence of all scores.

    `test`: the triples that all were scored on. Raises InputError when a folder is not finished.
    """
    made_by = f"make compare RUN={run.name}"
    documents = {method: read_json(folder.score, made_by=made_by) for method, folder in folders.items()}
    key = ("method", "id")
    scored = {method: read_table(folder.row_scores, ROW_SCORES, key=key) for method, folder in folders.items()}
    rows = row_table(scored, read_table(test, TRIPLES))
    rungs = [
        _rung(method, documents[method], paired_differences(rows, method, run.score), folder, made_by)
        for method, folder in folders.items()
    ]
    first = next(iter(documents.values()))
    constant = [SplitScore(**score) for score in first["scores"] if score["method"] == "constant"]
    facts = {"embedder": first["embedder"], "confidence": first["confidence"]}
    return rungs, facts | {"constant": {score.split: score for score in constant}}


def row_table(scored: Mapping[str, pd.DataFrame], test: pd.DataFrame) -> pd.DataFrame:
    """Return a row a test row: its split, its family, and a column of scores for each method and the constant."""
    table = test.set_index("id")[["split", "family"]]
    table["constant"] = next(iter(scored.values())).query("method == 'constant'").set_index("id")["score"]
    for method, own in scored.items():
        table[method] = own[own["method"] == method].set_index("id")["score"]
    return table


def paired_differences(rows: pd.DataFrame, method: str, settings: config.Score) -> dict[tuple[str, str], Difference]:
    """Return the mean difference of a method to each reference on each split; both see the same drawn families."""
    found = {}
    for reference in REFERENCES:
        for split, own in rows.groupby("split") if reference != method and reference in rows else ():
            difference = (own[method] - own[reference]).to_numpy()
            interval = cluster_bootstrap(
                difference, own["family"].tolist(), confidence=settings.confidence, samples=settings.bootstrap_samples
            )
            found[reference, str(split)] = Difference(float(difference.mean()), *interval)
    return found


def _rung(method: str, document: dict, against: dict, folder: RunFolder, made_by: str) -> Rung:
    train, recover = (read_json(folder.manifest(stage), made_by=made_by) for stage in ("train", "recover"))
    scores = {score["split"]: SplitScore(**score) for score in document["scores"] if score["method"] == method}
    trains = METHODS[method].trains != "nothing"
    return Rung(
        method,
        scores,
        against,
        train["counts"]["trainable_parameters"],
        _peak(train) if trains else None,
        train["seconds"] if trains else None,
        _peak(recover),
        recover["counts"]["seconds"][method] / sum(score.rows for score in scores.values()),
    )


def _peak(manifest: dict[str, Any]) -> int:
    return manifest["counts"]["peak_gpu_bytes"] or manifest["peak_memory_bytes"]


def comparison_table(rungs: Sequence[Rung], facts: Mapping[str, Any]) -> str:
    """Render the ladder as a Markdown table, the constant on top; the best method of each split is bold."""
    splits = sorted(rungs[0].scores)
    top = {split: max(rung.scores[split].score for rung in rungs) for split in splits}
    heads = [f"embedder `{facts['embedder']}`", *(f"SCS {split}" for split in splits), *_COSTS]
    constant = [_cell(facts["constant"][split], False) for split in splits]
    lines = [_line(heads), "|---" * (1 + len(splits)) + "|--:" * len(_COSTS) + "|"]
    lines.append(_line(["constant", *constant, *[""] * len(_COSTS)]))
    for rung in rungs:
        cells = [_cell(rung.scores[split], rung.scores[split].score == top[split]) for split in splits]
        lines.append(_line([rung.method, *cells, *cost_cells(rung)]))
    return "\n".join(lines)


def cost_cells(rung: Rung) -> list[str]:
    """Return what the method cost: trained parameters, seconds and GB of training, milliseconds a row and GB after."""
    trained = ["", ""]
    if rung.training_seconds is not None:
        trained = [f"{rung.training_seconds:,.0f}", f"{rung.training_bytes / _GB:.2f}"]
    answering = [f"{1_000 * rung.answering_seconds_a_row:,.0f}", f"{rung.answering_bytes / _GB:.2f}"]
    return [f"{rung.trainable_parameters:,}", *trained, *answering]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(score: SplitScore, best: bool) -> str:
    mean = f"**{score.score:.3f}**" if best else f"{score.score:.3f}"
    return f"{mean} [{score.low:.3f}, {score.high:.3f}]"
