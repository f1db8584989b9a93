"""A model and batches in, the cross-entropy of the answers' tokens out."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch
from torch.nn.functional import cross_entropy

from prompt_recovery.engines.language_model import compute_dtype
from prompt_recovery.train.examples import Batch, Row, make_batch, plan_batches

# Attention of transformers that computes packed rows apart and skips what is between them; "sdpa" and "eager" keep
# rows apart too, by a mask of width * width.
_VARIABLE_LENGTH = ("flash_attention", "flash_attn", "flex_attention")


@torch.no_grad()
def mean_loss(model: torch.nn.Module, rows: Sequence[Row], batch_tokens: int, pad_id: int) -> float:
    """Return the mean loss of `rows` over their answers' tokens, in nats, with dropout off."""
    model.eval()
    total, tokens = 0.0, 0
    for group in plan_batches(rows, batch_tokens, seed=0):
        batch = make_batch([rows[i] for i in group], pad_id)
        total += float(summed_loss(model, batch))
        tokens += batch.answer_tokens
    return total / tokens


def summed_loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Return the sum of the answer tokens' cross-entropies; logits are made only where an answer is predicted."""
    batch = batch.to(model.device)
    with _autocast(model):
        logits = model(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            position_ids=batch.position_ids,
            logits_to_keep=batch.predicting,
            use_cache=False,
        ).logits
    return cross_entropy(logits[batch.is_answer].float(), batch.targets[batch.is_answer], reduction="sum")


def packs_rows(model: torch.nn.Module) -> bool:
    """Tell whether the model's attention computes packed rows apart at no cost for what is between them."""
    attention = str(model.config._attn_implementation)
    return any(name in attention for name in _VARIABLE_LENGTH)


def _autocast(model: torch.nn.Module) -> AbstractContextManager:
    """Mixed precision where bases are loaded in 16 bits: what is trained is in 32."""
    kind = compute_dtype(model.device)
    return torch.autocast(model.device.type, kind, enabled=kind is not torch.float32)
