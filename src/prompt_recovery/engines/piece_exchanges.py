"""A text and the direction that its vector is to move in in, pieces that may stand for each of its pieces out.

Only pieces of like input embeddings are looked at, for the gradient foretells a short step alone. With MiniLM its best
of the 50 nearest gained at 72 % of the places of a text put together of prompts, and at 10 % of one that had been
searched for 5,000 texts; its best of all pieces at 53 % and 2 %.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_NEAR = 50  # pieces looked at for each place
_FLAT = 1e-12


@dataclass(frozen=True, eq=False)
class Exchanges:
    """A text's n pieces, and k others for each: their texts, the most promising first, and what each is to gain.

    Pieces are told as they stand in a text, with a leading space where they begin a word. `worth`, (n, k): the gain of
    the vector's product with the direction, to first order, by the steepness at the place: where it is steep the guess
    is the less to be trusted.
    """

    pieces: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]
    worth: np.ndarray


Exchange = Callable[[str, np.ndarray], Exchanges]  # a text and the direction that its vector is to move in


@dataclass(frozen=True, eq=False)
class PieceExchanges:
    """An embedder seen from its input embeddings.

    `encode` gives a text's ids as the model reads them; `spelt` the texts of all pieces but the special ones.
    """

    model: "SentenceTransformer"
    encode: Callable[[str], list[int]]
    spelt: Mapping[int, str]
    _found: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, text: str, direction: np.ndarray) -> Exchanges:
        ids = self.encode(text)
        places = [place for place, one in enumerate(ids) if one in self.spelt]
        own = np.array([self._row[ids[place]] for place in places], dtype=int)
        slopes = self._slopes(ids, direction)[places]
        near = self._nearest(own)
        steepness = np.maximum(np.linalg.norm(slopes, axis=1), _FLAT)
        steps = self._table[near] - self._table[own][:, None]
        worth = np.einsum("nkd,nd->nk", steps, slopes / steepness[:, None])
        order = np.argsort(-worth, axis=1, kind="stable")
        texts = list(self.spelt.values())
        others = tuple(tuple(texts[row] for row in rows) for rows in np.take_along_axis(near, order, axis=1).tolist())
        return Exchanges(tuple(texts[row] for row in own), others, np.take_along_axis(worth, order, axis=1))

    def _nearest(self, rows: np.ndarray) -> np.ndarray:
        """Return of each piece the rows of those near to it, shape (n, k); looked for once."""
        count = min(_NEAR, len(self.spelt) - 1)
        new = [row for row in dict.fromkeys(rows.tolist()) if row not in self._found]
        if new:
            alike = self._unit[new] @ self._unit.T
            alike[np.arange(len(new)), new] = -np.inf
            self._found.update(zip(new, np.argpartition(-alike, count - 1, axis=1)[:, :count], strict=True))
        return np.array([self._found[row] for row in rows.tolist()], dtype=int).reshape(len(rows), count)

    def _slopes(self, ids: list[int], direction: np.ndarray) -> np.ndarray:
        """Return the derivative of the unit vector's product with the direction by the input embeddings, (n, h)."""
        import torch

        device, leaves = self.model.device, []

        def leaf(module: torch.nn.Module, inputs: object, output: torch.Tensor) -> torch.Tensor:
            leaves.append(output.detach().requires_grad_())
            return leaves[0]

        # T5's encoder looks its embeddings up in a module of its own, which shares the weight.
        own = [module for module in self.model.modules() if getattr(module, "weight", None) is self._weight]
        hooks = [module.register_forward_hook(leaf) for module in own]
        try:
            with torch.enable_grad():
                rows = torch.tensor([ids], device=device)
                vectors = self.model({"input_ids": rows, "attention_mask": torch.ones_like(rows)})["sentence_embedding"]
                unit = torch.nn.functional.normalize(vectors.float(), dim=1)[0]
                (slopes,) = torch.autograd.grad(unit @ torch.tensor(direction, dtype=unit.dtype, device=device), leaves)
        finally:
            for hook in hooks:
                hook.remove()
        return slopes[0].float().cpu().numpy()

    @property
    def _weight(self) -> "torch.Tensor":
        return self.model[0].model.get_input_embeddings().weight

    @cached_property
    def _row(self) -> dict[int, int]:
        return {one: row for row, one in enumerate(self.spelt)}

    @cached_property
    def _table(self) -> np.ndarray:
        return self._weight.detach().float().cpu().numpy()[list(self.spelt)]

    @cached_property
    def _unit(self) -> np.ndarray:
        return self._table / np.maximum(np.linalg.norm(self._table, axis=1, keepdims=True), np.finfo(np.float32).tiny)
