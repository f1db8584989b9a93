"""Combine answers for the leaderboard track, fitted on validation clusters; prints what each ingredient gains on test.

The triples are a Parquet file as `benchmarks/predicted_vector.py` wants it, split in the same way. Without any language
model: the clean answers and the free texts are decoded from the predicted vector. `--constant` is a text of a search;
without it, and in each cluster, the constant is the best single training prompt. With `--sticky N` the N commonest
words of the training prompts are tried as a suffix: a sticky one raises every answer's score.
"""

import argparse
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from predicted_vector import with_clusters

from prompt_recovery import config
from prompt_recovery.engines.embedder import Embedder, remembering_embedder
from prompt_recovery.metric import sharpened_cosine, sharpened_cosine_matrix
from prompt_recovery.recover.leaderboard.answered_rows import AnsweredRows
from prompt_recovery.recover.leaderboard.cluster_constants import fit_cluster_constants
from prompt_recovery.recover.leaderboard.combination_fitting import FittingRows, combination_variants
from prompt_recovery.recover.leaderboard.combining import Combination, combine
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.prompt_bank import bank_of
from prompt_recovery.recover.vector.vector_decoding import chosen, decode
from prompt_recovery.recover.vector.vector_regressor import fit_vector_model
from prompt_recovery.score.ablation import ablate
from prompt_recovery.score.ablation_report import ablation_table


def best_prompt(embed: Embedder, weight: Mapping[str, float]) -> str:
    """Return the prompt with the highest weighted mean SCS over all."""
    prompts, weights = list(weight), np.array(list(weight.values()))
    vectors = embed(prompts)
    return prompts[int((weights @ sharpened_cosine_matrix(vectors, vectors)).argmax())]


def answered(train: pd.DataFrame, parts: Mapping[str, pd.DataFrame], embed: Embedder) -> dict[str, FittingRows]:
    """Return the rows of each part with what the predicted vector gives: means, ranked answers, free texts."""
    model = fit_vector_model(train, embed, config.Vector(), seed=0)
    bank = bank_of(train["rewrite_prompt"], embed)
    limit = PieceLimit(embed.count_pieces, embed.max_pieces)
    rows = {}
    for name, part in parts.items():
        means = model.predict(part, embed)
        decoded = partial(decode, means, bank, embed, limit=limit, settings=config.Decoding())
        ranking = decoded(track="clean").rename(columns={"row": "id"}).astype({"id": str})
        free = chosen(decoded(track="leaderboard"))["rewrite_prompt"].tolist()
        truths = embed(part["rewrite_prompt"].tolist())
        rows[name] = FittingRows(AnsweredRows(ranking, means, free), truths, embed, limit)
    return rows


def row_scores(variants: Mapping[str, Combination], rows: FittingRows, part: pd.DataFrame) -> pd.DataFrame:
    """Return the score of each row by each variant, as `ablate` wants it."""
    tables = []
    for name, combination in variants.items():
        texts = combine(combination, rows.rows, rows.embed, rows.limit)["rewrite_prompt"].tolist()
        print(f"{name}: at most {max(rows.limit.count_pieces(texts))} pieces, such as {texts[0]!r}")
        scores = sharpened_cosine(rows.truths, rows.embed(texts))
        columns = {"method": name, "track": "leaderboard", "split": "all", "score": scores}
        tables.append(part[["family"]].reset_index(names="id").assign(**columns))
    return pd.concat(tables)


def try_suffixes(words: list[str], constant: str, rows: Mapping[str, FittingRows]) -> None:
    """Print the five words that gain most behind the best answer on validation, and what they gain on test."""
    plain = Combination(constant, "answer")
    scores = {word: rows["valid"].score(replace(plain, suffix=word)) for word in words}
    base = {name: part.score(plain) for name, part in rows.items()}
    for word in sorted(scores, key=scores.get, reverse=True)[:5]:
        test = rows["test"].score(replace(plain, suffix=word))
        print(f"suffix {word!r}: valid {scores[word] - base['valid']:+.4f}, test {test - base['test']:+.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", required=True, type=Path)
    parser.add_argument("--constant", help="the answer of a constant search; else the best single training prompt")
    parser.add_argument("--rows", type=int, help="of valid and of test, drawn at random; else all")
    parser.add_argument("--sticky", type=int, default=0, help="words that are tried as a suffix")
    parser.add_argument("--embedder", default="minilm", choices=("minilm", "wordllama"))
    parser.add_argument("--seed", type=int, default=1, help="of the split")
    args = parser.parse_args()
    started = time.perf_counter()
    embed = remembering_embedder(config.Embedder(kind=args.embedder))
    triples = with_clusters(pd.read_parquet(args.triples), embed, args.seed)
    train, *parts = (triples[triples["split"] == split] for split in ("train", "valid", "test"))
    parts = [part.sample(min(args.rows or len(part), len(part)), random_state=0) for part in parts]
    held_out = dict(zip(("valid", "test"), parts, strict=True))
    weight, constant_of = Counter(train["rewrite_prompt"]), partial(best_prompt, embed)
    constant, settings = args.constant or constant_of(weight), config.Leaderboard()
    clusters = fit_cluster_constants(weight, embed, constant_of, clusters=settings.clusters, seed=0)
    rows = answered(train, held_out, embed)
    variants = combination_variants(rows["valid"], constant, settings, clusters)
    for name, combination in variants.items():
        print(f"{name}: on valid {rows['valid'].score(combination):.4f}; {combination.validation}")
    print(ablation_table(ablate(row_scores(variants, rows["test"], held_out["test"]), config.Score())))
    words = [word for word, _ in Counter(" ".join(weight).split()).most_common(args.sticky)]
    try_suffixes(words, constant, rows)
    print(f"{time.perf_counter() - started:.0f} s from file to scores")


if __name__ == "__main__":
    main()
