"""Lists of words in, sparse rows of the known ones out, weighted by how rare they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True)
class Terms:
    """The words that a block of text is told by, and how rare each is; the rest is not seen."""

    number: dict[str, int]
    rarity: np.ndarray

    def rows(self, texts: Sequence[Sequence[str]]) -> csr_array:
        """Return tf-idf rows of unit length, shape (n, terms); a text of no known word is all zeros."""
        cells = [
            (row, self.number[word], 1 + np.log(count))
            for row, words in enumerate(texts)
            for word, count in Counter(words).items()
            if word in self.number
        ]
        row, column, value = np.array(cells, dtype=np.float64).reshape(-1, 3).T
        row, column = row.astype(np.int64), column.astype(np.int64)
        value = value * self.rarity[column]
        length = np.sqrt(np.bincount(row, value**2, minlength=len(texts)))
        value = (value / length[row]).astype(np.float32)
        return csr_array((value, (row, column)), shape=(len(texts), len(self.number)))


def terms_of(texts: Sequence[Sequence[str]], fewest: int) -> Terms:
    """Keep the words that at least `fewest` of the texts hold."""
    holding = Counter(word for words in texts for word in set(words))
    kept = sorted(word for word, count in holding.items() if count >= fewest)
    rarity = np.array([1 + np.log((1 + len(texts)) / (1 + holding[word])) for word in kept])
    return Terms({word: place for place, word in enumerate(kept)}, rarity)
