"""The rows of test.csv as they stand in, pairs that every part of the pipeline can read out."""

from collections.abc import Mapping, Sequence

import pandas as pd

from prompt_recovery.tables import PAIRS


def pairs_of(rows: Sequence[Mapping[str, str | None]]) -> tuple[pd.DataFrame, list[str]]:
    """Return a frame of schema PAIRS, a row each in their order, and what was odd about the rows, in words.

    A text that is not there is empty. Ids that repeat are no names for rows: then each row's number is its id, so that
    the answers are told apart; the ids of test.csv stay in the submission.
    """
    frame = pd.DataFrame([{name: row.get(name) or "" for name in PAIRS.names} for row in rows], columns=PAIRS.names)
    missing = {name: int((frame[name] == "").sum()) for name in PAIRS.names[1:]}
    odd = [f"test.csv: {count} rows have no {name}" for name, count in missing.items() if count]
    if frame["id"].duplicated().any():
        odd.append(f"test.csv: {int(frame['id'].duplicated().sum())} ids occur before in it")
        frame = frame.assign(id=[str(number) for number in range(len(frame))])
    return frame, odd
