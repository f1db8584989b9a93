"""Pairs of texts in, all that a model answers to them out: by every opening, greedily and by samples."""

from collections.abc import Callable, Sequence

import pandas as pd
from tqdm import tqdm

from prompt_recovery.engines.sampling import Answer
from prompt_recovery.recover.answers import Encode, constant_answers, encoded, like_lengths
from prompt_recovery.recover.shots import Triple
from prompt_recovery.tables import HYPOTHESES

AnswerAll = Callable[[Sequence[Sequence[int]], Sequence[str]], list[list[Answer]]]


def model_hypotheses(
    pairs: pd.DataFrame,
    *,
    encode: Encode,
    answer: AnswerAll,
    batch_size: int,
    adapter: str = "",
    shots: Sequence[Sequence[Triple]] | None = None,
) -> pd.DataFrame:
    """Return what is answered to every pair -> a frame of schema HYPOTHESES, kind `model`.

    `answer` takes the encoded questions of a batch and their ids, and gives each one's answers. An answer may be empty.
    """
    ids, keys, rows = encoded(pairs, encode, shots), list(pairs["id"]), []
    with tqdm(total=len(pairs), desc=f"answers{f' of {adapter}' if adapter else ''}", unit="row") as bar:
        for batch in like_lengths(ids, keys, batch_size):
            given = [keys[row] for row in batch]
            for key, answers in zip(given, answer([ids[row] for row in batch], given), strict=True):
                rows += [_row(key, adapter, one) for one in answers]
            bar.update(len(batch))
    return pd.DataFrame(rows, columns=HYPOTHESES.names).astype({"sample": "int32"})


def greedy_answers(hypotheses: pd.DataFrame, pairs: pd.DataFrame, constant: str) -> pd.DataFrame:
    """Return what the run's own adapter says to each pair when nothing is forced -> a frame of schema ANSWERS.

    `constant` answers where that is missing: it was empty, or a CSV reader takes it for null.
    """
    own = hypotheses.query("kind == 'model' and opening == '' and adapter == '' and sample == 0")
    said = pairs["id"].map(own.set_index("id")["rewrite_prompt"])
    answers = constant_answers(pairs, constant)
    return answers.assign(
        rewrite_prompt=said.fillna(constant).to_numpy(),
        answered_by=said.map(lambda text: "model", na_action="ignore").fillna("constant").to_numpy(),
    )


def _row(key: str, adapter: str, one: Answer) -> tuple:
    text = " ".join(one.text.split())
    return key, text, "model", one.opening, adapter, one.sample, one.log_probability, float(one.tokens)
