"""Predicted vectors and a bank of prompts in, a readable text for each, and the hypotheses it was chosen from, out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.composing import Bounds, compose
from prompt_recovery.recover.vector.prompt_bank import PromptBank, nearest_of
from prompt_recovery.recover.vector.wording import Text, Wording, wording_of
from prompt_recovery.tables import READS_AS_NULL

Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(eq=False)
class _Pool:
    """All texts embedded so far: what was composed for one row serves the others too."""

    wording: Wording
    texts: list[str]
    read: list[Text | None]
    vectors: np.ndarray
    costs: list[float]  # cosine that its odd runs of words cost each
    known: set[str]
    odd_weight: float

    def add(self, texts: Iterable[Text], embed: Embed, limit: PieceLimit) -> None:
        """Embed the texts that are new and short enough, each once."""
        spelt = {self.wording.spell(text): text for text in texts}
        taken = self.known | READS_AS_NULL
        new = limit.fitting(sorted(text for text in spelt if text not in taken))
        if new:
            self.texts += new
            self.read += [spelt[text] for text in new]
            self.costs += [self.odd_weight * self.wording.oddity(spelt[text]) for text in new]
            self.vectors = np.concatenate([self.vectors, np.asarray(embed(new), dtype=np.float32)])
            self.known |= set(new)

    def nearest(self, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the texts of highest cosine less their cost, shapes (n, min(k, texts))."""
        costs = -np.array(self.costs, dtype=np.float32)[:, None]
        with_costs = np.hstack([self.vectors, costs])
        return nearest_of(np.hstack([vectors, np.ones((len(vectors), 1), dtype=np.float32)]), with_costs, k)


def decode(
    means: np.ndarray,
    bank: PromptBank,
    embed: Embed,
    *,
    limit: PieceLimit,
    settings: config.Decoding,
    track: config.Track = "clean",
) -> pd.DataFrame:
    """Return the hypotheses of each row, the chosen one first -> row, rewrite_prompt, kind, utility.

    On the track `leaderboard` any word may follow any other, and as often. `means`: what `VectorModel.predict` gives,
    shape (n, d). `kind` is `retrieved` for a prompt of the bank, else `decoded`; `utility` the expected sharpened
    cosine of a text, cos ** 3 of the mean vector's product with it. No text is over the limit; where the bank holds
    only longer ones, the shortest is cut.
    """
    bank.require(embed)
    bank.nearest(means, 1)  # refuses vectors of another embedder, and what is no number
    wanted = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    pool = _pool(bank, embed, limit, settings, track)
    given = len(pool.texts)
    for _ in range(settings.rounds):
        _compose_round(pool, wanted, embed, limit, settings)
    rows, _ = pool.nearest(wanted, settings.retrieved)
    return _table(rows, pool, means, given)


def chosen(hypotheses: pd.DataFrame) -> pd.DataFrame:
    """Return the first hypothesis of each row, in the order of the rows."""
    return hypotheses.drop_duplicates("row").reset_index(drop=True)


def _pool(bank: PromptBank, embed: Embed, limit: PieceLimit, settings: config.Decoding, track: config.Track) -> _Pool:
    short = set(limit.fitting(bank.prompts))
    fits = [place for place, text in enumerate(bank.prompts) if text in short]
    wording = wording_of(bank.prompts, bank.vectors)
    if fits:
        texts, vectors = [bank.prompts[place] for place in fits], bank.vectors[fits]
    else:
        texts = [limit.cut(min(bank.prompts, key=len))]
        vectors = np.asarray(embed(texts), dtype=np.float32)
    read = [wording.read(text) for text in texts]
    read = [text if text and len(text) <= settings.max_words else None for text in read]
    wording, odd_weight = (wording, settings.odd_weight) if track == "clean" else (wording.unbound(), 0.0)
    return _Pool(wording, texts, read, vectors, [0.0] * len(texts), set(texts), odd_weight)


def _compose_round(pool: _Pool, wanted: np.ndarray, embed: Embed, limit: PieceLimit, settings: config.Decoding) -> None:
    bounds = Bounds(settings.max_words, settings.edited, pool.odd_weight)
    rows, _ = pool.nearest(wanted, settings.retrieved)
    composed: set[Text] = set()
    for vector, own in zip(wanted, rows, strict=True):
        parents = [place for place in own if pool.read[place]]
        if parents:
            texts = [pool.read[place] for place in parents]
            composed.update(compose(texts, pool.vectors[parents], vector, pool.wording, settings.embedded, bounds))
    pool.add(composed, embed, limit)


def _table(rows: np.ndarray, pool: _Pool, means: np.ndarray, given: int) -> pd.DataFrame:
    flat = rows.ravel()
    row = np.repeat(np.arange(len(rows)), rows.shape[1])
    products = np.einsum("nd,nd->n", pool.vectors[flat], means[row])
    return pd.DataFrame({
        "row": row,
        "rewrite_prompt": [pool.texts[place] for place in flat],
        "kind": np.where(flat < given, "retrieved", "decoded"),
        "utility": np.maximum(products, 0) ** 3,
    })  # fmt: skip
