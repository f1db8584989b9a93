"""Training prompts and their weights in, one answer for all rows out, and how near it comes to what any could score."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.engines.piece_exchanges import Exchange
from prompt_recovery.errors import InputError
from prompt_recovery.places import TriplesFolder
from prompt_recovery.recover.constants.constant_bound import free_vector
from prompt_recovery.recover.constants.constant_finder import ConstantFinder, ScoredText, constant_finder
from prompt_recovery.recover.constants.constant_targets import Embed, Targets, unit_vectors
from prompt_recovery.recover.leaderboard.cluster_constants import ClusterConstants, fit_cluster_constants
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.vector_regressor import embedder_name
from prompt_recovery.tables import TRIPLES, TRUTH, read_table

_WEIGHTED = pa.schema([TRUTH.field("rewrite_prompt"), pa.field("weight", pa.float64(), nullable=False)])


@dataclass(frozen=True)
class HeldOut:
    """On prompts that took no part: the mean SCS of each, and which share of the way from `best_prompt` to `bound`.

    A share is null where the free vector is no better than the best prompt.
    """

    best_prompt: float
    bound: float
    clean: float
    clean_share: float | None
    leaderboard: float | None = None
    leaderboard_share: float | None = None


@dataclass(frozen=True)
class Constants:
    """The best text of each track that was searched, the best single prompt, and the free vector's score.

    `bound`: the mean SCS of a free vector at a maximum on the targets; no text that was found scores higher.
    """

    clean: ScoredText
    leaderboard: ScoredText | None
    best_prompt: ScoredText
    bound: float
    held_out: dict[str, HeldOut]
    embedder: str
    clusters: ClusterConstants | None = None


def find_constants(
    weight: Mapping[str, float],
    embed: Embed,
    *,
    limit: PieceLimit,
    settings: config.Constant,
    pieces: Sequence[str] | None = None,
    held_out: Mapping[str, Mapping[str, float]] | None = None,
    prompts: Sequence[str] = (),
    states: Path | None = None,
    quick: Embed | None = None,
    exchanges: Exchange | None = None,
    clusters: int = 0,
) -> Constants:
    """Search the constants of prompts with these weights; the leaderboard's only if `pieces` is given, even empty.

    `held_out`: by name, prompts with weights that the found texts are scored on. `prompts`: whose words and wordings
    are used, the most frequent first; else those of `weight`. `states`: a folder that searches stand in. `quick`: the
    embedder less exactly, for candidates. `exchanges`: what may stand for a piece, by the embedder's gradient.
    `clusters`: of the prompts, each with a constant of its own for the leaderboard, on which as many candidates are
    spent as on that of all.
    """
    ranked = prompts or sorted(weight, key=lambda prompt: (-weight[prompt], prompt))
    how = {"pieces": pieces, "quick": quick, "exchanges": exchanges}
    finder = constant_finder(ranked, embed, limit=limit, settings=settings, **how)
    targets = finder.targets(weight)
    clean = finder.find(targets, "clean", states=states)
    seeds = [clean.rewrite_prompt]
    leaderboard = None if pieces is None else finder.find(targets, "leaderboard", seeds=seeds, states=states)
    parted = None
    if leaderboard and clusters:
        each = partial(_cluster_constant, finder, settings.candidates // clusters)
        parted = fit_cluster_constants(weight, embed, each, clusters=clusters, seed=0)
    found = [finder.best_prompt(targets), clean, *([leaderboard] if leaderboard else [])]
    vectors = unit_vectors(embed, [one.rewrite_prompt for one in found])
    bound = free_vector(targets, vectors)
    others = {name: finder.targets(own) for name, own in (held_out or {}).items()}
    scored = {name: _held_out(own, np.vstack([bound.vector, vectors])) for name, own in others.items()}
    return Constants(clean, leaderboard, found[0], bound.train_score, scored, embedder_name(embed), parted)


def _cluster_constant(finder: ConstantFinder, candidates: int, weight: Mapping[str, float]) -> str:
    return finder.find(finder.targets(weight), "leaderboard", candidates=candidates).rewrite_prompt


def _held_out(targets: Targets, vectors: np.ndarray) -> HeldOut:
    bound, best, *texts = targets.scores(vectors).tolist()
    shares = [(one - best) / (bound - best) if bound > best else None for one in texts]
    return HeldOut(best, bound, *(value for pair in zip(texts, shares, strict=True) for value in pair))


def constants_of_run(
    run: config.RunConfig, triples: TriplesFolder, embed: Embedder, quick: Embedder, *, states: Path
) -> Constants:
    """Search the constants of a run on its training prompts, and score them on each split of its validation prompts.

    With `constant.weighting = "calibrated"` it is the validation prompts that are answered, with their weights by the
    board; then none are left to be held out. Raises InputError for triples that lack what the settings ask for.
    """
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    if run.constant.weighting == "calibrated":
        weight, held_out = _calibrated_weights(triples), {}
    else:
        weight = prompt_weights(train, run.constant.weighting)
        held_out = {split: prompt_weights(own) for split, own in valid.groupby("split")}
    return find_constants(
        weight,
        embed,
        limit=PieceLimit(embed.count_pieces, embed.max_pieces),
        settings=run.constant,
        pieces=embed.pieces() if run.constant.leaderboard else None,
        held_out=held_out,
        prompts=train["rewrite_prompt"].value_counts().index.tolist(),
        states=states,
        quick=quick,
        exchanges=embed.exchanges,
        clusters=run.leaderboard.clusters if run.leaderboard.cluster_constants else 0,
    )


def prompt_weights(triples: pd.DataFrame, weighting: Literal["rows", "families"] = "rows") -> dict[str, float]:
    """Return each prompt's share of the rows, or, with each family counting alike, of its family's rows."""
    share = pd.Series(1.0, triples.index)
    if weighting == "families":
        share /= triples["family"].map(triples["family"].value_counts())
    return (share.groupby(triples["rewrite_prompt"]).sum() / share.sum()).to_dict()


def constant_document(found: Constants) -> dict[str, Any]:
    """Return what constant.json holds; `rewrite_prompt`, the clean text, answers where nothing better is at hand."""
    return {"rewrite_prompt": found.clean.rewrite_prompt} | asdict(found) | {"bound": {"train_score": found.bound}}


def constants_table(found: Constants) -> str:
    """Return the found texts with their scores, a line each, for the terminal."""
    named = {"best prompt": found.best_prompt, "clean": found.clean, "leaderboard": found.leaderboard}
    lines = [f"{name:12} {one.train_score:.4f} {one.rewrite_prompt}" for name, one in named.items() if one]
    lines.append(f"{'free vector':12} {found.bound:.4f} (SCS on train, {found.embedder})")
    for split, held in found.held_out.items():
        told = [f"{key.replace('_', ' ')} {value:.3f}" for key, value in asdict(held).items() if value is not None]
        lines.append(f"{split}: {', '.join(told)}")
    return "\n".join(lines)


def _calibrated_weights(triples: TriplesFolder) -> dict[str, float]:
    if not triples.calibration.is_file():
        raise InputError(
            f'{triples.calibration}: not found, which constant.weighting = "calibrated" asks for. Give the data config '
            'a calibration.board and make the data again, or set constant.weighting = "rows".'
        )
    frame = read_table(triples.calibration, _WEIGHTED, key=("rewrite_prompt",))
    return dict(zip(frame["rewrite_prompt"], frame["weight"].tolist(), strict=True))
