"""Pairs of texts in, their questions in batches of like lengths out: one way for all that a model answers."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
from tqdm import tqdm

from prompt_recovery.recover.shots import Triple

Encode = Callable[[str, str, Sequence[Triple]], list[int]]


def encoded(pairs: pd.DataFrame, encode: Encode, shots: Sequence[Sequence[Triple]] | None) -> list[list[int]]:
    """Return the token ids of each pair's question, with the pair's shots where there are any."""
    shots = shots or [()] * len(pairs)
    return [encode(*row) for row in zip(pairs["original_text"], pairs["rewritten_text"], shots, strict=True)]


def by_length(
    ids: Sequence[Sequence[int]], keys: Sequence[str], batch_size: int, *, title: str
) -> Iterator[tuple[int, list[int]]]:
    """Yield batches as (number, row numbers), longest rows first, and draw a bar of the rows that were dealt with.

    Memory runs out at once or never; the order of the rows plays no part, for `keys` part rows of one length.
    """
    order = sorted(range(len(ids)), key=lambda row: (-len(ids[row]), keys[row]))
    with tqdm(total=len(ids), desc=title, unit="row") as bar:
        for number, start in enumerate(range(0, len(order), batch_size)):
            batch = order[start : start + batch_size]
            yield number, batch
            bar.update(len(batch))


def one_line(text: str) -> str:
    return " ".join(text.split())
