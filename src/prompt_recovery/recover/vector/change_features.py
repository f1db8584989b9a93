"""Pairs of original and rewritten text in, how each was changed out: vectors, new words, layout and register."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

EMBEDDED_CHARACTERS = 2_000  # of a text; MiniLM reads 256 tokens
_READ_CHARACTERS = 4_000  # of a text, for words and signs: 350 words of the competition's longest with room to spare
_EDGE_WORDS = (8, 6)  # at the start and at the end
_WORD = re.compile(r"[^\W_]+(?:'\w+)?|[^\w\s]")
_WORDS = {
    "first person": "i me my mine",
    "we": "we our us",
    "you": "you your",
    "third person": "he she his her they",
    "past and passive": "is are was were been",
    "future": "will shall would could",
    "formal links": "therefore however moreover furthermore thus hence",
    "articles": "the a an",
    "letter": "dear sincerely regards hello hi hey",
    "old English": "thou thee thy hath doth ye",
    "negation": "not",
}
_WORD_SIGNS = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_PER_WORD = [
    re.compile(sign, re.MULTILINE)
    for sign in (
        "!", r"\?", '["“”]', r"\*", r"^\s*(?:[-*•]|\d+\.)\s", "#", ",", r"\.", ";|—|--", "[\U0001f300-\U0001faff☀-➿]"
    )
]  # fmt: skip
_PER_CHARACTER = [re.compile(sign) for sign in ("\n", "[A-Z]", r"[^\x00-\x7f]", r"\d")]


def readable_texts(texts: Sequence[object], characters: int = _READ_CHARACTERS) -> list[str]:
    """Return the texts cut to `characters`, "" for what is none (NaN, None)."""
    return [text[:characters] if isinstance(text, str) else "" for text in texts]


def words_of(text: str) -> list[str]:
    """Return the words and the punctuation marks of a text, in lower case."""
    return _WORD.findall(text.lower())


def new_words(pairs: pd.DataFrame) -> list[list[str]]:
    """Return for each pair the words of the rewritten text, in order, that the original lacks."""
    both = zip(readable_texts(pairs["original_text"]), readable_texts(pairs["rewritten_text"]), strict=True)
    return [_without(words_of(new), set(words_of(old))) for old, new in both]


def edge_words(pairs: pd.DataFrame) -> list[list[str]]:
    """Return for each pair how the rewritten text starts and ends: marked words, and pairs of neighbours."""
    return [_edges(words_of(text)) for text in readable_texts(pairs["rewritten_text"])]


def surface_changes(pairs: pd.DataFrame) -> np.ndarray:
    """Return signs of layout, register and person of the rewritten text, how they changed, and the words shared.

    Shape (n, signs), float32: counts a word or a character, square roots keep rare signs from ruling all.
    """
    rows = []
    for old, new in zip(readable_texts(pairs["original_text"]), readable_texts(pairs["rewritten_text"]), strict=True):
        before, after = _signs(old), _signs(new)
        rows.append(np.concatenate([after, after - before, _shared(words_of(old), words_of(new))]))
    table = np.array(rows, dtype=np.float32)
    return np.sign(table) * np.sqrt(np.abs(table))


def text_vectors(pairs: pd.DataFrame, embed: Callable[[Sequence[str]], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit vectors of original and rewritten texts, shapes (n, d): each distinct text embedded once."""
    texts = [
        *readable_texts(pairs["original_text"], EMBEDDED_CHARACTERS),
        *readable_texts(pairs["rewritten_text"], EMBEDDED_CHARACTERS),
    ]
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    row = {text: place for place, text in enumerate(distinct)}
    vectors = np.asarray(embed(distinct), dtype=np.float32)[[row[text] for text in texts]]
    return vectors[: len(pairs)], vectors[len(pairs) :]


def _without(words: list[str], known: set[str]) -> list[str]:
    return [word for word in words if word not in known]


def _edges(words: list[str]) -> list[str]:
    start, end = _EDGE_WORDS
    marked = [f"s_{word}" for word in words[:start]] + [f"e_{word}" for word in words[-end:]]
    return marked + [f"{one} {two}" for one, two in pairwise(marked)]


def _signs(text: str) -> np.ndarray:
    words = words_of(text)
    count, characters = max(len(words), 1), len(text) + 1
    sentences = len(re.findall("[.!?]", text)) + 1
    signs = [np.log1p(len(text)), np.log1p(text.count("\n")), count / sentences, characters / count, text.isupper()]
    signs += [len(sign.findall(text)) / count for sign in _PER_WORD]
    signs += [len(sign.findall(text)) / characters for sign in _PER_CHARACTER]
    signs += [sum(word in kind for word in words) / count for kind in _WORD_SIGNS.values()]
    signs.append(sum("'" in word for word in words) / count)
    signs += [text.lstrip()[:1] == sign for sign in '"*#-']
    signs.append(text.rstrip()[-1:] in (".", "!", "?"))
    return np.array(signs, dtype=np.float32)


def _shared(old: list[str], new: list[str]) -> np.ndarray:
    before, after = set(old), set(new)
    either = max(len(before | after), 1)
    return np.array([
        len(before & after) / either, len(after - before) / max(len(after), 1),
        len(before - after) / max(len(before), 1), np.log((len(new) + 1) / (len(old) + 1)), old == new,
    ], dtype=np.float32)  # fmt: skip
