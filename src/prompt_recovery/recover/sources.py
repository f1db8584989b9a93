"""A run's folder in, what its hypotheses are drawn from out."""

from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.manifest import read_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.recover.answers import shots_for
from prompt_recovery.recover.hypotheses import AskModel, Sources
from prompt_recovery.recover.model_hypotheses import ModelHypotheses, hypotheses_of_run
from prompt_recovery.recover.prompt_bank import load_bank
from prompt_recovery.recover.vector_regressor import load_vector_model
from prompt_recovery.run_chain import adapters_beside
from prompt_recovery.tables import TRIPLES, read_table


def source_files(run: config.RunConfig, folder: RunFolder) -> dict[str, Path]:
    """Return the files and folders that a run's answers depend on, by name."""
    adapters = {f"adapter {name}": path for name, path in adapters_beside(run).items()}
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
    def ask(pairs: pd.DataFrame) -> ModelHypotheses:
        shots = shots_for(pairs, run, training_triples(run))
        trained, adapters = folder.trained(run.method), adapters_beside(run)
        return hypotheses_of_run(pairs, run, trained=trained, adapters=adapters, shots=shots)

    return ask
