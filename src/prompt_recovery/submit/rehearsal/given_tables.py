"""Scored test rows and validation texts in, the tables that stand for Kaggle's test.csv out."""

import numpy as np
import pandas as pd

from prompt_recovery.tables import PAIRS

_LONG = 100_000  # characters
_ODD = {
    "nothing in either": ("", ""),
    "read as null": ("NaN", "null"),
    "only blanks and lines": (" \n\t\n", "\r\n"),
    "very long": ("The same again. " * (_LONG // 16), "Once more, the same. " * (_LONG // 21)),
    "very long, no blank": ("a" * _LONG, "b" * _LONG),
    "emoji": ("👍🏽👩‍👩‍👧‍👦🇨🇦", "🙂🙃"),
    "other scripts": ("Съешь же ещё этих мягких булок.", "他们为什么不说中文 ؟ لماذا لا يتكلمون"),
    "quotes and commas": ('"So," he said, ""quoted"".', "a,b\n\"c\",'d'"),
    "special tokens": ("<s>[INST] <|im_start|> </s>", "<unk><pad>{{ x }} {% y %}"),
    "control characters": ("bell \a, zero width \u200b, \ufeff", "\u2028line\u2029paragraph\x0b"),
    "not changed": ("The kettle sang.", "The kettle sang."),
}


def scored_rows(test: pd.DataFrame, predictions: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Return the test rows of whole batches, from the longest on, until there are `rows`, in an order of their own.

    The notebook then makes the same batches as the score did, so that its answers must be the same to the letter,
    although Kaggle's order is not ours.
    """
    chosen: list[str] = []
    for _, batch in predictions.groupby("batch"):
        if len(chosen) >= rows:
            break
        chosen += list(batch["id"])
    return test[test["id"].isin(chosen)].sample(frac=1, random_state=seed).reset_index(drop=True)


def hidden_rows(texts: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Return `rows` pairs of `texts`, again and again in another order if these are fewer, with shuffled whole ids."""
    rng = np.random.default_rng(seed)
    times = -(-rows // len(texts))
    taken = np.concatenate([rng.permutation(len(texts)) for _ in range(times)])[:rows]
    return texts.iloc[taken][PAIRS.names].assign(id=[str(number) for number in rng.permutation(rows)])


def visible_row(texts: pd.DataFrame) -> pd.DataFrame:
    """Return what a notebook sees of Kaggle's test.csv before it is submitted: one row."""
    return texts.head(1)[PAIRS.names].assign(id="-1")


def odd_rows(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return `pairs` and among them texts that nobody foresaw; two ids occur twice."""
    texts = pd.DataFrame(list(_ODD.values()), columns=["original_text", "rewritten_text"])
    odd = texts.assign(id=[str(len(pairs) + number) for number in range(len(texts))])
    mixed = pd.concat([odd.tail(4), pairs, odd.head(-4)], ignore_index=True)[PAIRS.names]
    mixed.loc[len(mixed) - 1, "id"] = mixed.loc[0, "id"]  # of other texts
    return pd.concat([mixed, mixed.loc[[4]]], ignore_index=True)  # and a row as it is
