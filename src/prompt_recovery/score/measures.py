"""Scored rows in, what is reported beside SCS out: shared words, recall, skill, confidence, a second embedder."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.score.confidence import confident_rows, risk_coverage, spearman
from prompt_recovery.score.intervals import cluster_bootstrap
from prompt_recovery.score.retrieval_metrics import RECALL_AT, draw_bank, ranks_in_bank
from prompt_recovery.score.scoring import Embed, score_rows, summarise
from prompt_recovery.score.skill import best_hypothesis_scores, nearest_prompt_scores, same_family_scores, skill
from prompt_recovery.score.text_metrics import exact_match, rouge_l, token_f1

WORD_MEASURES: dict[str, Callable[[str, str], float]] = {
    "rouge_l": rouge_l,
    "token_f1": token_f1,
    "exact_match": exact_match,
}
RECALLS = tuple(f"recall@{k}" for k in RECALL_AT)
CEILINGS = ("nearest training prompt", "another of the family", "best hypothesis")
FLOOR = "constant"  # the method whose scores are the floor


@dataclass(frozen=True)
class Known:
    """What else is known of the rows; what is None gives no ceiling.

    `training`: the triples that training saw, with `rewrite_prompt` and `family`; `hypotheses`: what the answers were
    chosen among, with `id` and `rewrite_prompt`.
    """

    training: pd.DataFrame | None = None
    hypotheses: pd.DataFrame | None = None


def measure(
    rows: pd.DataFrame,
    embed: Embed,
    settings: config.Score,
    known: Known = Known(),
    *,
    second: Embedder | None = None,
    seed: int = 0,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Measure scored rows -> the rows with a column a measure, and what score.json holds under `measures`.

    `rows`: as `score_predictions` returns them; `embed`: the embedder that scored them, best one that remembers.
    """
    bank = draw_bank(_prompts(rows, known), settings.bank_prompts, seed=seed)
    rows = _with_words(rows)
    vectors = [embed(list(texts)) for texts in (rows["rewrite_prompt"], rows["true_prompt"], bank.prompts)]
    rows = rows.assign(rank=ranks_in_bank(*vectors, bank.places(list(rows["true_prompt"]))).astype(float))
    rows = _with_ceilings(rows, vectors[1], embed, known, settings, seed)
    document = {
        "bank": len(bank),
        "means": _means(rows, settings),
        "skills": _skills(rows, settings),
        "confidence": _confidence(rows),
        "second": None,
    }
    if second:
        rows = rows.assign(second_score=score_rows(rows, second)["score"])
        scores = summarise(rows.assign(score=rows["second_score"]), settings)
        document["second"] = {"embedder": second.name, "confidence": settings.confidence}
        document["second"]["scores"] = [asdict(score) for score in scores]
    return rows, document


def _prompts(rows: pd.DataFrame, known: Known) -> set[str]:
    training = set() if known.training is None else set(known.training["rewrite_prompt"])
    return set(rows["true_prompt"]) | training


def _with_words(rows: pd.DataFrame) -> pd.DataFrame:
    pairs = list(zip(rows["true_prompt"], rows["rewrite_prompt"], strict=True))
    return rows.assign(**{name: [one(*pair) for pair in pairs] for name, one in WORD_MEASURES.items()})


def _with_ceilings(
    rows: pd.DataFrame, truths: np.ndarray, embed: Embed, known: Known, settings: config.Score, seed: int
) -> pd.DataFrame:
    """Add the floor and the ceilings that are known, NaN for the others."""
    ceilings = dict.fromkeys(CEILINGS, np.full(len(rows), np.nan))
    gold = rows[["true_prompt", "family"]].rename(columns={"true_prompt": "rewrite_prompt"})
    if known.training is not None:
        prompts = sorted(set(known.training["rewrite_prompt"]))
        drawn = np.random.default_rng(seed).permutation(len(prompts))[: settings.oracle_prompts]
        ceilings[CEILINGS[0]] = nearest_prompt_scores(truths, embed([prompts[number] for number in sorted(drawn)]))
        gold = pd.concat([gold, known.training[["rewrite_prompt", "family"]]]) if "family" in known.training else gold
    ceilings[CEILINGS[1]] = same_family_scores(rows, gold, embed)
    if known.hypotheses is not None:
        ceilings[CEILINGS[2]] = best_hypothesis_scores(rows, known.hypotheses, embed)
    floor = rows[rows["method"] == FLOOR].set_index("id")["score"]
    return rows.assign(floor=rows["id"].map(floor).astype(float), **ceilings)


def _means(rows: pd.DataFrame, settings: config.Score) -> list[dict[str, Any]]:
    recalls = {name: (rows["rank"] <= k).astype(float) for name, k in zip(RECALLS, RECALL_AT, strict=True)}
    found = []
    for method, split, own in _parts(rows.assign(**recalls)):
        for name in (*WORD_MEASURES, *RECALLS):
            values, families = own[name].to_numpy(), own["family"].tolist()
            options = {"confidence": settings.confidence, "samples": settings.bootstrap_samples}
            low, high = cluster_bootstrap(values, families, **options)
            key = {"measure": name, "method": method, "split": split, "rows": len(own)}
            found.append(key | {"mean": float(values.mean()), "low": low, "high": high})
    return found


def _skills(rows: pd.DataFrame, settings: config.Score) -> list[dict[str, Any]]:
    """Return the skill of each method but the floor's own, by split and ceiling; none without a floor."""
    found = []
    for method, split, own in _parts(rows[rows["floor"].notna() & (rows["method"] != FLOOR)]):
        for ceiling in CEILINGS:
            columns = [own[name].to_numpy() for name in ("score", "floor", ceiling)]
            options = {"confidence": settings.confidence, "samples": settings.bootstrap_samples}
            one = skill(*columns, own["family"].tolist(), **options)
            key = {"method": method, "split": split, "ceiling_name": ceiling}
            found += [key | asdict(one)] if one else []
    return found


def _confidence(rows: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for method, split, own in _parts(confident_rows(rows)):
        confidence, scores = own["confidence"].to_numpy(dtype=float), own["score"].to_numpy()
        curve = risk_coverage(confidence, scores)
        areas = {name: getattr(curve, name) for name in ("area", "best_area", "random_area", "gain")}
        key = {"method": method, "split": split, "rows": len(own), "spearman": spearman(confidence, scores)}
        found.append(key | areas)
    return found


def _parts(rows: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """Return the rows of each split and method, splits in order, methods as they came."""
    methods, splits = list(dict.fromkeys(rows["method"])), sorted(rows["split"].unique())
    both = [(m, s, rows[(rows["method"] == m) & (rows["split"] == s)]) for s in splits for m in methods]
    return [(method, split, own) for method, split, own in both if len(own)]
