"""A few texts near a wanted vector in, texts composed of their words that may come nearer out.

Three moves: the beginning of one text with the end of another (of itself: words are left out; of whole sentences: one
follows another), a word put in, a word exchanged. Two neighbouring words were neighbours in some prompt. What a
composed text's vector will be is estimated from the words' shares, so that only the most promising are embedded.
"""

from dataclasses import dataclass

import numpy as np

from prompt_recovery.recover.vector.wording import EDGE, Text, Wording

_LOOKED_AT = 4  # times the number wanted: so many are checked for repeated words and oddity


@dataclass(frozen=True)
class Bounds:
    """What a composed text is held to."""

    max_words: int
    edited: int  # texts in which single words change
    odd_weight: float  # cosine that an odd run of words costs


def compose(
    parents: list[Text], vectors: np.ndarray, wanted: np.ndarray, wording: Wording, count: int, bounds: Bounds
) -> list[Text]:
    """Return up to `count` new texts, the most promising first, for the unit vector `wanted`, shape (d,).

    `vectors`: the parents' own unit vectors, shape (parents, d), the nearest parent first.
    """
    shares = [wording.shares(text, vector) for text, vector in zip(parents, vectors, strict=True)]
    found = _joined(parents, shares, wanted, wording, _LOOKED_AT * count, bounds.max_words)
    found += _edited(parents[: bounds.edited], shares[: bounds.edited], wanted, wording, count, bounds.max_words)
    estimated = {text: cosine for cosine, text in found}
    for known in parents:
        estimated.pop(known, None)
    best = sorted(estimated, key=lambda text: (-estimated[text], text))[: _LOOKED_AT * count]
    worth = {
        text: estimated[text] - bounds.odd_weight * wording.oddity(text) for text in best if not wording.repeats(text)
    }
    return sorted(worth, key=lambda text: (-worth[text], text))[:count]


def _joined(
    parents: list[Text], shares: list[np.ndarray], wanted: np.ndarray, wording: Wording, count: int, max_words: int
) -> list[tuple[float, Text]]:
    """Return the best joins of a beginning and an end, with their estimated cosines."""
    starts = [(owner, place) for owner, text in enumerate(parents) for place in range(1, len(text) + 1)]
    ends = [(owner, place) for owner, text in enumerate(parents) for place in range(len(text))]
    sums = [np.cumsum(own, axis=0) for own in shares]
    heads = np.array([sums[owner][place - 1] for owner, place in starts])
    tails = np.array([sums[owner][-1] - (sums[owner][place - 1] if place else 0) for owner, place in ends])
    allowed = wording.follows[np.ix_(
        [parents[owner][place - 1] for owner, place in starts], [parents[owner][place] for owner, place in ends]
    )]  # fmt: skip
    words = np.array([place for _, place in starts])[:, None] + [len(parents[owner]) - place for owner, place in ends]
    cosines = _cosine_of_sums(heads, tails, wanted)
    cosines[~allowed | (words > max_words)] = -np.inf
    flat = _highest(cosines.ravel(), count)
    joins = [(float(cosines.flat[one]), starts[one // len(ends)], ends[one % len(ends)]) for one in flat]
    return [(cosine, parents[a][:i] + parents[b][j:]) for cosine, (a, i), (b, j) in joins]


def _edited(
    parents: list[Text], shares: list[np.ndarray], wanted: np.ndarray, wording: Wording, count: int, max_words: int
) -> list[tuple[float, Text]]:
    """Return for each place of each text the best words to put in there and to exchange for what stands there."""
    gaps = [gap for text, own in zip(parents, shares, strict=True) for gap in _gaps(text, own, max_words)]
    if not gaps:
        return []
    cosines = _cosine_of_sums(np.array([rest for _, _, rest in gaps]), wording.vectors, wanted)
    cosines[:, EDGE] = -np.inf
    found = []
    for (before, after, _), own in zip(gaps, cosines, strict=True):
        fitting = wording.follows[(before or (EDGE,))[-1]] & wording.follows[:, (after or (EDGE,))[0]]
        best = _highest(np.where(fitting, own, -np.inf), count)
        found += [(float(own[word]), (*before, int(word), *after)) for word in best]
    return found


def _gaps(text: Text, shares: np.ndarray, max_words: int) -> list[tuple[Text, Text, np.ndarray]]:
    """Return where a word may stand: the words before it, those after it, and the vector of them all."""
    whole = shares.sum(axis=0)
    put_in = [(text[:place], text[place:], whole) for place in range(len(text) + 1) if len(text) < max_words]
    return put_in + [(text[:place], text[place + 1 :], whole - shares[place]) for place in range(len(text))]


def _cosine_of_sums(ones: np.ndarray, others: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the cosine of `wanted` with the sum of each of `ones`, (n, d), and each of `others`, (m, d): (n, m)."""
    products = (ones @ wanted)[:, None] + others @ wanted
    squares = (ones**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) + 2 * ones @ others.T
    return products / np.sqrt(np.maximum(squares, 1e-9))


def _highest(values: np.ndarray, count: int) -> np.ndarray:
    """Return the places of the `count` highest values above minus infinity."""
    places = np.argpartition(-values, count)[:count] if len(values) > count else np.arange(len(values))
    return places[np.isfinite(values[places])]
