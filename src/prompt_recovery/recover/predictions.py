"""Pairs of texts and a run in, the predictions of all who answer them out: stage 3 as a whole."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import recovery_embedder
from prompt_recovery.engines.gpu import peak_gpu_bytes
from prompt_recovery.engines.language_model import resolve_device
from prompt_recovery.manifest import read_json
from prompt_recovery.places import RunFolder
from prompt_recovery.recover.answers import load_answering
from prompt_recovery.recover.decision import Decision, decide, decision_of, fit_decision
from prompt_recovery.recover.hypotheses import Gathered, gather
from prompt_recovery.recover.model_hypotheses import greedy_answers
from prompt_recovery.recover.sources import load_sources, training_triples


@dataclass(frozen=True, eq=False)
class Drawn:
    """What comes of the hypotheses of all pairs.

    `answers`: a frame by the name of who gives them; `variants`: those of the decision, of schema PREDICTIONS;
    `hypotheses`: of schema HYPOTHESES; `seconds`: by kind of hypothesis, and of deciding; `dropped`: the model's
    answers that were empty or null, by adapter.
    """

    answers: dict[str, pd.DataFrame]
    variants: pd.DataFrame
    hypotheses: pd.DataFrame
    seconds: dict[str, float]
    dropped: dict[str, int]


def fitted_decision(truth: pd.DataFrame, run: config.RunConfig, folder: RunFolder) -> tuple[Decision, Gathered]:
    """Gather the hypotheses of validation triples and fit on them how an answer is decided."""
    embed = recovery_embedder(run.embedder, str(resolve_device(run.device)))
    sources = load_sources(run, folder, embed.name)
    gathered = gather(truth, sources, embed, run)
    constants = {"leaderboard_constant": sources.leaderboard, "clusters": sources.clusters}
    return fit_decision(gathered, truth, embed, run, **constants), gathered


def load_drawing(run: config.RunConfig, folder: RunFolder, *, alone: bool = False) -> Callable[[pd.DataFrame], Drawn]:
    """Load once what gathers the hypotheses of pairs and decides as was fitted -> pairs to what comes of them.

    With `alone` only as the first track wants it, without the ablation's variants. The run's own model is asked once:
    what it says when nothing is forced is the answer of the run's method.
    """
    decision = decision_of(read_json(folder.choice, made_by=f"make choose RUN={run.name}"))
    if alone:
        first = run.recover.tracks[:1]
        decision = decision.alone(*first)
        run = run.model_copy(update={"recover": run.recover.model_copy(update={"tracks": first})})
    embed = recovery_embedder(run.embedder, str(resolve_device(run.device)))
    sources = load_sources(run, folder, embed.name)

    def draw(pairs: pd.DataFrame) -> Drawn:
        gathered, seconds = gather(pairs, sources, embed, run), {}
        with _timed(seconds, "deciding"):
            decided = decide(decision, gathered, embed)
        answers = {str(name): own for name, own in decided.groupby("method", sort=False)}
        variants = pd.concat([_labelled(own, name) for name, own in answers.items()], ignore_index=True)
        texts = {"id": list(pairs["id"]), "rewrite_prompt": gathered.decoded, "answered_by": "vector"}
        answers["vector"] = pd.DataFrame(texts)
        if gathered.said:
            answers[run.method] = greedy_answers(gathered.said, sources.constant)
        dropped = gathered.said.dropped if gathered.said else {}
        return Drawn(answers, variants, gathered.evidence.hypotheses, gathered.seconds | seconds, dropped)

    return draw


def predict(
    methods: Sequence[str], pairs: pd.DataFrame, run: config.RunConfig, folder: RunFolder, drawn: Drawn | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Answer every pair by each of `methods`: as drawn, else by a model or the constant.

    Returns a frame of schema PREDICTIONS and counts: who answered how many rows, the seconds of each method, in which
    its model was loaded too, and the most GPU memory held.
    """
    constant = read_json(folder.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
    trained, train = folder.trained(run.method), training_triples(run)
    answers, counts = [], {"seconds": {}}
    for method in methods:
        if drawn and method in drawn.answers:
            own = drawn.answers[method]
        else:
            with _timed(counts["seconds"], method):
                own = load_answering(method, run, trained=trained, constant=constant, train=train)(pairs)
        counts[method] = own["answered_by"].value_counts().to_dict()
        answers.append(_labelled(own, method))
    counts |= {"seconds_by_kind": drawn.seconds, "answers_dropped": drawn.dropped} if drawn else {}
    return pd.concat(answers, ignore_index=True), counts | {"peak_gpu_bytes": peak_gpu_bytes()}


def _labelled(answers: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the answers with all columns of PREDICTIONS; rows that no model answered are of one batch."""
    filled = {"batch": np.zeros(len(answers), dtype="int32"), "confidence": np.nan}
    return answers.assign(method=method, **{name: own for name, own in filled.items() if name not in answers})


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - started, 2)
