"""Answer held-out prompt clusters without any language model; prints SCS by source with cluster intervals.

The triples are a Parquet file with `original_text, rewrite_prompt, rewritten_text, source`. Prompts are clustered and
whole clusters given to train, valid and test, 70, 15 and 15 % of the distinct prompts. Answered by the best constant,
by the nearest training pair's prompt, by the bank's prompt nearest to the predicted vector, by composed text; beside
them the vector's own score, the best of each row's hypotheses, and the bank's best prompt for each row.
With --each-original-of a source its original texts are held out too, one after the other, for a source that has many
rewrites of few texts: of each it is told how the rewrites of a text that was never seen are answered.
With --encoder the vector is the regressor's blended with that of a trained encoder, in shares chosen on valid.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.splits.clustering import assign_clusters, cluster_prompts
from prompt_recovery.engines.embedder import remembering_embedder
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.recover.constants.constant import find_constants, prompt_weights
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.change_features import text_vectors
from prompt_recovery.recover.vector.prompt_bank import PromptBank, bank_of
from prompt_recovery.recover.vector.vector_blend import fit_blend
from prompt_recovery.recover.vector.vector_decoding import chosen, decode
from prompt_recovery.recover.vector.vector_regressor import fit_vector_model
from prompt_recovery.score.intervals import cluster_bootstrap
from prompt_recovery.train.encoder_fitting import train_pair_encoder

SHARES = {"train": 0.7, "valid": 0.15, "test": 0.15}
Embed = Callable[[list[str]], np.ndarray]


def with_clusters(triples: pd.DataFrame, embed: Embed, seed: int) -> pd.DataFrame:
    """Return the triples with the columns `family`, a number, and `split`."""
    prompts = sorted(set(triples["rewrite_prompt"]))
    labels = cluster_prompts(embed(prompts), config.Clustering())
    family = triples["rewrite_prompt"].map(dict(zip(prompts, labels, strict=True)))
    return triples.assign(family=family, split=assign_clusters(labels, SHARES, seed)[family])


def nearest_pairs_prompts(train: pd.DataFrame, held_out: pd.DataFrame, embed: Embed) -> list[str]:
    ours, theirs = (_changes(frame, embed) for frame in (held_out, train))
    return train["rewrite_prompt"].iloc[(ours @ theirs.T).argmax(axis=1)].tolist()


def _changes(pairs: pd.DataFrame, embed: Embed) -> np.ndarray:
    original, rewritten = text_vectors(pairs, embed)
    return _unit(rewritten - original)


def mean_vectors(triples: pd.DataFrame, held_out: pd.DataFrame, embed: Embed, encoder: bool) -> np.ndarray:
    """Return the mean vectors of the held-out prompts, by the regressor alone or blended with an encoder."""
    train, valid = (triples[triples["split"] == split] for split in ("train", "valid"))
    model = fit_vector_model(train, embed, config.Vector(), seed=0)
    if not encoder:
        return model.predict(held_out, embed)
    # texts of 96 tokens in bf16: three epochs in minutes on two cores with AMX
    settings = config.Encoder(max_text_tokens=96, batch_tokens=4_096, bf16=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        trained, fitted = train_pair_encoder(train, valid, embed, settings, device="auto", seed=0, metrics_path=path)
    truths = embed(valid["rewrite_prompt"].tolist())
    blend = fit_blend(trained.predict(valid), model.predict(valid, embed), truths, valid["split"], embed.name)
    print(f"\n{fitted}\n{blend}")
    return blend(trained.predict(held_out), model.predict(held_out, embed))


def scores(
    triples: pd.DataFrame, held_out: pd.DataFrame, embed: Embed, track: str, encoder: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the score of each row by each way of answering, and the chosen texts."""
    train = triples[triples["split"] == "train"]
    truths = embed(held_out["rewrite_prompt"].tolist())
    neighbours = nearest_pairs_prompts(train, held_out, embed)
    bank = bank_of(train["rewrite_prompt"], embed)
    means = mean_vectors(triples, held_out, embed, encoder)
    limit = PieceLimit(embed.count_pieces, embed.max_pieces)
    no_search = config.Constant(candidates=0)
    constant = find_constants(prompt_weights(train), embed, limit=limit, settings=no_search).best_prompt.rewrite_prompt
    hypotheses = decode(means, bank, embed, limit=limit, settings=config.Decoding(), track=track)
    best = chosen(hypotheses)
    every = sharpened_cosine(truths[hypotheses["row"]], embed(hypotheses["rewrite_prompt"].tolist()))
    table = {
        "constant": sharpened_cosine(truths, embed([constant] * len(truths))),
        "nearest pair": sharpened_cosine(truths, embed(neighbours)),
        "vector": sharpened_cosine(truths, _unit(means)),
        "vector, nearest prompt": sharpened_cosine(truths, bank.vectors[bank.nearest(means, 1)[0][:, 0]]),
        "vector, composed text": sharpened_cosine(truths, embed(best["rewrite_prompt"].tolist())),
        "best hypothesis": pd.Series(every).groupby(hypotheses["row"].to_numpy()).max().to_numpy(),
        "best prompt of the bank": _best_of_bank(truths, bank),
    }
    return pd.DataFrame(table, index=held_out.index), best


def _best_of_bank(truths: np.ndarray, bank: PromptBank) -> np.ndarray:
    return bank.nearest(truths, 1)[1][:, 0] ** 3


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def parted(triples: pd.DataFrame, split: str, source: str | None) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield triples to learn from and held-out ones; with a source, of each of its original texts in turn."""
    held_out = triples[triples["split"] == split]
    if source is None:
        yield triples, held_out
        return
    if source not in set(held_out["source"]):
        known = ", ".join(sorted(set(held_out["source"])))
        raise SystemExit(f"--each-original-of: found {source!r}, expected a source with held-out rows: {known}.")
    originals = triples.loc[triples["source"] == source, "original_text"].unique()
    for number, original in enumerate(originals, 1):
        own = held_out[held_out["original_text"] == original].assign(source=f"original text {number} of {source}")
        if len(own):
            yield triples[triples["original_text"] != original], own


def report(held_out: pd.DataFrame, table: pd.DataFrame) -> None:
    parts = {"all": np.ones(len(held_out), dtype=bool)}
    parts |= {source: (held_out["source"] == source).to_numpy() for source in sorted(set(held_out["source"]))}
    for name, rows in parts.items():
        print(f"\n{name[:70]} ({rows.sum()} rows)")
        for way in table:
            own, families = table[way].to_numpy()[rows], held_out["family"].to_numpy()[rows]
            low, high = cluster_bootstrap(own, families, confidence=0.95, samples=2_000)
            print(f"  {way:26} {own.mean():.4f}  {low:.3f} to {high:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", required=True, type=Path)
    parser.add_argument("--split", default="valid", choices=("valid", "test"))
    parser.add_argument("--track", default="clean", choices=("clean", "leaderboard"))
    parser.add_argument("--encoder", action="store_true", help="train one too, some ten minutes on 2 cores with AMX")
    parser.add_argument("--each-original-of", metavar="SOURCE", help="hold out its original texts too, one at a time")
    parser.add_argument("--rows", type=int, help="triples, drawn at random; else all")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the split; of 30, 1 parts each source's rows most evenly"
    )
    args = parser.parse_args()
    started = time.perf_counter()
    triples = pd.read_parquet(args.triples)
    triples = triples.sample(args.rows, random_state=0) if args.rows else triples
    embed = remembering_embedder(config.Embedder(kind="minilm"))
    triples = with_clusters(triples, embed, args.seed)
    parts = list(parted(triples, args.split, args.each_original_of))
    found = [scores(known, held_out, embed, args.track, args.encoder) for known, held_out in parts]
    table, best = (pd.concat(one, ignore_index=True) for one in zip(*found, strict=True))
    report(pd.concat([held_out for _, held_out in parts]), table)
    confidence = best["utility"].corr(table["vector, composed text"], method="spearman")
    print(
        f"\nSpearman of confidence and score {confidence:.3f}; {time.perf_counter() - started:.0f} s from file to score"
    )


if __name__ == "__main__":
    main()
