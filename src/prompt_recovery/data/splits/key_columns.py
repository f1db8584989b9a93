"""Columns of what is kept of cleaned rows in; their values, numbers and marks as arrays, one a row, out."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from prompt_recovery.data.texts.text_tidying import letters
from prompt_recovery.errors import InputError

_NAMED = 10  # rewriters in a message


def values_of(column: pa.ChunkedArray) -> np.ndarray:
    """Return an array of one object a distinct text: a million rows have few families."""
    encoded = column.combine_chunks().dictionary_encode()
    values = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    return values[encoded.indices.fill_null(len(values) - 1).to_numpy()]


def numbered(prompts: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Return the number of each row's prompt, the same for all that have its letters, and the first text of each."""
    encoded = prompts.combine_chunks().dictionary_encode()
    number: dict[str, int] = {}
    numbers, texts = [], []
    for text in encoded.dictionary.to_pylist():
        numbers.append(number.setdefault(letters(text) or text, len(number)))
        if len(texts) < len(number):
            texts.append(text)
    return np.array(numbers, dtype=np.int64)[encoded.indices.to_numpy()], texts


def repeated(ids: pa.ChunkedArray) -> np.ndarray:
    """Return which rows have the id of an earlier one, bools, shape (n,): of equal rows signatures may miss a pair."""
    number = ids.combine_chunks().dictionary_encode().indices.to_numpy()
    repeated = np.ones(len(number), dtype=bool)
    repeated[np.unique(number, return_index=True)[1]] = False
    return repeated


def held_out(rewriters: pa.ChunkedArray, names: Sequence[str]) -> np.ndarray:
    """Return which rows are of one of these rewriters, whatever the case, bools, shape (n,).

    Raises InputError for a name that no row has.
    """
    encoded = rewriters.combine_chunks().dictionary_encode()
    found = encoded.dictionary.to_pylist()
    spelt = [letters(one) or one for one in found]
    wanted = [letters(name) or name for name in names]
    missing = [name for name, own in zip(names, wanted, strict=True) if own not in spelt]
    if missing:
        raise InputError(
            f"split.held_out_rewriters: no row that is left is of {', '.join(missing)}; found: "
            f"{', '.join(sorted(found)[:_NAMED])}. Name one of these."
        )
    return np.isin(spelt, wanted)[encoded.indices.to_numpy()]
