"""A run's folder in, what its hypotheses are drawn from out."""

from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.manifest import read_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.recover.answers import shots_for
from prompt_recovery.recover.hypotheses import AskModel, Sources
from prompt_recovery.recover.leaderboard.cluster_constants import cluster_constants_of
from prompt_recovery.recover.model_hypotheses import load_asking
from prompt_recovery.recover.vector.constant_scores import load_constant_scores
from prompt_recovery.recover.vector.prompt_bank import load_bank
from prompt_recovery.recover.vector.vector_blend import load_blend
from prompt_recovery.recover.vector.vector_predictor import VectorPredictor
from prompt_recovery.recover.vector.vector_regressor import load_vector_model
from prompt_recovery.run_chain import adapters_beside
from prompt_recovery.tables import TRIPLES, read_table


def source_files(run: config.RunConfig, folder: RunFolder, *, decided: bool = False) -> dict[str, Path]:
    """Return the files and folders that a run's hypotheses depend on, by name; with `decided` its answers too."""
    adapters = {f"adapter {name}": path for name, path in adapters_beside(run).items()}
    own = {"trained": folder.trained(run.method), "vector": folder.vector if run.recover.tracks else None}
    own["choice"] = folder.choice if run.recover.tracks and decided else None
    own["train"] = TriplesFolder.named(run.data).part("train") if METHODS[run.method].shots != "none" else None
    return {name: path for name, path in own.items() if path} | {"constant": folder.constant} | adapters


def load_sources(run: config.RunConfig, folder: RunFolder, embedder: str) -> Sources:
    """Load the constants, the vector models, the bank and, if the run has one, its model with further adapters."""
    constants = read_json(folder.constant, made_by=f"make constant RUN={run.name}")
    wanted = "leaderboard" in run.recover.tracks
    return Sources(
        constants["rewrite_prompt"],
        load_predictor(run, folder, embedder, constants["rewrite_prompt"]),
        load_bank(folder.vector / "bank", made_by=f"make vector RUN={run.name}"),
        _asker(run, folder) if METHODS[run.method].needs_base else None,
        constants["leaderboard"]["rewrite_prompt"] if wanted else None,
        cluster_constants_of(constants["clusters"]) if wanted and constants["clusters"] else None,
    )


def load_predictor(run: config.RunConfig, folder: RunFolder, embedder: str, constant: str) -> VectorPredictor:
    """Load the regressor, what it lets expect of the constant, and the encoder where the run trains one."""
    made_by, device = f"make vector RUN={run.name}", run.device
    regressor = load_vector_model(folder.vector / "regressor", embedder, made_by=made_by)
    constant_scores = load_constant_scores(folder.vector / "constant_scores.json", constant, made_by=made_by)
    if run.vector.encoder is None:
        return VectorPredictor(regressor, constant_scores)
    from prompt_recovery.engines.language_model import resolve_device  # seconds to import
    from prompt_recovery.engines.pair_encoder import load_pair_encoder

    encoder = load_pair_encoder(folder.vector / "encoder", embedder, resolve_device(device), made_by=made_by)
    blend = load_blend(folder.vector / "blend.json", embedder, made_by=made_by)
    return VectorPredictor(regressor, constant_scores, (encoder.predict, blend))


def training_triples(run: config.RunConfig) -> pd.DataFrame | None:
    """Return the training triples of a run whose method puts some of them before the question."""
    if METHODS[run.method].shots == "none":
        return None
    return read_table(TriplesFolder.named(run.data).part("train"), TRIPLES)


def _asker(run: config.RunConfig, folder: RunFolder) -> AskModel:
    train = training_triples(run)
    ask = load_asking(run, trained=folder.trained(run.method), adapters=adapters_beside(run))
    return lambda pairs: ask(pairs, shots_for(pairs, run, train))
