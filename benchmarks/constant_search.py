"""Search the constant prompts of one half of the distinct prompts; prints speeds, and shares closed on the other half.

The triples are a Parquet file with `rewrite_prompt`. Speed is told beside that of plain loops over the same candidates,
which embed one text at a time and score it against all targets: at once, and target by target.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.splits.clustering import assign_clusters, cluster_prompts
from prompt_recovery.engines.embedder import Embedder, in_bfloat16, load_embedder
from prompt_recovery.recover.constants.constant_bound import free_vector
from prompt_recovery.recover.constants.constant_finder import ConstantFinder, ScoredText, constant_finder
from prompt_recovery.recover.constants.constant_targets import Targets
from prompt_recovery.recover.piece_limit import PieceLimit

LOOP_TEXTS = 200
Score = Callable[[np.ndarray], float]


class Remembering:
    """An embedder that embeds no text twice, and keeps what it embedded in order."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder, self.name = embedder, embedder.name
        self.known: dict[str, np.ndarray] = {}

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known |= dict(zip(new, self.embedder(new) if new else (), strict=True))
        return np.array([self.known[text] for text in texts])


def halves(prompts: list[str], embed: Remembering, seed: int, by_cluster: bool) -> tuple[list[str], list[str]]:
    """Return two halves of the prompts, drawn at random or by whole clusters."""
    if by_cluster:
        labels = cluster_prompts(embed(prompts), config.Clustering())
        first = assign_clusters(labels, {"train": 0.5, "test": 0.5}, seed)[labels] == "train"
    else:
        first = np.random.default_rng(seed).permutation(len(prompts)) % 2 == 0
    own = list(zip(prompts, first, strict=True))
    return [prompt for prompt, mine in own if mine], [prompt for prompt, mine in own if not mine]


def loop_rate(embedder: Embedder, texts: Sequence[str], score: Score) -> float:
    """Return the candidates a second of embedding and scoring one text after another."""
    started = time.perf_counter()
    for text in texts:
        score(embedder([text])[0])
    return len(texts) / (time.perf_counter() - started)


def search(
    finder: ConstantFinder, quick: Remembering, exact: Embedder, targets: Targets, track: str, seeds: list[str]
) -> ScoredText:
    """Search one track and print its speed beside that of the loops."""
    before, started = len(quick.known), time.perf_counter()
    found = finder.find(targets, track, seeds=seeds)
    seconds = time.perf_counter() - started
    texts = list(quick.known)[before:]
    ours = len(texts) / seconds
    sample = texts[:: max(1, len(texts) // LOOP_TEXTS)]
    print(f"{track}: {len(texts)} texts in {seconds:.0f} s, {ours:.0f} candidates/s")
    loops: dict[str, Score] = {
        "all targets at once": lambda vector: float(((targets.vectors @ vector) ** 3).mean()),
        "target by target": lambda vector: sum(float(one @ vector) ** 3 for one in targets.vectors),
    }
    for name, score in loops.items():
        rate = loop_rate(exact, sample, score)
        print(f"  plain loop, {name}: {rate:.1f} candidates/s, ours {ours / rate:.1f} times")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", required=True, type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--by-cluster", action="store_true", help="whole clusters are held out")
    parser.add_argument("--candidates", type=int, default=config.Constant().candidates)
    args = parser.parse_args()
    embedder = load_embedder(config.Embedder(kind="minilm"))
    embed, quick = Remembering(embedder), Remembering(in_bfloat16(embedder))
    prompts = sorted({" ".join(text.split()) for text in pd.read_parquet(args.triples)["rewrite_prompt"]})
    train, held_out = halves(prompts, embed, args.seed, args.by_cluster)
    settings = config.Constant(candidates=args.candidates)
    limit = PieceLimit(embedder.count_pieces, embedder.max_pieces)
    how = {"pieces": embedder.pieces(), "quick": quick, "exchanges": embedder.exchanges}
    finder = constant_finder(train, embed, limit=limit, settings=settings, **how)
    targets, others = (finder.targets(dict.fromkeys(own, 1.0)) for own in (train, held_out))
    best, bound = finder.best_prompt(targets), free_vector(targets).vector
    ends = others.scores(np.vstack([embed([best.rewrite_prompt]), bound]))
    print(f"held out ({len(held_out)} prompts): best prompt {ends[0]:.4f}, free vector {ends[1]:.4f}")
    seeds: list[str] = []
    for track in ("clean", "leaderboard"):
        found = search(finder, quick, embedder, targets, track, seeds)
        score = others.scores(embed([found.rewrite_prompt]))[0]
        share = (score - ends[0]) / (ends[1] - ends[0])
        print(f"  held out {score:.4f}, {share:.0%} of the distance: {found.rewrite_prompt}", flush=True)
        seeds = [found.rewrite_prompt]


if __name__ == "__main__":
    main()
