"""Prompts of unknown kind in, each with its family and phrasing out, as the project's own have by construction."""

from collections.abc import Callable, Sequence

import numpy as np

from prompt_recovery import config
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.splits.clustering import cluster_prompts, components, near_copies, nearest_rows
from prompt_recovery.data.texts.text_tidying import letters

Embed = Callable[[Sequence[str]], np.ndarray]


def name_families(
    texts: Sequence[str], known: Sequence[Prompt], embed: Embed, settings: config.Clustering
) -> list[Prompt]:
    """Return a prompt for each text: its family is its cluster, its phrasing what it shares with its near copies.

    A near copy of a known prompt has that one's family and phrasing; all others are clustered among themselves. A
    cluster is named by its most central prompt, a phrasing by its first one.
    `embed`: texts to unit vectors, shape (n, d). Time grows with the square of the number of texts.
    """
    vectors = embed(texts)
    nearest = np.full(len(texts), -1)
    if known and len(texts):
        rows, cosines = nearest_rows(vectors, embed([one.text for one in known]))
        nearest = np.where(cosines >= settings.near_copy_cosine, rows, -1)
    own = np.flatnonzero(nearest < 0)
    taken = {letters(name) for one in known for name in (one.family, one.phrasing)}
    named = _named_clusters([texts[row] for row in own], vectors[own], settings, taken) if len(own) else []
    prompts = dict(zip(own, named, strict=True))
    return [
        prompts[row] if row in prompts else Prompt(text, known[nearest[row]].family, known[nearest[row]].phrasing)
        for row, text in enumerate(texts)
    ]


def clustered_families(prompts: Sequence[Prompt], known: Sequence[Prompt]) -> set[str]:
    """Return the families that `name_families` made: none of the known ones."""
    return {prompt.family for prompt in prompts} - {prompt.family for prompt in known}


def crossing_copies(
    held_out: Sequence[Prompt], seen: Sequence[Prompt], clustered: set[str], embed: Embed, cosine: float
) -> list[tuple[Prompt, Prompt]]:
    """Return the held-out prompts that are near copies of a seen one, each with the nearest.

    A pair counts if one of the two is of a clustered family: where both families are known, a human told them apart,
    as "shorter" from "longer", which an embedder cannot.
    """
    pairs = []
    for ours, theirs in (
        ([one for one in held_out if one.family in clustered], seen),
        ([one for one in held_out if one.family not in clustered], [one for one in seen if one.family in clustered]),
    ):
        if ours and theirs:
            rows, cosines = nearest_rows(embed([one.text for one in ours]), embed([one.text for one in theirs]))
            pairs += [(ours[place], theirs[rows[place]]) for place in np.flatnonzero(cosines >= cosine)]
    return pairs


def _named_clusters(
    texts: Sequence[str], vectors: np.ndarray, settings: config.Clustering, taken: set[str]
) -> list[Prompt]:
    """Name clusters and phrasings by a prompt of theirs, made longer where that is a known name: "Formal", say."""
    labels = cluster_prompts(vectors, settings)
    phrasings = components(near_copies(vectors, settings.near_copy_cosine), len(texts))
    first = np.unique(phrasings, return_index=True)[1]
    central = _most_central(vectors, labels)
    rows = zip(texts, central[labels], first[phrasings], strict=True)
    names = [f"{text} (cluster)" if letters(text) in taken else text for text in texts]
    return [Prompt(text, names[family], names[phrasing]) for text, family, phrasing in rows]


def _most_central(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the row of each cluster that is nearest to the cluster's mean, shape (clusters,)."""
    means = np.zeros((labels.max() + 1, vectors.shape[1]))
    np.add.at(means, labels, vectors)
    nearness = np.einsum("nd,nd->n", vectors, means[labels])
    order = np.lexsort((-nearness, labels))
    return order[np.searchsorted(labels[order], np.arange(len(means)))]
