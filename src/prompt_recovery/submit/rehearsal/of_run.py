"""A packaged run in, its rehearsal out: what stands for test.csv, what Kaggle mounts, how answers are compared."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.cores import count_cores
from prompt_recovery.manifest import read_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.submit.bundle import mounted_sources
from prompt_recovery.submit.metadata import dataset_slug
from prompt_recovery.submit.rehearsal.cases import few_batch, few_rows
from prompt_recovery.submit.rehearsal.given_tables import hidden_rows, odd_rows, scored_rows, visible_row
from prompt_recovery.submit.rehearsal.isolation import find_isolation
from prompt_recovery.submit.rehearsal.layouts import Mounted
from prompt_recovery.submit.rehearsal.rehearsing import Rehearsal
from prompt_recovery.submit.rehearsal.scored_answers import Embed, require_same_scores
from prompt_recovery.tables import PREDICTIONS, ROW_SCORES, TRIPLES, read_table


def rehearsal_of(folder: RunFolder, load_embedder: Callable[[], Embed], *, python: str) -> Rehearsal:
    """Return what all cases of the run's rehearsal share; `python`: whose environment stands for Kaggle's image.

    Raises InputError for what `make submit` or `make score` has not made yet.
    """
    run, target = folder.read_config(), folder.submission
    read_json(target / "manifest.json", made_by=f"make submit RUN={run.name}")
    triples = TriplesFolder.named(run.data)
    test, valid = (read_table(triples.part(part), TRIPLES) for part in ("test", "valid"))
    predictions, scores = (
        read_table(path, schema, key=("method", "id"))
        for path, schema in ((folder.predictions, PREDICTIONS), (folder.row_scores, ROW_SCORES))
    )
    batches = predictions[predictions["method"] == run.method]
    scored = predictions.merge(scores, on=["method", "id"]).query("method == @run.answering[-1]")
    few = hidden_rows(valid, few_rows(few_batch(run)), run.seed)
    return Rehearsal(
        folder=target / "rehearsal",
        notebook=target / "notebook.ipynb",
        mounted=Mounted(target / "bundle", run.submit.owner, dataset_slug(run), run.submit.competition, _sources(run)),
        tables={
            "scored": scored_rows(test, batches, run.submit.rehearsal_rows, run.seed),
            "hidden": hidden_rows(valid, run.submit.hidden_rows, run.seed),
            "visible": visible_row(test),
            "few": few,
            "odd": odd_rows(few),
        },
        isolation=find_isolation(),
        python=python,
        limit_seconds=3600 * run.submit.time_limit_hours + 600,
        side_by_side=min(3, count_cores() + 1) if run.device == "cpu" else 1,  # some wait for long
        checks={"scored": partial(_compared, test, scored, load_embedder, bool(run.recover.tracks))},
    )


def _compared(
    test: pd.DataFrame, scored: pd.DataFrame, load_embedder: Callable[[], Embed], is_chosen: bool, answers: pd.DataFrame
) -> str:
    agreement = require_same_scores(answers, test, scored, load_embedder(), is_chosen=is_chosen)
    return f"SCS {agreement.score:.3f}, {agreement.same_texts:.0%} of the texts those of stage 4"


def _sources(run: config.RunConfig) -> dict[str, Path]:
    """Return the folder here of each model that Kaggle mounts, by its source."""
    from prompt_recovery.engines.language_model import model_folder  # seconds to import

    revisions = {run.base.model: run.base.revision} if run.base else {}
    return {source: model_folder(name, revisions.get(name)) for name, source in mounted_sources(run).items()}
