"""Pairs of texts in, one rewrite prompt a pair out: stage 3, the same in the score and in the notebook."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.methods import METHODS
from prompt_recovery.recover.batching import Encode, by_length, encoded, one_line
from prompt_recovery.recover.shots import Triple, fixed_shots, nearest_shots
from prompt_recovery.tables import READS_AS_NULL

Generate = Callable[[Sequence[Sequence[int]]], list[str]]
Answering = Callable[[pd.DataFrame], pd.DataFrame]  # schema PAIRS to schema ANSWERS, in their order


def load_answering(
    method: str,
    run: config.RunConfig,
    *,
    trained: Path | None,
    constant: str,
    train: pd.DataFrame | None = None,
) -> Answering:
    """Load once what answers by `constant`, the run's bare `base`, or the run's own method -> pairs to ANSWERS.

    `trained`: the folder of what the method trained; `train`: the triples, where they stand in its conversations.
    """
    if method == "constant":
        return partial(constant_answers, constant=constant)
    own = method == run.method
    shots = partial(shots_for, run=run, train=train) if own else lambda pairs: None
    if own and not METHODS[method].needs_base:
        return lambda pairs: neighbour_answers(pairs, shots(pairs), constant)
    from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import

    model = load_recoverer(run, trained if own else None)
    asked = {"encode": model.encode, "generate": model.generate}
    options = asked | {"constant": constant, "batch_size": run.generation.batch_size}
    return lambda pairs: recover_prompts(pairs, shots=shots(pairs), **options)


def shots_for(
    pairs: pd.DataFrame, run: config.RunConfig, train: pd.DataFrame | None
) -> Sequence[Sequence[Triple]] | None:
    """Return the triples before each pair's question, or None for a method without."""
    kind = METHODS[run.method].shots
    if kind == "none":
        return None
    if kind == "fixed":
        return [fixed_shots(train, run.prompting.shots, run.seed)] * len(pairs)
    from prompt_recovery.engines.embedder import recovery_embedder  # seconds to import
    from prompt_recovery.engines.language_model import resolve_device

    embedder = recovery_embedder(run.embedder, str(resolve_device(run.device)))
    settings = run.prompting if METHODS[run.method].needs_base else run.prompting.model_copy(update={"shots": 1})
    return nearest_shots(train, pairs, embedder, settings, run.seed)


def recover_prompts(
    pairs: pd.DataFrame,
    *,
    encode: Encode,
    generate: Generate,
    constant: str,
    batch_size: int,
    shots: Sequence[Sequence[Triple]] | None = None,
) -> pd.DataFrame:
    """Answer every pair -> a frame of schema ANSWERS in the order of `pairs`.

    `encode` makes token ids of (original_text, rewritten_text, the pair's shots), `generate` answers one batch of them.
    An answer that is empty, or that a CSV reader takes for null, becomes `constant`; `answered_by` says `model` or
    `constant`, `batch` which rows went together.
    """
    ids = encoded(pairs, encode, shots)
    answers: dict[int, tuple[str, int]] = {}
    for number, batch in by_length(ids, list(pairs["id"]), batch_size, title="recovering"):
        texts = generate([ids[row] for row in batch])
        answers |= {row: (one_line(text), number) for row, text in zip(batch, texts, strict=True)}
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


def neighbour_answers(pairs: pd.DataFrame, shots: Sequence[Sequence[Triple]], constant: str) -> pd.DataFrame:
    """Answer every pair with the prompt of its last shot, which is the nearest -> a frame of schema ANSWERS.

    A prompt that a CSV reader takes for null becomes `constant`; `answered_by` says `neighbour` or `constant`.
    """
    prompts = [one_line(own[-1][2]) for own in shots]
    spoken = [prompt not in READS_AS_NULL for prompt in prompts]
    return constant_answers(pairs, constant).assign(
        rewrite_prompt=[prompt if own else constant for prompt, own in zip(prompts, spoken, strict=True)],
        answered_by=["neighbour" if own else "constant" for own in spoken],
    )


def constant_answers(pairs: pd.DataFrame, constant: str) -> pd.DataFrame:
    """Answer every pair with `constant` -> a frame of schema ANSWERS."""
    return pd.DataFrame({"id": list(pairs["id"]), "rewrite_prompt": constant, "answered_by": "constant"}).assign(
        batch=pd.array([0] * len(pairs), dtype="int32")
    )
