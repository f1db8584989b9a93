"""Triples and the constant in, the folder that predicts prompts' vectors out: regressor, bank, what to expect of the
constant, and an encoder where one is asked for.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.manifest import whole_or_absent
from prompt_recovery.recover.vector.constant_scores import fit_constant_scores
from prompt_recovery.recover.vector.prompt_bank import bank_of
from prompt_recovery.recover.vector.vector_blend import fit_blend
from prompt_recovery.recover.vector.vector_regressor import fit_with_unseen

Teach = Callable[[], tuple[Any, Any]]  # -> a trained encoder of pairs, what its training did


def write_vector_files(
    folder: Path,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    embed: Embedder,
    run: config.RunConfig,
    teach: Teach,
    *,
    constant: str,
) -> dict[str, Any]:
    """Fit on `train`, blend on `valid`, and write all as one folder, whole or not at all -> counts for the receipt."""
    bank = bank_of(train["rewrite_prompt"], embed)
    regressor, prompts, unseen = fit_with_unseen(train, embed, run.vector, run.seed)
    signs, vector = regressor.anchors.surface, embed([constant])[0]
    constant_scores = fit_constant_scores(constant, vector, unseen, signs, prompts, run.seed)
    counts: dict[str, Any] = {"prompts": len(bank.prompts), "rows": len(regressor.prompts)}
    with whole_or_absent(folder) as partial:
        bank.save(partial / "bank")
        regressor.save(partial / "regressor")
        constant_scores.save(partial / "constant_scores.json")
        if run.vector.encoder:
            encoder, fitted = teach()
            truths = embed(valid["rewrite_prompt"].tolist())
            means = regressor.predict(valid, embed)
            blend = fit_blend(encoder.predict(valid), means, truths, valid["split"].tolist(), embed.name)
            encoder.save(partial / "encoder")
            blend.save(partial / "blend.json")
            counts |= {"encoder": asdict(fitted), "blend": asdict(blend)}
    return counts
