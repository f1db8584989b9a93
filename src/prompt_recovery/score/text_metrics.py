"""A true and a recovered prompt in, how far their words agree out: ROUGE-L, token F1, exact match."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_WORDS = re.compile(r"[^\W_]+")  # runs of letters and digits, of any script
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def rouge_l(truth: str, prediction: str) -> float:
    """Return the F1 of the longest common subsequence of words -> in [0, 1]; 0 where one text has no word.

    Lin, "ROUGE: A package for automatic evaluation of summaries" (2004), words cut as in rouge-score without stemming.
    """
    true, predicted = _WORDS.findall(truth.lower()), _WORDS.findall(prediction.lower())
    return _f1(common_subsequence_length(true, predicted), len(true), len(predicted))


def common_subsequence_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence; a bit a place of `first` (Hyyro 2004, "Bit-parallel
    LCS-length computation revisited")."""
    places: dict[str, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(first)) - 1
    unmatched = every
    for word in second:
        matched = unmatched & places.get(word, 0)
        unmatched = (unmatched + matched | unmatched - matched) & every
    return len(first) - unmatched.bit_count()


def token_f1(truth: str, prediction: str) -> float:
    """Return the F1 of the bags of normalised words -> in [0, 1]; of two texts without words, 1.

    As in SQuAD's evaluation (Rajpurkar et al. 2016), with the punctuation of every script.
    """
    true, predicted = normalised(truth).split(), normalised(prediction).split()
    if not true or not predicted:
        return float(true == predicted)
    return _f1((Counter(true) & Counter(predicted)).total(), len(true), len(predicted))


def exact_match(truth: str, prediction: str) -> float:
    """Return 1 where the normalised texts are equal, else 0."""
    return float(normalised(truth) == normalised(prediction))


def normalised(text: str) -> str:
    """Return a text in lower case, without punctuation and English articles, with single spaces."""
    kept = "".join(character for character in text.lower() if not _is_punctuation(character))
    return " ".join(_ARTICLES.sub(" ", kept).split())


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _f1(shared: int, true: int, predicted: int) -> float:
    return 2 * shared / (true + predicted) if shared else 0.0
