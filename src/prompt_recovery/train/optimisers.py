"""Parameters and settings in, their optimiser and the course of its learning rate out."""

import math
from collections.abc import Callable, Sequence

import torch

from prompt_recovery import config


def make_optimiser(parameters: Sequence[torch.nn.Parameter], settings: config.Train) -> torch.optim.Optimizer:
    """Return AdamW; on a GPU that of bitsandbytes, its states in 8 bits and paged out when memory is short."""
    options = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    on_gpu = parameters[0].device.type == "cuda"
    if settings.optimiser == "paged_adamw_8bit" or (settings.optimiser == "auto" and on_gpu):
        from bitsandbytes.optim import PagedAdamW8bit  # seconds to import

        return PagedAdamW8bit(parameters, **options)
    return torch.optim.AdamW(parameters, **options)


def cosine(steps: int, warmup_share: float) -> Callable[[int], float]:
    """Return the factor of the learning rate at a step, from 0: linear warm-up, then half a cosine down to 0."""
    warmup = max(1, round(steps * warmup_share))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

    return factor
