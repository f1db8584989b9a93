"""A model, rows and settings in, a fitted model and its loss curve out: the one training loop of the project."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.train import workers
from prompt_recovery.train.checkpoints import Checkpoints
from prompt_recovery.train.examples import Row
from prompt_recovery.train.losses import mean_loss
from prompt_recovery.train.metrics_log import Log, metrics_log
from prompt_recovery.train.stepper import Progress, Stepper, Validation

AnswerScores = Callable[[], dict[str, float]]  # of the model as it is: mean SCS of its answers, by split


@dataclass(frozen=True)
class Fitted:
    """What a fit did: `steps` of `planned_steps`; the model, its losses and its scores are those of `best_step`."""

    steps: int
    planned_steps: int
    best_step: int
    tokens: int
    seconds: float
    valid_losses: dict[str, float]
    valid_scores: dict[str, float]
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
    checkpoints: Checkpoints | None = None,
    answer_scores: AnswerScores | None = None,
) -> Fitted:
    """Train the parameters that require gradients with AdamW, cosine decay and warm-up; one JSON line a step.

    `valid_rows`: by split. `metrics_path` gets {"step", "loss", "learning_rate", "tokens", "seconds"} lines and, at
    each validation, {"step", "valid S0", ..., "SCS S0", ...}. With `checkpoints` a fit that was killed goes on as if
    it had not been. With `answer_scores`, which needs them, the model ends with the weights that validated best, and
    stops after `settings.patience` validations that were no better.
    Raises InputError when a loss or a gradient is not finite, and when a GPU's memory runs out.
    """
    stepper = Stepper(model, rows, settings, pad_id, seed)
    if checkpoints:
        stepper.restore(checkpoints)
    _take_steps(stepper, valid_rows, metrics_path, title, checkpoints, answer_scores)
    progress = stepper.progress
    if answer_scores and progress.best.step < progress.step:
        stepper.load_weights(checkpoints.best())
    final = progress.best if answer_scores else progress.last
    return Fitted(
        steps=progress.step,
        planned_steps=len(stepper.steps),
        best_step=final.step,
        **_spent(progress),
        valid_losses=final.losses,
        valid_scores=final.scores,
        trainable_parameters=sum(parameter.numel() for parameter in stepper.named.values()),
    )


def _take_steps(
    stepper: Stepper,
    valid_rows: Mapping[str, Sequence[Row]],
    metrics_path: Path,
    title: str,
    checkpoints: Checkpoints | None,
    answer_scores: AnswerScores | None,
) -> None:
    """Take all the steps that are left, or stop early; validate, save and tell on the way."""
    progress, settings, count = stepper.progress, stepper.settings, len(stepper.steps)
    validate_at = {round(count * i / settings.validations) for i in range(1, settings.validations + 1)}
    started, saved = time.monotonic() - progress.seconds, time.monotonic()
    with (
        metrics_log(metrics_path, progress.step, tensorboard=settings.tensorboard) as log,
        tqdm(total=count, initial=progress.step, desc=title, unit="step", disable=workers.rank() > 0) as bar,
    ):
        while progress.step < count and not _gives_up(progress, settings):
            loss = stepper.take_step()
            progress.seconds = time.monotonic() - started
            log(step=progress.step, loss=loss, learning_rate=stepper.learning_rate, **_spent(progress))
            if progress.step in validate_at:
                _validate(stepper, valid_rows, answer_scores, checkpoints)
                _log_validation(log, progress.last)
            if checkpoints and (progress.step in validate_at or time.monotonic() - saved > settings.checkpoint_seconds):
                stepper.save(checkpoints)
                saved = time.monotonic()
            bar.set_postfix_str(_seen(loss, progress))
            bar.update()


def _validate(
    stepper: Stepper,
    valid_rows: Mapping[str, Sequence[Row]],
    answer_scores: AnswerScores | None,
    checkpoints: Checkpoints | None,
) -> None:
    """Note the losses and scores, and keep the weights if none before scored as well.

    The first process does it; of a sharded model all do, each the same, for its layers are whole in none of them.
    """
    progress = stepper.progress
    if workers.rank() == 0 or stepper.sharded:
        losses = {
            name: mean_loss(stepper.model, own, stepper.settings.batch_tokens, stepper.pad_id)
            for name, own in valid_rows.items()
        }
        stepper.model.eval()
        progress.last = Validation(progress.step, losses, answer_scores() if answer_scores else {})
    else:
        progress.last = Validation(progress.step)
    better = workers.told_by_the_first(progress.last.score > progress.best.score, stepper.model.device)
    progress.worse = 0 if better else progress.worse + 1
    if better:
        progress.best = progress.last
        if checkpoints and workers.rank() == 0:
            checkpoints.save_best(stepper.weights())


def _gives_up(progress: Progress, settings: config.Train) -> bool:
    return bool(progress.best.step) and settings.patience is not None and progress.worse >= settings.patience


def _spent(progress: Progress) -> dict[str, float]:
    return {"tokens": progress.tokens, "seconds": round(progress.seconds, 1)}


def _seen(loss: float, progress: Progress) -> str:
    scores = "".join(f", {name} {score:.3f}" for name, score in progress.last.scores.items())
    return f"loss {loss:.2f}{scores}, {progress.tokens / max(progress.seconds, 1e-9):,.0f} tokens/s"


def _log_validation(log: Log, done: Validation) -> None:
    losses = {f"valid {split}": loss for split, loss in done.losses.items()}
    log(step=done.step, **losses, **{f"SCS {split}": score for split, score in done.scores.items()})
