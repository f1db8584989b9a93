"""Triples and a loaded base in, a saved adapter out: stage 2."""

from pathlib import Path
from typing import Any

import pandas as pd
import torch

from prompt_recovery import config
from prompt_recovery.engines.chat import ChatFormat
from prompt_recovery.engines.language_model import add_adapter, save_adapter
from prompt_recovery.train.examples import training_rows
from prompt_recovery.train.fitting import Fitted, fit


def train_adapter(
    train: pd.DataFrame,
    valid: pd.DataFrame,
    run: config.RunConfig,
    *,
    model: torch.nn.Module,
    tokenizer: Any,
    folder: Path,
    metrics_path: Path,
) -> tuple[Fitted, dict[str, int]]:
    """Train LoRA on the (quantised) base with the loss on answers only, save it at `folder`, whole or not at all.

    Returns what the fit did, and the rows used and trimmed to the token budget.
    """
    chat = ChatFormat(tokenizer, run.chat)
    rows = training_rows(train, chat)
    adapted = add_adapter(model, run.lora, run.seed)
    if run.train.activation_checkpointing:
        adapted.activation_checkpointing_enable({"use_reentrant": False})
        adapted.enable_input_require_grads()
    fitted = fit(
        adapted,
        rows,
        training_rows(valid, chat),
        run.train,
        pad_id=tokenizer.pad_token_id,
        seed=run.seed,
        metrics_path=metrics_path,
        title="adapter",
    )
    save_adapter(adapted, folder, base=run.base.model)
    return fitted, {"rows": len(rows), "trimmed": sum(row.trimmed for row in rows)}
