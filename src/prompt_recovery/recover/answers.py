"""Pairs of texts in, one rewrite prompt a pair out: stage 3, the same in the score and in the notebook."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.tables import READS_AS_NULL

Encode = Callable[[str, str], list[int]]
Generate = Callable[[Sequence[Sequence[int]]], list[str]]


def answers_by(
    method: str, pairs: pd.DataFrame, run: config.RunConfig, *, adapter: Path, constant: str
) -> pd.DataFrame:
    """Answer every pair by `constant`, a run's bare `base`, or its `adapter` -> a frame of schema ANSWERS."""
    if method == "constant":
        return constant_answers(pairs, constant)
    from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import

    model = load_recoverer(run, adapter if method == "adapter" else None)
    return recover_prompts(
        pairs, encode=model.encode, generate=model.generate, constant=constant, batch_size=run.generation.batch_size
    )


def recover_prompts(
    pairs: pd.DataFrame, *, encode: Encode, generate: Generate, constant: str, batch_size: int
) -> pd.DataFrame:
    """Answer every pair -> a frame of schema ANSWERS in the order of `pairs`.

    `encode` makes token ids of (original_text, rewritten_text), `generate` answers one batch of them.
    An answer that is empty, or that a CSV reader takes for null, becomes `constant`; `answered_by` says `model` or
    `constant`, `batch` which rows went together.
    """
    ids = [encode(*texts) for texts in zip(pairs["original_text"], pairs["rewritten_text"], strict=True)]
    answers: dict[int, tuple[str, int]] = {}
    with tqdm(total=len(pairs), desc="recovering", unit="row") as bar:
        for number, batch in enumerate(_by_length(ids, list(pairs["id"]), batch_size)):
            texts = generate([ids[row] for row in batch])
            answers |= {row: (_one_line(text), number) for row, text in zip(batch, texts, strict=True)}
            bar.update(len(batch))
    said = [answers[row] for row in range(len(pairs))]
    spoken = [text not in READS_AS_NULL for text, _ in said]
    return pd.DataFrame(
        {
            "id": list(pairs["id"]),
            "rewrite_prompt": [text if own else constant for (text, _), own in zip(said, spoken, strict=True)],
            "answered_by": ["model" if own else "constant" for own in spoken],
            "batch": pd.array([number for _, number in said], dtype="int32"),
        }
    )


def constant_answers(pairs: pd.DataFrame, constant: str) -> pd.DataFrame:
    """Answer every pair with `constant` -> a frame of schema ANSWERS."""
    return pd.DataFrame({"id": list(pairs["id"]), "rewrite_prompt": constant, "answered_by": "constant"}).assign(
        batch=pd.array([0] * len(pairs), dtype="int32")
    )


def _by_length(ids: Sequence[Sequence[int]], keys: Sequence[str], batch_size: int) -> Iterator[list[int]]:
    """Yield row numbers, longest rows first (memory runs out at once or never); the order of the rows plays no part."""
    order = sorted(range(len(ids)), key=lambda row: (-len(ids[row]), keys[row]))
    return (order[start : start + batch_size] for start in range(0, len(order), batch_size))


def _one_line(text: str) -> str:
    return " ".join(text.split())
