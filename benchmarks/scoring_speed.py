"""A list of prompts in; seconds of scoring many pairs at once, against a loop that scores row by row, out.

Truths and predictions are drawn with repetition from the list, as answers and prompts repeat in real runs. The loop
embeds the two texts of a row in one call; it is timed on a sample of the rows and its time for all is extrapolated.
How much of the gain is batching alone, on texts that do not repeat, is told apart.

    python benchmarks/scoring_speed.py --prompts PROMPTS.json
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from prompt_recovery.config import Embedder
from prompt_recovery.engines.embedder import load_embedder
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.score.scoring import score_rows


def drawn_pairs(prompts: list[str], rows: int, seed: int) -> pd.DataFrame:
    """Return `rows` pairs of true_prompt and rewrite_prompt, each drawn with repetition."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(np.array(prompts, dtype=object), (2, rows))
    return pd.DataFrame({"true_prompt": drawn[0], "rewrite_prompt": drawn[1]})


def seconds_of(call: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    found = call()
    return time.perf_counter() - started, found


def row_by_row(pairs: pd.DataFrame, embed: Callable) -> np.ndarray:
    """Return the scores of the pairs, a call of the embedder for each row -> shape (n,)."""
    vectors = (embed([row.true_prompt, row.rewrite_prompt]) for row in pairs.itertuples())
    return np.array([sharpened_cosine(both[:1], both[1:])[0] for both in vectors])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", required=True, type=Path, help="a JSON list of prompts")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=500, help="rows that the loop is timed on")
    parser.add_argument("--embedder", choices=["minilm", "sentence-t5"], default="minilm")
    parser.add_argument("--embedder-model", help="hub id or folder, where it is not the embedder's own")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    prompts = json.loads(given.prompts.read_text(encoding="utf-8"))
    pairs = drawn_pairs(prompts, given.rows, given.seed)
    embed = load_embedder(Embedder(kind=given.embedder, model=given.embedder_model))
    embed(prompts[:64])  # the first call is slower
    sample = pairs.sample(given.sample, random_state=given.seed)
    loop, one_by_one = seconds_of(lambda: row_by_row(sample, embed))
    whole, scored = seconds_of(lambda: score_rows(pairs, embed))
    np.testing.assert_allclose(scored["score"].loc[sample.index], one_by_one, atol=1e-4)
    distinct = len({*pairs["true_prompt"], *pairs["rewrite_prompt"]})
    loop_a_row = loop / given.sample
    extrapolated, alone = loop_a_row * given.rows, loop_a_row / 2 / (whole / distinct)
    print(f"{embed.name}, {given.rows} pairs of {distinct} distinct texts; scores of both agree within 1e-4")
    print(
        f"all at once: {whole:.1f} s, {1e6 * whole / given.rows:.0f} us a row, {distinct / whole:.0f} distinct texts/s"
    )
    print(f"row by row: {1e3 * loop_a_row:.1f} ms a row on {given.sample}; for all {extrapolated:.0f} s, extrapolated")
    print(f"{extrapolated / whole:.1f} times; without repetition, by batching alone, {alone:.1f} times")


if __name__ == "__main__":
    main()
