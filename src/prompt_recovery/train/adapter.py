"""Triples and a loaded base in, what the run's method trains of it out, saved: stage 2."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from prompt_recovery import config
from prompt_recovery.engines.gpu import peak_gpu_bytes
from prompt_recovery.engines.language_model import base_record, resolve_device
from prompt_recovery.engines.recoverer import Recoverer
from prompt_recovery.engines.trainable import make_trainable, save_trained
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import sha256
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder
from prompt_recovery.train import workers
from prompt_recovery.train.answer_scores import answer_scores
from prompt_recovery.train.checkpoints import Checkpoints
from prompt_recovery.train.examples import rows_by_split, training_rows
from prompt_recovery.train.fitting import Fitted, fit
from prompt_recovery.train.sharding import shard_layers, shards, unwrap_layers


def train_adapter(
    train: pd.DataFrame,
    valid: pd.DataFrame,
    run: config.RunConfig,
    *,
    base: Recoverer,
    folder: RunFolder,
    embed: Callable[[Sequence[str]], np.ndarray],
    inputs: Mapping[str, Path],
) -> tuple[Fitted, dict[str, int]]:
    """Train what the run's method trains, with the loss on answers only, and save it, whole or not at all.

    `base`: loaded to be sharded where `train.sharding` says so and several processes train.
    `inputs`: the files that it depends on; it starts from the adapter in the folder `init_from`, if that is one of
    them, and leaves it as it is. A run that was killed goes on from its last checkpoint if settings and inputs are the
    same. `embed` maps texts to unit vectors, shape (n, d): what validated best by SCS is what is saved.
    Returns what the fit did; the rows used, those trimmed to the token budget, and the most GPU memory held.
    """
    if train.empty:
        raise InputError(f"data {run.data}: no training row is left. Look at its report.html for what was dropped.")
    rows = training_rows(train, base.chat)
    record = base_record(base.model, run.base.model)  # before its embedding may change
    model = make_trainable(base.model, run, inputs.get("init_from"))
    _save_memory(model, run)
    identity = config.stage_settings(run, "train") | {name: sha256(path) for name, path in inputs.items()}
    checkpoints = Checkpoints(folder.checkpoints, identity | {"processes": workers.count()})
    answering = replace(base, model=model, max_new_tokens=run.train.validation_new_tokens)
    scoring = {"rows_per_split": run.train.validation_rows, "batch_size": run.train.validation_batch_size}
    fitted = fit(
        model,
        rows,
        rows_by_split(valid, base.chat),
        training_settings(run),
        pad_id=base.tokenizer.pad_token_id,
        seed=run.seed,
        metrics_path=folder.metrics,
        title=run.method,
        checkpoints=checkpoints,
        answer_scores=answer_scores(answering, valid, **scoring, embed=embed),
    )
    unwrap_layers(model)
    if workers.rank() == 0:
        save_trained(model, folder.trained(run.method), record)
        checkpoints.clear()
    counts = {"rows": len(rows), "trimmed": sum(row.trimmed for row in rows)}
    return fitted, counts | {"peak_gpu_bytes": peak_gpu_bytes()}


def _save_memory(model: torch.nn.Module, run: config.RunConfig) -> None:
    """Let the model forget activations and compute them again, and spread its layers, where the run says so."""
    if run.train.activation_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
        if METHODS[run.method].trains == "adapter":
            model.enable_input_require_grads()
    if shards(run.train):
        shard_layers(model, resolve_device(run.device))


def training_settings(run: config.RunConfig) -> config.Train:
    """Return [train], with the learning rate of whole weights where they are trained."""
    if METHODS[run.method].trains == "adapter":
        return run.train
    return run.train.model_copy(update={"learning_rate": run.whole_weights.learning_rate})
