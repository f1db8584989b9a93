"""Several processes that train one model, each on its own batches: who I am, and sums over all of us."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import distributed

_Value = TypeVar("_Value")
_PATIENCE = timedelta(hours=3)  # the others wait while the first process validates


@contextmanager
def joined_workers() -> Iterator[None]:
    """Join the processes that torchrun or accelerate started; alone, there is nothing to join."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE)
    try:
        yield
    finally:
        gc.collect()  # FSDP's cycles hold the group: its threads would outlive it and abort the process as it exits
        distributed.destroy_process_group()


@contextmanager
def first_alone(context: AbstractContextManager[_Value]) -> Iterator[_Value | None]:
    """Enter the context in the first process; the others get None. To be used after the processes were joined."""
    if rank() > 0:
        yield None
        return
    with context as value:
        yield value


def rank() -> int:
    """Return the number of this process, from 0; the first one writes, validates and shows progress."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def count() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def sum_gradients(parameters: Sequence[torch.nn.Parameter]) -> None:
    """Replace each gradient by its sum over all processes; one without batches of its own has none and adds 0."""
    if count() == 1:
        return
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        distributed.all_reduce(parameter.grad)


def summed(value: float, device: torch.device) -> float:
    """Return the sum of a number over all processes."""
    if count() == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return float(total)


def told_by_the_first(value: bool, device: torch.device) -> bool:
    """Return what the first process says; the others wait for it."""
    if count() == 1:
        return value
    told = torch.tensor(int(value), device=device)
    distributed.broadcast(told, src=0)
    return bool(told)
