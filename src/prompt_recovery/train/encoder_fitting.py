"""Triples and an encoder of pairs in, the encoder trained to point where their prompts' vectors do out."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import torch
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.engines.language_model import compute_dtype, resolve_device
from prompt_recovery.engines.pair_encoder import PairEncoder, PairIds, new_pair_encoder
from prompt_recovery.errors import InputError
from prompt_recovery.metric import SHARPNESS, sharpened_cosine
from prompt_recovery.train.examples import Row, plan_batches
from prompt_recovery.train.metrics_log import metrics_log
from prompt_recovery.train.optimisers import cosine

_HEAD_RIDGE = 1.0  # of the first head, relative to the mean square of what it sees; 0.1 to 3 differ by 0.007 SCS


@dataclass(frozen=True)
class Taught:
    """Pairs as the encoder reads them, and the unit vectors of their prompts, shape (n, d)."""

    rows: list[PairIds]
    targets: np.ndarray

    @property
    def trimmed_texts(self) -> int:
        return sum(row.trimmed for row in self.rows)


@dataclass(frozen=True)
class EncoderFitted:
    """What a fit did; `valid_scores`: the vector's mean SCS by split after `best_epoch`, whose weights are kept."""

    steps: int
    best_epoch: int
    valid_scores: dict[str, float]
    trimmed_texts: int  # of the training pairs' two texts each
    seconds: float


def train_pair_encoder(
    train: pd.DataFrame,
    valid: pd.DataFrame,
    embed: Embedder,
    settings: config.Encoder,
    *,
    device: str,
    seed: int,
    metrics_path: Path,
) -> tuple[PairEncoder, EncoderFitted]:
    """Make an encoder and fit it on the triples, to the vectors that `embed` gives their prompts.

    Raises InputError when either table is empty, for an encoder that cannot be had, and when training breaks off.
    """
    for name, triples in (("training", train), ("validation", valid)):
        if triples.empty:
            raise InputError(f"vector.encoder: no {name} triples, expected at least one.")
    targets = np.asarray(embed(train["rewrite_prompt"].tolist()), dtype=np.float32)
    names = {"embedder": embed.name, "dimensions": targets.shape[1]}
    encoder = new_pair_encoder(settings, **names, device=resolve_device(device), seed=seed)
    taught = Taught(encoder.read(train), targets)
    held_out = {
        str(split): Taught(encoder.read(own), np.asarray(embed(own["rewrite_prompt"].tolist()), dtype=np.float32))
        for split, own in valid.groupby("split")
    }
    start_head(encoder, taught)
    return encoder, fit_pair_encoder(encoder, taught, held_out, settings, seed=seed, metrics_path=metrics_path)


def start_head(encoder: PairEncoder, taught: Taught) -> None:
    """Set the head to the ridge regression on the encoder as it is: from a random head the loss is flat, at cos 0."""
    seen, head = torch.from_numpy(encoder.pooled(taught.rows)).double(), encoder.model.head
    targets = torch.from_numpy(taught.targets).double()
    middle, mean = seen.mean(dim=0), targets.mean(dim=0)
    products = (seen - middle).T @ (seen - middle)
    ridge = _HEAD_RIDGE * max(float(products.diagonal().mean()), 1e-9)
    products += ridge * torch.eye(len(products), dtype=torch.float64)
    weight = torch.linalg.solve(products, (seen - middle).T @ (targets - mean)).T
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(mean - weight @ middle)


def fit_pair_encoder(
    encoder: PairEncoder,
    taught: Taught,
    held_out: dict[str, Taught],
    settings: config.Encoder,
    *,
    seed: int,
    metrics_path: Path,
) -> EncoderFitted:
    """Train all weights in place, with AdamW, cosine decay and warm-up; keep the averaged weights of the best epoch.

    The best has the highest mean over splits of the vector's SCS; epoch 0 is the encoder as it was given.
    `metrics_path` gets {"step", "loss", "learning_rate", "seconds"} lines and, at first and after each epoch,
    {"step", "SCS <split>", ...}.
    Raises InputError, naming the step, when a loss or a gradient is no number, and when a GPU's memory runs out.
    """
    stepper = EncoderStepper(encoder, taught, settings, seed)
    averaged = replace(encoder, model=stepper.average.module)
    started, best, best_epoch = time.monotonic(), vector_scores(encoder, held_out), 0
    best_weights = copy.deepcopy(encoder.model.state_dict())
    rows = settings.epochs * len(taught.rows)
    with (
        metrics_log(metrics_path, 0, tensorboard=False) as log,
        tqdm(total=rows, desc="training the encoder", unit="row") as bar,
    ):
        log(step=0, **_named(best))
        for epoch, plan in enumerate(stepper.epochs, start=1):
            for batch in plan:
                loss = stepper.take_step(batch)
                seconds = round(time.monotonic() - started, 1)
                log(step=stepper.step, loss=loss, learning_rate=stepper.learning_rate, seconds=seconds)
                bar.update(len(batch))
            scores = vector_scores(averaged, held_out)
            log(step=stepper.step, **_named(scores))
            bar.set_postfix_str(", ".join(f"{name} {value:.3f}" for name, value in _named(scores).items()))
            if fmean(scores.values()) > fmean(best.values()):
                best, best_epoch, best_weights = scores, epoch, copy.deepcopy(averaged.model.state_dict())
    encoder.model.load_state_dict(best_weights)
    encoder.model.eval()
    return EncoderFitted(stepper.step, best_epoch, best, taught.trimmed_texts, round(time.monotonic() - started, 1))


class EncoderStepper:
    """A model with its optimiser and the average of its weights, a step at a time."""

    def __init__(self, encoder: PairEncoder, taught: Taught, settings: config.Encoder, seed: int):
        torch.manual_seed(seed)
        self.encoder, self.taught, self.settings, self.step = encoder, taught, settings, 0
        lengths = [Row(row.ids, answer_length=0) for row in taught.rows]
        self.epochs = [plan_batches(lengths, settings.batch_tokens, seed + epoch) for epoch in range(settings.epochs)]
        self.targets = torch.from_numpy(taught.targets).to(encoder.device)
        self.optimiser = torch.optim.AdamW(
            encoder.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.factor = cosine(sum(map(len, self.epochs)), settings.warmup_share)
        self.average = averaged_model(encoder.model, settings.ema)
        bf16 = compute_dtype(encoder.device) is torch.bfloat16 if settings.bf16 is None else settings.bf16
        self.autocast = torch.autocast(encoder.device.type, dtype=torch.bfloat16, enabled=bf16)

    @property
    def learning_rate(self) -> float:
        return self.optimiser.param_groups[0]["lr"]

    def take_step(self, batch: Sequence[int]) -> float:
        """Take a step on these rows -> its loss, in [-1, 1]."""
        model, self.step = self.encoder.model.train(), self.step + 1
        for options in self.optimiser.param_groups:
            options["lr"] = self.settings.learning_rate * self.factor(self.step - 1)
        read = self.encoder.reader.batch([self.taught.rows[row] for row in batch], self.encoder.device)
        try:
            with self.autocast:
                predicted = model(read)
            loss = sharpened_loss(predicted, self.targets[list(batch)])
            loss.backward()
        except torch.OutOfMemoryError:
            raise InputError(
                f"vector.encoder, step {self.step}: the GPU's memory ran out at {read.ids.numel()} tokens. Lower "
                f"vector.encoder.batch_tokens, now {self.settings.batch_tokens}."
            ) from None
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), self.settings.max_grad_norm)
        if not math.isfinite(value := loss.item()) or not math.isfinite(norm):
            raise InputError(
                f"vector.encoder, step {self.step}, training rows {list(batch)[:8]}: the loss is {value}, its "
                f"gradient's norm {float(norm)}. Nothing was saved. Lower vector.encoder.learning_rate, now "
                f"{self.settings.learning_rate}, or look at these rows."
            )
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.average.update_parameters(model)
        return value


def sharpened_loss(predicted: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return minus the mean cos ** 3 of unit vectors, both of shape (n, d): the metric itself, without the words."""
    return -((predicted * targets).sum(dim=1) ** SHARPNESS).mean()


def averaged_model(model: torch.nn.Module, decay: float) -> AveragedModel:
    """Return the moving average of a model's weights: after step k, d * average + (1 - d) * weights.

    d = min(decay, (1 + k) / (10 + k)), so that a short fit is not averaged with its beginning.
    """

    def move(averages: list[torch.Tensor], weights: list[torch.Tensor], step: torch.Tensor) -> None:
        k = int(step)
        torch._foreach_lerp_(averages, weights, 1 - min(decay, (1 + k) / (10 + k)))

    average = AveragedModel(model, multi_avg_fn=move)
    average.update_parameters(model)  # the first time copies
    return average


def vector_scores(encoder: PairEncoder, held_out: dict[str, Taught]) -> dict[str, float]:
    """Return the predicted vector's mean SCS in each split."""
    return {
        split: float(sharpened_cosine(own.targets, encoder.vectors(own.rows)).mean()) for split, own in held_out.items()
    }


def _named(scores: dict[str, float]) -> dict[str, float]:
    return {f"SCS {split}": score for split, score in scores.items()}
