"""A method's name in, what it does with the base out: the ladder from prompting to QLoRA, in one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MethodName = Literal[
    "zero_shot", "few_shot", "nearest", "retrieval", "full", "last_layers", "lora", "qlora", "int8_lora"
]
Quantisation = Literal["none", "int8", "nf4"]


@dataclass(frozen=True)
class Method:
    """How the base is loaded, which weights are trained, and which training triples stand before the question."""

    quantisation: Quantisation
    trains: Literal["nothing", "all", "last layers", "adapter"]
    shots: Literal["none", "fixed", "nearest"] = "none"
    needs_base: bool = True  # False: the nearest triple's own prompt is the answer

    @property
    def folder(self) -> str | None:
        """Return the folder of a run in which what was trained is saved."""
        return {"nothing": None, "adapter": "adapter"}.get(self.trains, "weights")


METHODS: dict[MethodName, Method] = {
    "zero_shot": Method("none", "nothing"),
    "few_shot": Method("none", "nothing", "fixed"),
    "nearest": Method("none", "nothing", "nearest", needs_base=False),
    "retrieval": Method("none", "nothing", "nearest"),
    "full": Method("none", "all"),
    "last_layers": Method("none", "last layers"),
    "lora": Method("none", "adapter"),
    "qlora": Method("nf4", "adapter"),
    "int8_lora": Method("int8", "adapter"),
}


def asks_embedder(method: MethodName, tracks: Sequence[str]) -> bool:
    """Say whether a run of this method, with these tracks, takes its embedder to answer new pairs."""
    return bool(tracks) or METHODS[method].shots == "nearest"
