"""A model and rows in, the steps of its training one at a time out, each of which can be saved and gone on from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import torch

from prompt_recovery import config
from prompt_recovery.engines.language_model import compute_dtype
from prompt_recovery.errors import InputError
from prompt_recovery.train import workers
from prompt_recovery.train.checkpoints import Checkpoints
from prompt_recovery.train.examples import Row, make_batch, plan_batches
from prompt_recovery.train.losses import packs_rows, summed_loss
from prompt_recovery.train.optimisers import cosine, make_optimiser
from prompt_recovery.train.sharding import shards


@dataclass
class Validation:
    """What the model was worth after `step` steps: losses in nats a token of the answers, and mean SCS, by split."""

    step: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """What checkpoints are compared by: the mean of the splits' scores."""
        return sum(self.scores.values()) / len(self.scores) if self.scores else -math.inf


@dataclass
class Progress:
    """Where a fit stands: `tokens` without padding, of all processes; `worse`: validations since the best one."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    last: Validation = field(default_factory=Validation)
    best: Validation = field(default_factory=Validation)
    worse: int = 0


def plan_steps(rows: Sequence[Row], settings: config.Train, seed: int, *, packed: bool) -> list[list[list[int]]]:
    """Return the batches of each step, over whole and broken epochs: `accumulate` for every process."""
    plan: list[list[int]] = []
    for epoch in range(math.ceil(settings.epochs)):
        once = plan_batches(rows, settings.batch_tokens, seed + epoch, packed=packed)
        plan += once[: math.ceil(len(once) * min(1.0, settings.epochs - epoch))]
    together = settings.accumulate * workers.count()
    return [plan[start : start + together] for start in range(0, len(plan), together)]


class Stepper:
    """The model with its optimiser, and how far they are."""

    def __init__(self, model: torch.nn.Module, rows: Sequence[Row], settings: config.Train, pad_id: int, seed: int):
        torch.manual_seed(seed)
        self.model, self.rows, self.settings, self.pad_id = model, rows, settings, pad_id
        self.packed = packs_rows(model) if settings.packing == "auto" else settings.packing == "on"
        self.sharded = shards(settings)
        self.steps = plan_steps(rows, settings, seed, packed=self.packed)
        self.named = {name: one for name, one in model.named_parameters() if one.requires_grad}
        self.optimiser = make_optimiser(list(self.named.values()), settings)
        self.factor = cosine(len(self.steps), settings.warmup_share)
        self.scaler = torch.amp.GradScaler(enabled=compute_dtype(model.device) is torch.float16)
        self.progress = Progress()

    @property
    def learning_rate(self) -> float:
        return self.optimiser.param_groups[0]["lr"]

    def take_step(self) -> float:
        """Take the next step -> its loss: the mean over all its answers' tokens, however they are batched."""
        groups, parameters = self.steps[self.progress.step], list(self.named.values())
        for options in self.optimiser.param_groups:
            options["lr"] = self.settings.learning_rate * self.factor(self.progress.step)
        answer_tokens = sum(self.rows[row].answer_length for group in groups for row in group)
        self.model.train()
        own = groups[workers.rank() :: workers.count()]
        loss = sum(self._backward(group, answer_tokens) for group in own)
        if self.sharded:
            for _ in range(math.ceil(len(groups) / workers.count()) - len(own)):
                self._backward(groups[0], answer_tokens, share=0.0)  # the others' passes need this process's layers
        loss = workers.summed(loss, self.model.device)
        workers.sum_gradients(parameters)
        self.scaler.unscale_(self.optimiser)
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, self.settings.max_grad_norm))
        if not math.isfinite(norm) and not self.scaler.is_enabled():  # a scaler skips such a step and scales less
            raise InputError(self._stopped(groups, f"the gradients' norm is {norm}"))
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.optimiser.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.tokens += sum(len(self.rows[row].ids) for group in groups for row in group)
        return loss

    def _backward(self, group: Sequence[int], answer_tokens: int, share: float = 1.0) -> float:
        batch = make_batch([self.rows[row] for row in group], self.pad_id, packed=self.packed)
        try:
            loss = share * summed_loss(self.model, batch) / answer_tokens
            self.scaler.scale(loss).backward()
        except torch.OutOfMemoryError:
            shape = " x ".join(map(str, batch.ids.shape))
            raise InputError(
                f"step {self.progress.step + 1}: the GPU's memory ran out at a batch of {shape} tokens. Lower "
                f"train.batch_tokens, now {self.settings.batch_tokens}, and raise train.accumulate by as much; or set "
                "train.activation_checkpointing = true."
            ) from None
        if not math.isfinite(value := loss.item()):
            raise InputError(self._stopped([group], f"the loss is {value}"))
        return value

    def _stopped(self, groups: Sequence[Sequence[int]], what: str) -> str:
        rows = [row for group in groups for row in group]
        return (
            f"step {self.progress.step + 1}, training rows {rows[:8]}{' ...' if len(rows) > 8 else ''}: {what}. The "
            "last checkpoint is kept. Lower train.learning_rate, look at these rows, or use a GPU with bf16; then run "
            "the same command again."
        )

    def restore(self, checkpoints: Checkpoints) -> None:
        """Go on from the latest checkpoint, if there is one of this fit."""
        there = workers.told_by_the_first(workers.rank() == 0 and checkpoints.latest() is not None, self.model.device)
        if not there:
            return
        state = checkpoints.latest()
        self.load_weights(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
        torch.cuda.set_rng_state_all(state["random_of_gpus"])
        last, best = (Validation(**state["progress"].pop(name)) for name in ("last", "best"))
        self.progress = Progress(**state["progress"], last=last, best=best)

    def save(self, checkpoints: Checkpoints) -> None:
        if workers.rank() == 0:
            state = {
                "weights": self.weights(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.scaler.state_dict(),
                "random": torch.get_rng_state(),
                "random_of_gpus": torch.cuda.get_rng_state_all(),
                "progress": asdict(self.progress),
            }
            checkpoints.save(self.progress.step, state)

    def weights(self) -> dict[str, torch.Tensor]:
        """Return copies of what is trained, on the CPU."""
        return {name: parameter.detach().to("cpu", copy=True) for name, parameter in self.named.items()}

    @torch.no_grad()
    def load_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        for name, parameter in self.named.items():
            parameter.copy_(weights[name])
