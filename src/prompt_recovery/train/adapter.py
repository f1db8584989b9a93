"""Triples and a loaded base in, a saved adapter out: stage 2."""

from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.language_model import add_adapter, continue_adapter, save_adapter
from prompt_recovery.engines.recoverer import Recoverer
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
    init_from: Path | None = None,
) -> tuple[Fitted, dict[str, int]]:
    """Train LoRA on a (quantised) base with the loss on answers only, save it at `folder`, whole or not at all.

    It starts afresh, or from the adapter in the folder `init_from`, which is left as it is.
    Returns what the fit did, and the rows used and trimmed to the token budget.
    """
    rows = training_rows(train, base.chat)
    if init_from:
        adapted = continue_adapter(base.model, init_from, run.lora, base=run.base.model)
    else:
        adapted = add_adapter(base.model, run.lora, run.seed)
    if run.train.activation_checkpointing:
        adapted.activation_checkpointing_enable({"use_reentrant": False})
        adapted.enable_input_require_grads()
    fitted = fit(
        adapted,
        rows,
        rows_by_split(valid, base.chat),
        run.train,
        pad_id=base.tokenizer.pad_token_id,
        seed=run.seed,
        metrics_path=metrics_path,
        title="adapter",
    )
    save_adapter(adapted, folder, base=run.base.model)
    return fitted, {"rows": len(rows), "trimmed": sum(row.trimmed for row in rows)}
