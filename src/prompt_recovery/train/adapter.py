"""Triples and a loaded base in, a saved adapter out: stage 2."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.language_model import add_adapter, continue_adapter, save_adapter
from prompt_recovery.engines.recoverer import Recoverer
from prompt_recovery.errors import InputError
from prompt_recovery.places import RunFolder
from prompt_recovery.train import workers
from prompt_recovery.train.answer_scores import answer_scores
from prompt_recovery.train.checkpoints import Checkpoints
from prompt_recovery.train.examples import rows_by_split, training_rows
from prompt_recovery.train.fitting import Fitted, fit


def train_adapter(
    train: pd.DataFrame,
    valid: pd.DataFrame,
    run: config.RunConfig,
    *,
    base: Recoverer,
    folder: RunFolder,
    embed: Callable[[Sequence[str]], np.ndarray],
    identity: dict[str, Any],
    init_from: Path | None = None,
) -> tuple[Fitted, dict[str, int]]:
    """Train LoRA on a (quantised) base with the loss on answers only, save it in the run's folder, whole or not at all.

    It starts afresh, or from the adapter in the folder `init_from`, which is left as it is. A run that was killed goes
    on from its last checkpoint if `identity`, what it depends on, is the same. `embed` maps texts to unit vectors,
    shape (n, d): the adapter that validated best by SCS is the one that is saved.
    Returns what the fit did, and the rows used and trimmed to the token budget.
    """
    if train.empty:
        raise InputError(f"data {run.data}: no training row is left. Look at its report.html for what was dropped.")
    rows = training_rows(train, base.chat)
    if init_from:
        adapted = continue_adapter(base.model, init_from, run.lora, base=run.base.model)
    else:
        adapted = add_adapter(base.model, run.lora, run.seed)
    if run.train.activation_checkpointing:
        adapted.activation_checkpointing_enable({"use_reentrant": False})
        adapted.enable_input_require_grads()
    checkpoints = Checkpoints(folder.checkpoints, identity | {"processes": workers.count()})
    answering = replace(base, model=adapted, max_new_tokens=run.train.validation_new_tokens)
    scoring = {"rows_per_split": run.train.validation_rows, "batch_size": run.train.validation_batch_size}
    fitted = fit(
        adapted,
        rows,
        rows_by_split(valid, base.chat),
        run.train,
        pad_id=base.tokenizer.pad_token_id,
        seed=run.seed,
        metrics_path=folder.metrics,
        title="adapter",
        checkpoints=checkpoints,
        answer_scores=answer_scores(answering, valid, **scoring, embed=embed),
    )
    if workers.rank() == 0:
        save_adapter(adapted, folder.adapter, base=run.base.model)
        checkpoints.clear()
    return fitted, {"rows": len(rows), "trimmed": sum(row.trimmed for row in rows)}
