"""A run's folder in, what its hypotheses are drawn from out."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.manifest import read_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.recover.answers import shots_of
from prompt_recovery.recover.hypotheses import AskModel, Sources
from prompt_recovery.recover.model_hypotheses import model_hypotheses
from prompt_recovery.recover.prompt_bank import load_bank
from prompt_recovery.recover.vector_regressor import load_vector_model
from prompt_recovery.tables import TRIPLES, read_table


def source_files(run: config.RunConfig, folder: RunFolder) -> dict[str, Path]:
    """Return the files and folders that a run's answers depend on, by name."""
    adapters = {f"adapter {name}": path for name, path in _adapters(run).items()}
    own = {"trained": folder.trained(run.method), "vector": folder.vector if run.recover.tracks else None}
    own["train"] = TriplesFolder.named(run.data).part("train") if METHODS[run.method].shots != "none" else None
    return {name: path for name, path in own.items() if path} | {"constant": folder.constant} | adapters


def load_sources(run: config.RunConfig, folder: RunFolder, embedder: str) -> Sources:
    """Load the constant, the vector model and the bank, and get ready to ask the model, if the run has one."""
    made_by = f"make vector RUN={run.name}"
    constants = read_json(folder.constant, made_by=f"make constant RUN={run.name}")
    leaderboard = constants["leaderboard"] if "leaderboard" in run.recover.tracks else None
    return Sources(
        constants["rewrite_prompt"],
        load_vector_model(folder.vector / "model", embedder, made_by=made_by),
        load_bank(folder.vector / "bank", made_by=made_by),
        _asker(run, folder) if METHODS[run.method].needs_base else None,
        leaderboard and leaderboard["rewrite_prompt"],
    )


def training_triples(run: config.RunConfig) -> pd.DataFrame | None:
    """Return the training triples of a run whose method puts some of them before the question."""
    if METHODS[run.method].shots == "none":
        return None
    return read_table(TriplesFolder.named(run.data).part("train"), TRIPLES)


def _asker(run: config.RunConfig, folder: RunFolder) -> AskModel:
    def ask(pairs: pd.DataFrame) -> pd.DataFrame:
        from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import

        shots = shots_of(pairs, run, training_triples(run))
        own = load_recoverer(run, folder.trained(run.method))
        tables = [_answers_of(own, pairs, run, "", shots)]
        for name, path in _adapters(run).items():  # one at a time: the base's weights are shared
            tables.append(_answers_of(own.with_adapter(path, run.base.model), pairs, run, name, shots))
        return pd.concat(tables, ignore_index=True)

    return ask


def _answers_of(recoverer: Any, pairs: pd.DataFrame, run: config.RunConfig, adapter: str, shots: Any) -> pd.DataFrame:
    return model_hypotheses(
        pairs,
        encode=recoverer.encode,
        answer=partial(recoverer.answer_variously, settings=run.generation, seed=run.seed),
        batch_size=run.generation.batch_size,
        adapter=adapter,
        shots=shots,
    )


def _adapters(run: config.RunConfig) -> dict[str, Path]:
    return {name: RunFolder(Path("runs") / name).trained(run.method) for name in run.generation.adapters}
