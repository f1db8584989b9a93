"""A data config in, planned tasks and the rewriter's replies to them out: all that is made here, and kept in shards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.data.originals import Original
from prompt_recovery.data.prompt_grammar import project_prompts
from prompt_recovery.data.prompts import Prompt
from prompt_recovery.data.rewriting import load_rewriter, rewriter_identity
from prompt_recovery.data.shards import rewrite_in_shards, task_id
from prompt_recovery.data.splitting import PlannedTask, plan_splits
from prompt_recovery.data.text_sources import collect_originals
from prompt_recovery.engines.reply import Reply


@dataclass(frozen=True)
class Generated:
    """Tasks and replies by id, and what was dropped before there were tasks, by reason."""

    plan: dict[str, PlannedTask] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    originals_dropped: dict[str, int] = field(default_factory=dict)


def generate(settings: config.DataConfig, *, shards: Path, retry_failures: bool = False) -> Generated:
    """Collect originals and prompts, plan the splits, rewrite what no shard holds; nothing at kind "none"."""
    if settings.rewriter.kind == "none":
        return Generated()
    originals, dropped = collect_originals(settings.originals, settings.seed)
    plan = plan_tasks(settings, originals, project_prompts(settings.prompts))
    rewrite = load_rewriter(settings.rewriter, settings.seed)
    replies = rewrite_in_shards(
        {key: planned.task for key, planned in plan.items()},
        rewrite=rewrite,
        folder=shards,
        rows_per_shard=settings.rewriter.rows_per_shard,
        retry_failures=retry_failures,
    )
    return Generated(plan, replies, dropped)


def plan_tasks(
    settings: config.DataConfig, originals: Sequence[Original], prompts: Sequence[Prompt]
) -> dict[str, PlannedTask]:
    """Plan the tasks of every split, by id."""
    identity = rewriter_identity(settings.rewriter, settings.seed)
    plan = plan_splits(originals, prompts, settings.split, settings.seed)
    return {task_id(planned.task, identity): planned for planned in plan}
