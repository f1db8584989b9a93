"""Prompts that people wrote in, their words out: which may follow which, and what each adds to a text's vector."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

Text = tuple[int, ...]  # the words' numbers
EDGE = 0  # stands before the first and after the last word of a prompt
_RIDGE = 2.0
_MAX_TEXTS = 20_000  # from which words and runs are taken, the commonest words first: the square of the words is held
_MAX_WORDS = 8_000
_SENTENCE_END = (".", "!", "?")
_PUNCTUATION = ".,:;!?\"'()“”*-"


@dataclass(frozen=True, eq=False)
class Wording:
    """The vocabulary of a bank; `words[EDGE]` is ""."""

    words: tuple[str, ...]
    number: dict[str, int]
    follows: np.ndarray  # bool, (words, words): the second follows the first in some prompt, or begins a sentence
    runs: frozenset[Text]  # of three words of a prompt, EDGE included
    vectors: np.ndarray  # what a word adds to a text's vector, (words, d)
    content: np.ndarray  # bool, (words,): all but the commonest, which may stand in a text twice
    kinds: np.ndarray  # (words,): the same for words that differ in case or punctuation

    def read(self, text: str) -> Text | None:
        """Return the numbers of a text's words, or None where one is not known."""
        found = [self.number.get(word, EDGE) for word in text.split()]
        return None if EDGE in found or not found else tuple(found)

    def spell(self, text: Text) -> str:
        """Return the text of these words."""
        return " ".join(self.words[word] for word in text)

    def oddity(self, text: Text) -> int:
        """Count the runs of three words, edges included, that no prompt has; a sentence may follow another."""
        return sum(not self._usual(run) for run in _windows(text))

    def repeats(self, text: Text) -> bool:
        """Say whether a word other than the commonest occurs twice, in whatever case."""
        kinds = [kind for word in text if (kind := self._content_kind[word]) is not None]
        return len(kinds) != len(set(kinds))

    def shares(self, text: Text, vector: np.ndarray) -> np.ndarray:
        """Return what each word has of the text's own vector, shape (words of the text, d); they add up to it."""
        own = self.vectors[list(text)]
        return own + (vector - own.sum(axis=0)) / len(text)

    def unbound(self) -> "Wording":
        """Return the same words without any bound: each may follow each, as often as may be."""
        return replace(self, follows=np.ones_like(self.follows), content=np.zeros_like(self.content))

    @cached_property
    def _content_kind(self) -> list[int | None]:
        return [kind if content else None for kind, content in zip(self.kinds.tolist(), self.content, strict=True)]

    def _usual(self, run: Text) -> bool:
        first, second, third = run
        if run in self.runs:
            return True
        if self._ends(first):
            return (EDGE, second, third) in self.runs
        return self._ends(second) and (first, second, EDGE) in self.runs

    def _ends(self, word: int) -> bool:
        return self.words[word].endswith(_SENTENCE_END)


def wording_of(prompts: Sequence[str], vectors: np.ndarray) -> Wording:
    """Read the vocabulary, at most some thousand words of it, out of prompts with unit vectors, shape (m, d)."""
    split = [prompt.split() for prompt in prompts[:_MAX_TEXTS]]
    count = Counter(word for words in split for word in words)
    words = ("", *sorted(count, key=lambda word: (-count[word], word))[: _MAX_WORDS - 1])
    number = {word: place for place, word in enumerate(words)}
    texts = [tuple(number.get(word, EDGE) for word in words) for words in split]
    kinds = _kinds(words)
    whole = [text for text in texts if EDGE not in text]
    return Wording(
        words,
        number,
        _follows(words, whole),
        frozenset(run for text in whole for run in _windows(text)),
        _word_vectors(texts, kinds, vectors[:_MAX_TEXTS]),
        _content(texts, kinds),
        kinds,
    )


def _windows(text: Text) -> list[Text]:
    padded = (EDGE, *text, EDGE)
    return [padded[place : place + 3] for place in range(len(padded) - 2)]


def _kinds(words: Sequence[str]) -> np.ndarray:
    bare = [word.strip(_PUNCTUATION).lower() or word for word in words]
    return np.unique(bare, return_inverse=True)[1]


def _follows(words: Sequence[str], texts: Sequence[Text]) -> np.ndarray:
    follows = np.zeros((len(words), len(words)), dtype=bool)
    for text in texts:
        follows[(EDGE, *text), (*text, EDGE)] = True
    ends = np.array([word.endswith(_SENTENCE_END) for word in words])
    follows[ends] |= follows[EDGE]
    return follows


def _word_vectors(texts: Sequence[Text], kinds: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Fit texts' vectors as sums of their words' vectors, by ridge regression."""
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    column = kinds[np.concatenate([np.array(text, dtype=np.int64) for text in texts])]
    ones = np.ones(len(row), dtype=np.float32)
    held = csr_array((ones, (row, column)), shape=(len(texts), int(kinds.max()) + 1))
    square = (held.T @ held).toarray() + _RIDGE * np.eye(held.shape[1], dtype=np.float32)
    fitted = cho_solve(cho_factor(square, lower=True, overwrite_a=True), held.T @ vectors).astype(np.float32)
    return fitted[kinds]


def _content(texts: Sequence[Text], kinds: np.ndarray) -> np.ndarray:
    """Say of each word whether fewer than a tenth of the texts that hold it hold it twice, or hardly any holds it."""
    holding, twice = np.zeros(int(kinds.max()) + 1), np.zeros(int(kinds.max()) + 1)
    for text in texts:
        kind, times = np.unique(kinds[list(text)], return_counts=True)
        holding[kind] += 1
        twice[kind] += times > 1
    return ~((twice >= 3) & (twice >= 0.1 * holding))[kinds]
