"""Cleaned rows with the phrasing of their prompts in, those whose rewrite says what an earlier one says already out."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from prompt_recovery.data.cleaning.near_duplicates import near_duplicates_by_embedding
from prompt_recovery.data.cleaning.row_cleaning import CleanedRows
from prompt_recovery.data.splits.families import Embed


def alike_rewrites(
    rows: CleanedRows, asked: np.ndarray, phrasing: np.ndarray, embed: Embed, cosine: float
) -> np.ndarray:
    """Return those of the rows `asked` whose rewritten text has a cosine of `cosine` with an earlier row's.

    Only rows of one phrasing are compared: other prompts may well lead to alike texts.
    `asked`: sorted row numbers; `phrasing`: of each row, shape (n,). Memory: some 2 KB a row asked.
    """
    columns = (pq.read_table(file, columns=["rewritten_text"])["rewritten_text"] for file in rows.files)
    texts = np.concatenate([column.to_numpy() for column in columns])
    dropped = []
    for _, own in pd.Series(asked).groupby(phrasing[asked]):
        if len(own) > 1:
            first = near_duplicates_by_embedding(embed(texts[own]), cosine)
            dropped.append(own.to_numpy()[first != np.arange(len(own))])
    return np.concatenate([np.zeros(0, dtype=np.int64), *dropped])
