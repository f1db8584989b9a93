"""Triples and a loaded base in, what the run's method trains of it out, saved: stage 2."""

from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.language_model import base_record
from prompt_recovery.engines.recoverer import Recoverer
from prompt_recovery.engines.trainable import make_trainable, save_trained
from prompt_recovery.methods import METHODS
from prompt_recovery.train.examples import rows_by_split, training_rows
from prompt_recovery.train.fitting import Fitted, fit


def train_adapter(
    train: pd.DataFrame,
    valid: pd.DataFrame,
    run: config.RunConfig,
    *,
    base: Recoverer,
    folder: Path,
    metrics_path: Path,
) -> tuple[Fitted, dict[str, int]]:
    """Train what the run's method trains, with the loss on answers only, and save it at `folder`, whole or not at all.

    Returns what the fit did, and the rows used and trimmed to the token budget.
    """
    rows = training_rows(train, base.chat)
    record = base_record(base.model, run.base.model)  # before its embedding may change
    model = make_trainable(base.model, run)
    if run.train.activation_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
        if METHODS[run.method].trains == "adapter":
            model.enable_input_require_grads()
    fitted = fit(
        model,
        rows,
        rows_by_split(valid, base.chat),
        training_settings(run),
        pad_id=base.tokenizer.pad_token_id,
        seed=run.seed,
        metrics_path=metrics_path,
        title=run.method,
    )
    save_trained(model, folder, record)
    return fitted, {"rows": len(rows), "trimmed": sum(row.trimmed for row in rows)}


def training_settings(run: config.RunConfig) -> config.Train:
    """Return [train], with the learning rate of whole weights where they are trained."""
    if METHODS[run.method].trains == "adapter":
        return run.train
    return run.train.model_copy(update={"learning_rate": run.whole_weights.learning_rate})
