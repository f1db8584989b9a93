"""Recover hidden prompt distributions from the scores of 16 constants; prints the error on the constants left out.

Half of the prompts are the target's, the other half the candidates; a board is the mean scores of 36 constants on
1,350 prompts drawn from a hidden distribution over the target's half. Embedded with MiniLM, whose cosines of prompts
are lower than those of sentence-t5: `--common 0.65` gives every vector a common part, so that scores lie where the
leaderboard's do (0.4 to 0.7) and two digits cost there what they cost on the board.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.calibration.weighting import calibrate
from prompt_recovery.data.splits.clustering import assign_clusters, cluster_prompts
from prompt_recovery.engines.embedder import load_embedder
from prompt_recovery.metric import sharpened_cosine_matrix

CONSTANTS, SEEN, ROWS = 36, 16, 1_350


def hidden_distributions(
    vectors: np.ndarray, words: np.ndarray, labels: np.ndarray, generic: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and unnormalised weights, shape (n,), of distributions of several kinds over the target's prompts."""
    sizes = np.bincount(labels)
    some = [cluster for cluster in rng.permutation(labels) if sizes[cluster] > 1]
    towards = {
        name: vectors @ centre for name, centre in (("generic", generic), ("one", vectors[rng.integers(len(vectors))]))
    }
    yield "flat over prompts", np.ones(len(vectors))
    yield "flat over clusters", 1 / sizes[labels]
    yield "Dirichlet 0.03 over clusters", (rng.dirichlet(np.full(len(sizes), 0.03)) / sizes.clip(1))[labels]
    for count in (3, 10, 40):
        chosen = np.zeros(len(sizes))
        chosen[list(dict.fromkeys(some))[:count]] = rng.dirichlet(np.full(count, 2.0))
        yield f"{count} clusters", (chosen / sizes.clip(1))[labels]
    yield "long prompts", np.exp(words / 3)
    yield "short prompts", np.exp(-words / 2)
    yield "tilted to a random side", np.exp(30 * vectors @ _unit(rng.normal(size=vectors.shape[1])))
    yield "around one prompt", np.exp(12 * towards["one"])
    yield "around generic prompts", np.exp(15 * towards["generic"])
    two = [np.exp(12 * vectors @ vectors[row]) for row in rng.integers(len(vectors), size=2)]
    yield "around two prompts", two[0] / two[0].sum() + two[1] / two[1].sum()


def measure(
    candidates: np.ndarray, target: np.ndarray, constants: np.ndarray, digits: int | None, size: int, seed: int
) -> dict[str, float]:
    """Calibrate by SEEN constants and return the mean absolute errors on the others, whose scores are not rounded."""
    rng = np.random.default_rng(seed)
    scores = sharpened_cosine_matrix(constants, target).mean(axis=1)
    seen = rng.permutation(len(constants))[:SEEN]
    unseen = np.setdiff1d(np.arange(len(constants)), seen)
    board = scores[seen] if digits is None else scores[seen].round(digits)
    result = calibrate(candidates, constants[seen], board, config.Calibration(subset_size=size), seed=seed)
    cosines = sharpened_cosine_matrix(constants[unseen], candidates)
    errors = {
        "uniform": cosines.mean(axis=1) - scores[unseen],
        "weights": cosines @ result.weights - scores[unseen],
        "subset": cosines[:, result.subset].mean(axis=1) - scores[unseen],
    }
    return {name: float(np.abs(error).mean()) for name, error in errors.items()} | {
        "largest": float(np.abs(errors["weights"]).max()),
        "fitted": result.fitted.mean,
        "held out": result.held_out.mean,
        "sub. held out": result.subset_held_out.mean,
        "eff. size": result.effective_sample_size,
    }


def worlds(prompts: list[str], vectors: np.ndarray, board: np.ndarray | None, args: argparse.Namespace) -> pd.DataFrame:
    words = np.array([len(prompt.split()) for prompt in prompts])
    labels = cluster_prompts(vectors, config.Clustering())
    rows = []
    for seed in range(args.repeats):
        rng = np.random.default_rng(seed)
        own, rest = np.split(rng.permutation(len(prompts)), [CONSTANTS])
        constants = vectors[own] if board is None else board
        target, candidates = _halves(rest, labels, args.apart, seed)
        generic = _unit(vectors[target].mean(axis=0))
        for name, weights in hidden_distributions(vectors[target], words[target], labels[target], generic, rng):
            drawn = rng.choice(target, ROWS, p=weights / weights.sum())
            raised = [_raise(vectors[candidates], args.common), _raise(vectors[drawn], args.common)]
            rows.append({"hidden distribution": name} | measure(
                *raised, _raise(constants, args.common), args.digits, args.subset_size, seed
            ))  # fmt: skip
    return pd.DataFrame(rows)


def _halves(rows: np.ndarray, labels: np.ndarray, apart: bool, seed: int) -> list[np.ndarray]:
    if not apart:
        return np.array_split(rows, 2)
    part = assign_clusters(labels, {"target": 0.5, "candidates": 0.5}, seed)[labels[rows]]
    return [rows[part == name] for name in ("target", "candidates")]


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _raise(vectors: np.ndarray, common: float) -> np.ndarray:
    """Give unit vectors a common part, so that a cosine c becomes common + (1 - common) * c."""
    return np.hstack([np.full((len(vectors), 1), common**0.5), (1 - common) ** 0.5 * vectors])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", required=True, type=Path, help="a JSON list of prompts")
    parser.add_argument("--constants", type=Path, help="a CSV with a column rewrite_prompt; else 36 of the prompts")
    parser.add_argument("--common", type=float, default=0.0, help="common part of every vector, 0 to 1")
    parser.add_argument("--digits", type=int, help="digits that the board shows; else all")
    parser.add_argument("--apart", action="store_true", help="no cluster on both sides: candidates unlike the target's")
    parser.add_argument("--subset-size", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3, help="draws of every kind of hidden distribution")
    args = parser.parse_args()
    prompts = sorted(set(json.loads(args.prompts.read_text(encoding="utf-8"))))
    embed = load_embedder(config.Embedder(kind="minilm"))
    vectors = embed(prompts)
    board = embed(pd.read_csv(args.constants)["rewrite_prompt"]) if args.constants else None
    started = time.perf_counter()
    table = worlds(prompts, vectors, board, args)
    seconds = (time.perf_counter() - started) / len(table)
    means = table.groupby("hidden distribution", sort=False).mean()
    print(means.round(4).to_string())
    print(f"mean over {len(table)} boards: {means.mean()['weights']:.4f} (uniform {means.mean()['uniform']:.4f})")
    print(f"boards above 0.01: {(table['weights'] > 0.01).sum()} (uniform {(table['uniform'] > 0.01).sum()})")
    print(f"{seconds:.1f} s a board, {len(prompts)} prompts")


if __name__ == "__main__":
    main()
