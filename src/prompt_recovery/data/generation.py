"""A data config in, planned tasks and the rewriter's replies to them out: all that is made here, and kept in shards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from prompt_recovery import config
from prompt_recovery.data.cleaning.near_duplicates import near_pairs, signatures
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.prompts.prompt_sources import collect_prompts
from prompt_recovery.data.rewriters.chat_models import Answer, ChatModels, load_answerer
from prompt_recovery.data.rewriters.cluster import cluster_answerer
from prompt_recovery.data.rewriters.rewriting import Task, load_rewriter, rewriter_identity
from prompt_recovery.data.rewriters.shards import in_turn, keep_in_shards, task_id
from prompt_recovery.data.rewriters.writing import writer_in_shards
from prompt_recovery.data.splits.clustering import components
from prompt_recovery.data.splits.families import Embed, name_families
from prompt_recovery.data.splits.splitting import PlannedTask, plan_splits
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.data.texts.text_sources import collect_originals
from prompt_recovery.engines.reply import Reply
from prompt_recovery.places import TriplesFolder


@dataclass(frozen=True)
class Generated:
    """Tasks and replies by id; the families that clustering made; what was dropped before there were tasks."""

    plan: dict[str, PlannedTask] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    clustered: frozenset[str] = frozenset()
    originals_dropped: dict[str, int] = field(default_factory=dict)
    prompts_dropped: dict[str, int] = field(default_factory=dict)


def generate(
    settings: config.DataConfig, folder: TriplesFolder, embed: Embed, *, retry_failures: bool = False
) -> Generated:
    """Collect originals and prompts, plan the splits, rewrite; nothing of it with rewriter.kind = "none".

    What a chat model has said is kept in the folder's `shards` (rewrites) and `written` (originals, variations of
    prompts), and is not asked for again. `embed` maps prompts to unit vectors, for those of unknown families.
    """
    if settings.rewriter.kind == "none":
        return Generated()
    models = ChatModels()
    answer = models.answerer(settings.writes_with)
    write = writer_in_shards(settings.writes_with, answer, folder.written, retry_failures=retry_failures)
    originals, originals_dropped = collect_originals(settings.originals, settings.seed, write)
    prompts, prompts_dropped = collect_prompts(settings.prompts, settings.seed, write)
    prompts, clustered = with_families(prompts, embed, settings.clustering)
    plan = plan_tasks(settings, with_joint_groups(originals, settings.duplicates.threshold), prompts)
    tasks = {key: planned.task for key, planned in plan.items()}
    replies = rewrite(tasks, settings, folder.shards, retry_failures=retry_failures, load=models.answerer)
    return Generated(plan, replies, clustered, originals_dropped, prompts_dropped)


def plan_tasks(
    settings: config.DataConfig, originals: Sequence[Original], prompts: Sequence[Prompt]
) -> dict[str, PlannedTask]:
    """Plan the tasks of every split, by id."""
    identity = rewriter_identity(settings.rewriter, settings.seed)
    plan = plan_splits(originals, prompts, settings.split, settings.seed)
    return {task_id(planned.task, identity): planned for planned in plan}


def rewrite(
    tasks: dict[str, Task],
    settings: config.DataConfig,
    shards: Path,
    *,
    retry_failures: bool = False,
    load: Callable[[config.Rewriter], Answer] = load_answerer,
) -> dict[str, Reply]:
    """Return the reply to every task, by id: of this machine's rewriter, or of Ray workers with a section [cluster].

    Both keep the same shards: what one has begun the other finishes. `load` gives this machine's chat model.
    """
    rows = settings.rewriter.rows_per_shard
    if settings.cluster:
        answers = cluster_answerer(settings)
    else:
        answers = in_turn(load_rewriter(settings.rewriter, settings.seed, load), rows)
    return keep_in_shards(tasks, answers, folder=shards, rows_per_shard=rows, retry_failures=retry_failures)


def with_families(
    prompts: Sequence[Prompt], embed: Embed, settings: config.Clustering
) -> tuple[list[Prompt], frozenset[str]]:
    """Return the prompts, those without a family (a user's) now with one, and the families that were made for them."""
    known = [prompt for prompt in prompts if prompt.family]
    unknown = [prompt for prompt in prompts if not prompt.family]
    if not unknown:
        return list(prompts), frozenset()
    named = name_families([prompt.text for prompt in unknown], known, embed, settings)
    found = [replace(one, weight=prompt.weight) for one, prompt in zip(named, unknown, strict=True)]
    return known + found, frozenset({one.family for one in found} - {one.family for one in known})


def with_joint_groups(originals: Sequence[Original], threshold: float) -> list[Original]:
    """Return the originals, those that are near copies, and all in their groups, now of one group: the first's."""
    groups: dict[str, int] = {}
    for original in originals:
        groups.setdefault(original.group, len(groups))
    number = [groups[original.group] for original in originals]
    pairs = near_pairs(signatures(original.text for original in originals), threshold)
    joint = components([[number[row], number[copy]] for row, copy in pairs.tolist()], len(groups))
    first: dict[int, str] = {}
    for group, place in groups.items():
        first.setdefault(joint[place], group)
    return [replace(original, group=first[joint[place]]) for original, place in zip(originals, number, strict=True)]
