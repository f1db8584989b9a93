"""Originals, prompts and a rewriter in, clean and split triples out: stage 1."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.cleaning.filters import Cleaned, clean
from prompt_recovery.data.originals import Original
from prompt_recovery.data.prompts import Prompt
from prompt_recovery.data.rewriting import Task, rewriter_identity
from prompt_recovery.data.shards import task_id
from prompt_recovery.data.splitting import PlannedTask, find_leaks, plan_splits
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Triples:
    """The frames of train, valid and test (schema TRIPLES), and how many rows were kept, mended and dropped."""

    parts: dict[str, pd.DataFrame]
    counts: dict[str, object]


def make_triples(
    settings: config.DataConfig,
    originals: Sequence[Original],
    prompts: Sequence[Prompt],
    rewrite: Callable[[dict[str, Task]], dict[str, Reply]],
) -> Triples:
    """Plan the splits, rewrite, clean, and prove that nothing leaks. `rewrite` gives the reply to each task, by id.

    Raises InputError when more than `cleaning.max_dropped_share` of the rows is dropped, or when a split leaks.
    """
    identity = rewriter_identity(settings.rewriter, settings.seed)
    plan = {task_id(one.task, identity): one for one in plan_splits(originals, prompts, settings.split, settings.seed)}
    replies = rewrite({key: planned.task for key, planned in plan.items()})
    rows, dropped, changed = [], Counter(), Counter()
    for key, planned in plan.items():
        cleaned = _cleaned(planned, replies[key], settings.cleaning)
        if cleaned.reason:
            dropped[cleaned.reason] += 1
        else:
            changed.update(cleaned.changed_by)
            rows.append(_row(key, planned, cleaned.rewritten_text, settings.rewriter.name))
    _refuse_heavy_loss(dropped, len(plan), settings.cleaning.max_dropped_share)
    triples = _without_orphans(pd.DataFrame(rows), dropped)
    leaks = find_leaks(triples, triples["part"])
    if leaks:
        raise InputError("the splits leak:" + "".join(f"\n  {leak}" for leak in leaks))
    return Triples(
        {part: triples[triples["part"] == part].drop(columns="part").reset_index(drop=True) for part in PARTS},
        _counts(triples, dropped, changed),
    )


def _cleaned(planned: PlannedTask, reply: Reply, settings: config.Cleaning) -> Cleaned:
    original, prompt = planned.task
    if reply.failure:
        return Cleaned("", f"failed: {reply.failure}")
    return clean(original.text, prompt.text, reply.text, settings)


def _row(key: str, planned: PlannedTask, rewritten_text: str, rewriter: str) -> dict[str, str]:
    original, prompt = planned.task
    return {
        "id": key,
        "original_text": original.text,
        "rewrite_prompt": prompt.text,
        "rewritten_text": rewritten_text,
        "family": prompt.family,
        "phrasing": prompt.phrasing,
        "original_source": original.source,
        "original_group": original.group,
        "rewriter": rewriter,
        "split": planned.split,
        "part": planned.part,
    }


def _refuse_heavy_loss(dropped: Counter, rows: int, max_share: float) -> None:
    if dropped.total() > max_share * rows:
        raise InputError(
            f"{dropped.total()} of {rows} rewrites were dropped ({dict(dropped)}), more than "
            f"cleaning.max_dropped_share = {max_share}. Look at the rewriter, or raise the share."
        )


def _without_orphans(triples: pd.DataFrame, dropped: Counter) -> pd.DataFrame:
    """Drop, and count, S0 rows whose prompt lost all its training rows to the cleaning."""
    seen = set(triples.loc[triples["part"] == "train", "rewrite_prompt"])
    orphan = (triples["split"] == "S0") & ~triples["rewrite_prompt"].isin(seen)
    if orphan.any():
        dropped["prompt_left_training"] += int(orphan.sum())
    return triples[~orphan]


def _counts(triples: pd.DataFrame, dropped: Counter, changed: Counter) -> dict[str, object]:
    kept = triples.groupby(["part", "split"]).size()
    return {
        "kept": {f"{part} {split}" if part != split else part: int(rows) for (part, split), rows in kept.items()},
        "dropped": dict(dropped),
        "changed": dict(changed),
        "distinct": {
            column: int(triples[column].nunique())
            for column in ("original_text", "original_group", "rewrite_prompt", "phrasing", "family")
        },
    }
