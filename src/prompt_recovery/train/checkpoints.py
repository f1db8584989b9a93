"""What a fit must know to go on in, a folder that is whole or absent out; and back, if it is of the same fit."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from prompt_recovery.manifest import read_json, whole_or_absent, write_json

_NAME = "step-{:08}"
_BEST = "best.pt"


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one fit in `folder`: the latest, and the weights that validated best.

    `identity`: what the fit depends on, as JSON values; checkpoints of another fit are not gone on from.
    """

    folder: Path
    identity: dict[str, Any]

    def latest(self) -> dict[str, Any] | None:
        """Return the state that was saved last, on the CPU; None where there is none of this fit, which is then new."""
        found = sorted(self.folder.glob("step-*"))
        if not found or read_json(self.folder / "identity.json", made_by="make train") != self.identity:
            self.clear()
            write_json(self.folder / "identity.json", self.identity)
            return None
        return torch.load(found[-1], map_location="cpu", weights_only=True)

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write the state after `step`, then drop the one before."""
        before = sorted(self.folder.glob("step-*"))
        with whole_or_absent(self.folder / _NAME.format(step)) as partial:
            torch.save(state, partial)
        for old in before:
            if old.name != _NAME.format(step):
                old.unlink()

    def save_best(self, weights: dict[str, torch.Tensor]) -> None:
        with whole_or_absent(self.folder / _BEST) as partial:
            torch.save(weights, partial)

    def best(self) -> dict[str, torch.Tensor]:
        return torch.load(self.folder / _BEST, map_location="cpu", weights_only=True)

    def clear(self) -> None:
        """Remove all: the fit is finished and its result saved, or another one begins."""
        shutil.rmtree(self.folder, ignore_errors=True)
