"""A model, rows and settings in, a fitted model and its loss curve out: the one training loop of the project."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.train.examples import Batch, Row, collate, plan_batches


@dataclass(frozen=True)
class Fitted:
    """What a fit did. Losses are means over the tokens of the answers, in nats."""

    steps: int
    tokens: int  # without padding
    seconds: float
    valid_losses: dict[str, float]  # by split
    trainable_parameters: int


def fit(
    model: torch.nn.Module,
    rows: Sequence[Row],
    valid_rows: Mapping[str, Sequence[Row]],
    settings: config.Train,
    *,
    pad_id: int,
    seed: int,
    metrics_path: Path,
    title: str,
) -> Fitted:
    """Train the parameters that require gradients with AdamW, cosine decay and warm-up; one JSON line a step.

    `valid_rows`: by split. `metrics_path` gets {"step", "loss", "learning_rate", "tokens", "seconds"} lines and, at
    each validation, {"step", "valid S0", ...}.
    """
    torch.manual_seed(seed)
    steps = _plan_steps(rows, settings, seed)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _cosine(len(steps), settings.warmup_share))
    scaler = torch.amp.GradScaler(enabled=_precision(model) is torch.float16)
    validate_at = {round(len(steps) * i / settings.validations) for i in range(1, settings.validations + 1)}
    started, tokens, valid = time.monotonic(), 0, {}
    metrics_path.parent.mkdir(parents=True, exist_ok=True)
    with metrics_path.open("w", encoding="utf-8") as metrics, tqdm(steps, desc=title, unit="step") as bar:
        for step, groups in enumerate(bar, start=1):
            model.train()
            own_batches = [collate([rows[i] for i in group], pad_id) for group in groups]
            loss = _backward(model, own_batches, scaler)
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(parameters, settings.max_grad_norm)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad(set_to_none=True)
            tokens += sum(int(batch.mask.sum()) for batch in own_batches)
            seconds = time.monotonic() - started
            _log(metrics, step=step, loss=loss, learning_rate=schedule.get_last_lr()[0], tokens=tokens, seconds=seconds)
            schedule.step()
            if step in validate_at:
                valid = {name: mean_loss(model, own, settings.batch_tokens, pad_id) for name, own in valid_rows.items()}
                _log(metrics, step=step, **{f"valid {name}": own for name, own in valid.items()})
            seen = "".join(f", {name} {own:.2f}" for name, own in valid.items())
            bar.set_postfix_str(f"loss {loss:.2f}{seen}, {tokens / seconds:,.0f} tokens/s")
    trained = sum(parameter.numel() for parameter in parameters)
    return Fitted(len(steps), tokens, round(time.monotonic() - started, 1), valid, trained)


@torch.no_grad()
def mean_loss(model: torch.nn.Module, rows: Sequence[Row], batch_tokens: int, pad_id: int) -> float:
    """Return the mean loss of `rows` over their answers' tokens, in nats, with dropout off."""
    model.eval()
    total, tokens = 0.0, 0
    for group in plan_batches(rows, batch_tokens, seed=0):
        batch = collate([rows[i] for i in group], pad_id)
        total += float(summed_loss(model, batch))
        tokens += int(batch.is_answer.sum())
    return total / tokens


def summed_loss(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Return the sum of the answer tokens' cross-entropies; no logits are made before the longest answer."""
    batch = batch.to(model.device)
    kept = batch.longest_answer + 1
    with _autocast(model):
        logits = model(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            position_ids=(batch.mask.cumsum(dim=1) - 1).clamp(min=0),
            logits_to_keep=kept,
            use_cache=False,
        ).logits
    answers = batch.is_answer[:, -kept + 1 :]
    return cross_entropy(logits[:, :-1][answers].float(), batch.ids[:, -kept + 1 :][answers], reduction="sum")


def _plan_steps(rows: Sequence[Row], settings: config.Train, seed: int) -> list[list[list[int]]]:
    """Return the batches of each step, over whole and broken epochs."""
    plan: list[list[int]] = []
    for epoch in range(math.ceil(settings.epochs)):
        once = plan_batches(rows, settings.batch_tokens, seed + epoch)
        plan += once[: math.ceil(len(once) * min(1.0, settings.epochs - epoch))]
    return [plan[start : start + settings.accumulate] for start in range(0, len(plan), settings.accumulate)]


def _backward(model: torch.nn.Module, own_batches: Sequence[Batch], scaler: torch.amp.GradScaler) -> float:
    """Add up the gradients of one step; the mean is over all its answers' tokens, however they are batched."""
    tokens = sum(int(batch.is_answer.sum()) for batch in own_batches)
    total = 0.0
    for batch in own_batches:
        loss = summed_loss(model, batch) / tokens
        scaler.scale(loss).backward()
        total += loss.item()
    if not math.isfinite(total):
        raise FloatingPointError(f"the loss is {total}: lower train.learning_rate, or use a GPU with bf16.")
    return total


def _cosine(steps: int, warmup_share: float):
    warmup = max(1, round(steps * warmup_share))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return factor


def _precision(model: torch.nn.Module) -> torch.dtype:
    return model.get_input_embeddings().weight.dtype


def _autocast(model: torch.nn.Module) -> AbstractContextManager:
    """Mixed precision where the frozen base is in 16 bits and the trainable weights are in 32."""
    precision = _precision(model)
    return torch.autocast(model.device.type, precision, enabled=precision is not torch.float32)


def _log(file, **values: float) -> None:
    file.write(json.dumps({name: round(value, 6) for name, value in values.items()}) + "\n")
    file.flush()
