"""What a fit says at each step in, the lines of metrics.jsonl and, on request, curves for TensorBoard out."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from prompt_recovery.engines.requirements_check import missing_tensorboard
from prompt_recovery.errors import InputError
from prompt_recovery.train import workers

Log = Callable[..., None]  # of step=1, loss=2.5, ...: all numbers


@contextmanager
def metrics_log(path: Path, step: int, *, tensorboard: bool) -> Iterator[Log]:
    """Open the log behind what it says of steps up to `step`: what a killed fit did after its checkpoint goes.

    Only the first process writes. The curves, in the folder tensorboard/ beside `path`, are drawn anew from the lines
    that are kept, so that the two never differ. Raises InputError when they are wanted and cannot be written.
    """
    if workers.rank() > 0:
        yield lambda **_: None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.read_bytes().decode(errors="replace").splitlines() if step and path.exists() else []
    values = [json.loads(line) for line in kept if line.endswith("}")]
    drawn = _curves(path.parent / "tensorboard") if tensorboard else nullcontext()
    with drawn as curves, path.open("w", encoding="utf-8") as file:

        def log(**numbers: float) -> None:
            file.write(json.dumps({name: round(value, 6) for name, value in numbers.items()}) + "\n")
            file.flush()
            if curves:
                _draw(curves, **numbers)

        for numbers in values:
            if numbers["step"] <= step:
                log(**numbers)
        yield log


@contextmanager
def _curves(folder: Path) -> Iterator[Any]:
    if missing := missing_tensorboard():
        raise InputError(missing)
    from torch.utils.tensorboard import SummaryWriter  # an optional package

    shutil.rmtree(folder, ignore_errors=True)
    with SummaryWriter(folder) as writer:
        yield writer


def _draw(writer: Any, step: float, **numbers: float) -> None:
    """Add a point to each curve; those of one kind, such as "SCS S0" and "SCS S1", come into one group."""
    for name, value in numbers.items():
        writer.add_scalar(name.replace(" ", "/"), value, int(step))
    writer.flush()
