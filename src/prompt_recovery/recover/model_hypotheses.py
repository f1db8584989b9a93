"""Pairs of texts in, all that a model and its adapters answer to each out: by openings and samples, in one pass."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from prompt_recovery import config
from prompt_recovery.recover.batching import Encode, by_length, encoded, one_line
from prompt_recovery.recover.shots import Triple
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, READS_AS_NULL, check_frame


class Said(Protocol):
    """One answer to a question; `sample` 0 is greedy, `log_probability` the sum over its `tokens`."""

    text: str
    opening: str
    sample: int
    log_probability: float
    tokens: int


Answer = Callable[[Sequence[Sequence[int]], Sequence[str]], Sequence[Sequence[Said]]]


@dataclass(frozen=True)
class ModelHypotheses:
    """What was answered to the pairs.

    `table`: schema HYPOTHESES, kind "model", by adapter in the order of the pairs; `batches`: the number of the batch
    of each pair, by id in the order of the pairs; `dropped`: answers that were empty or that a CSV reader takes for
    null, by adapter.
    """

    table: pd.DataFrame
    batches: pd.Series
    dropped: dict[str, int]


def model_hypotheses(
    pairs: pd.DataFrame,
    *,
    encode: Encode,
    answerers: Iterable[tuple[str, Answer]],
    batch_size: int,
    shots: Sequence[Sequence[Triple]] | None = None,
) -> ModelHypotheses:
    """Ask every pair's question, in batches of like lengths, of each of `answerers`: (adapter, what answers a batch).

    `answerers` are taken one after the other, the own one under the name ""; each gets the questions and the ids of
    the pairs, and returns its answers to each. What they repeat is kept: the choice among them weighs it.
    """
    ids, keys = encoded(pairs, encode, shots), list(pairs["id"])
    rows, batches, dropped = [], {}, {}
    for adapter, answer in answerers:
        said: dict[int, Sequence[Said]] = {}
        title = f"answering by {adapter}" if adapter else "answering"
        for number, batch in by_length(ids, keys, batch_size, title=title):
            answers = answer([ids[row] for row in batch], [keys[row] for row in batch])
            said |= dict(zip(batch, answers, strict=True))
            batches |= dict.fromkeys(batch, number)
        own = [_values(keys[row], adapter, one) for row in range(len(keys)) for one in said[row]]
        kept = [values for values in own if values["rewrite_prompt"] not in READS_AS_NULL]
        dropped[adapter] = len(own) - len(kept)
        rows += kept
    table = pd.DataFrame(rows, columns=HYPOTHESES.names).astype({"sample": "int32", "tokens": "float64"})
    check_frame(table, HYPOTHESES, where="the model's answers", key=HYPOTHESIS_KEY)
    numbers = [batches[row] for row in range(len(keys))]
    return ModelHypotheses(table, pd.Series(numbers, index=keys, dtype="int32"), dropped)


def load_asking(
    run: config.RunConfig, *, trained: Path | None, adapters: Mapping[str, Path]
) -> Callable[..., ModelHypotheses]:
    """Load the run's model and each of `adapters` (run -> folder) once -> `ask(pairs, shots)`.

    It lets the run's model answer every pair by its [generation], then so with each of the adapters.
    `trained`: the folder of what the run's own method trained. Raises InputError for an adapter of another base.
    """
    from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import

    model = load_recoverer(run, trained)
    in_turn, last = [("", _answer_of(model, run))], model
    for name, folder in adapters.items():
        last = last.with_adapter(folder, run.base.model)
        in_turn.append((name, _answer_of(last, run)))
    options = {"encode": model.encode, "answerers": in_turn, "batch_size": run.generation.batch_size}
    return lambda pairs, shots=None: model_hypotheses(pairs, shots=shots, **options)


def greedy_answers(said: ModelHypotheses, constant: str) -> pd.DataFrame:
    """Return the greedy answers without an opening of the run's own model -> a frame of schema ANSWERS.

    They are what `recover_prompts` gives of the same model; one that was dropped becomes `constant`.
    """
    table = said.table
    own = table[(table["opening"] == "") & (table["adapter"] == "") & (table["sample"] == 0)]
    texts = own.set_index("id")["rewrite_prompt"].reindex(said.batches.index)
    return pd.DataFrame({
        "id": list(said.batches.index),
        "rewrite_prompt": list(texts.fillna(constant)),
        "answered_by": ["constant" if lost else "model" for lost in texts.isna()],
        "batch": said.batches.array,
    })  # fmt: skip


def _answer_of(model: Any, run: config.RunConfig) -> Answer:
    """Models with other adapters share their weights, so one is put in force for each batch."""
    return lambda prompts, keys: model.in_force().answer_variously(prompts, keys, run.generation, run.seed)


def _values(pair: str, adapter: str, said: Said) -> dict[str, Any]:
    return {
        "id": pair,
        "rewrite_prompt": one_line(said.text),
        "kind": "model",
        "opening": said.opening,
        "adapter": adapter,
        "sample": said.sample,
        "log_probability": said.log_probability,
        "tokens": said.tokens,
    }
