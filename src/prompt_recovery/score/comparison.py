"""The run folders of a ladder of methods or of stages in, what each scored and cost out, and the table of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.manifest import read_json
from prompt_recovery.methods import METHODS, MethodName
from prompt_recovery.places import RunFolder
from prompt_recovery.run_chain import peak_bytes
from prompt_recovery.score.paired import Difference, differences_by_split
from prompt_recovery.score.scoring import SplitScore
from prompt_recovery.tables import ROW_SCORES, TRIPLES, read_table

REFERENCES = ("constant", "qlora", "one_stage")  # which the others are held against, row by row
_GB = 1e9
_COSTS = ("trained parameters", "training: s", "GB", "answering: ms a row", "GB")


@dataclass(frozen=True)
class Rung:
    """A run of the ladder. Memory is the GPU's where there is one, else the process's, libraries included.

    What training took is that of all stages: seconds in sum, memory at most.
    """

    name: str
    method: MethodName
    scores: dict[str, SplitScore]  # by split
    against: dict[tuple[str, str], Difference]  # by reference and split; not against itself
    trainable_parameters: int
    training_bytes: int | None  # peak; None: nothing is trained
    training_seconds: float | None
    answering_bytes: int
    answering_seconds_a_row: float  # the loading of model and neighbours included


def read_ladder(
    folders: Mapping[str, RunFolder], run: config.RunConfig, test: Path
) -> tuple[list[Rung], dict[str, Any]]:
    """Read the finished run folders of rungs of `ladder(run)` -> the rungs, and the embedder and confidence of all.

    `test`: the triples that all were scored on. Raises InputError when a folder is not finished.
    """
    made_by = f"make compare RUN={run.name}"
    methods = {name: own.method for name, own in config.rungs_named(run, folders).items()}
    documents = {name: read_json(folder.score, made_by=made_by) for name, folder in folders.items()}
    rows = row_table(_own_rows(folders, methods), read_table(test, TRIPLES))
    rungs = [
        Rung(
            name,
            methods[name],
            {score.split: score for score in _scores(documents[name], methods[name])},
            paired_differences(rows, name, run.score),
            **_costs(folder, methods[name], made_by),
        )
        for name, folder in folders.items()
    ]
    first = next(iter(documents.values()))
    facts = {"embedder": first["embedder"], "confidence": first["confidence"]}
    return rungs, facts | {"constant": {score.split: score for score in _scores(first, "constant")}}


def row_table(scored: Mapping[str, pd.Series], test: pd.DataFrame) -> pd.DataFrame:
    """Return a row a test row: its split, its family, and a column of `scored`, SCS by id, for each rung."""
    return test.set_index("id")[["split", "family"]].assign(**scored)


def paired_differences(rows: pd.DataFrame, name: str, settings: config.Score) -> dict[tuple[str, str], Difference]:
    """Return how much higher a rung scores than each reference, by reference and split; not against itself."""
    return {
        (reference, split): difference
        for reference in REFERENCES
        if reference != name and reference in rows
        for split, difference in differences_by_split(rows, reference, name, settings).items()
    }


def _own_rows(folders: Mapping[str, RunFolder], methods: Mapping[str, str]) -> dict[str, pd.Series]:
    """Return the SCS by id that each rung's own method had, and that of the constant."""
    scored = {}
    for name, folder in folders.items():
        rows = read_table(folder.row_scores, ROW_SCORES, key=("method", "id")).set_index("id")
        scored[name] = rows.loc[rows["method"] == methods[name], "score"]
        scored["constant"] = rows.loc[rows["method"] == "constant", "score"]
    return scored


def _scores(document: Mapping[str, Any], method: str) -> list[SplitScore]:
    return [SplitScore(**score) for score in document["scores"] if score["method"] == method]


def _costs(folder: RunFolder, method: MethodName, made_by: str) -> dict[str, float | None]:
    train, recover = (read_json(folder.manifest(stage), made_by=made_by) for stage in ("train", "recover"))
    before, rows = train["counts"].get("runs_before", []), sum(recover["counts"][method].values())
    trains = METHODS[method].trains != "nothing"
    return {
        "trainable_parameters": train["counts"]["trainable_parameters"],
        "training_bytes": max([peak_bytes(train), *(run["peak_bytes"] for run in before)]) if trains else None,
        "training_seconds": train["seconds"] + sum(run["seconds"] for run in before) if trains else None,
        "answering_bytes": peak_bytes(recover),
        "answering_seconds_a_row": recover["counts"]["seconds"][method] / rows,
    }


def comparison_table(rungs: Sequence[Rung], facts: Mapping[str, Any]) -> str:
    """Render the ladder as a Markdown table, the constant on top; the best of each split is bold."""
    splits = sorted(rungs[0].scores)
    top = best_scores(rungs, facts)
    heads = [f"embedder `{facts['embedder']}`", *(f"SCS {split}" for split in splits), *_COSTS]
    constant = [_cell(facts["constant"][split], facts["constant"][split].score == top[split]) for split in splits]
    lines = [_line(heads), "|---" * (1 + len(splits)) + "|--:" * len(_COSTS) + "|"]
    lines.append(_line(["constant", *constant, *[""] * len(_COSTS)]))
    for rung in rungs:
        cells = [_cell(rung.scores[split], rung.scores[split].score == top[split]) for split in splits]
        lines.append(_line([rung.name, *cells, *cost_cells(rung)]))
    return "\n".join(lines)


def best_scores(rungs: Sequence[Rung], facts: Mapping[str, Any]) -> dict[str, float]:
    """Return the highest mean SCS of each split, the constant's included."""
    every = [rung.scores for rung in rungs] + [facts["constant"]]
    return {split: max(scores[split].score for scores in every) for split in rungs[0].scores}


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
