"""A submission.csv in, every fault that Kaggle's scorer would trip over out."""

from pathlib import Path

import pandas as pd

from prompt_recovery.errors import InputError
from prompt_recovery.tables import READS_AS_NULL, SUBMISSION, read_table


def check_submission(path: Path, ids: list[str]) -> pd.DataFrame:
    """Return the submission's rows. Raises InputError unless they are `ids` in their order, each with a real answer."""
    rows = read_table(path, SUBMISSION, key=("id",) if len(set(ids)) == len(ids) else ())
    if list(rows.columns) != SUBMISSION.names:
        raise InputError(f"{path}: expected the columns {SUBMISSION.names}, found {list(rows.columns)}.")
    if list(rows["id"]) != ids:
        differ = (row for row, (a, b) in enumerate(zip(rows["id"], ids, strict=False)) if a != b)
        row = next(differ, min(len(rows), len(ids)))
        raise InputError(
            f"{path}: expected the {len(ids)} ids of test.csv in order, found {len(rows)}, other from row {row}."
        )
    null = rows["rewrite_prompt"].str.strip().isin(READS_AS_NULL)
    if null.any():
        row = int(null.to_numpy().argmax())
        raise InputError(f"{path}: row {row}: {rows['rewrite_prompt'].iloc[row]!r} reads as null in the scorer.")
    return rows
