"""Score any predictions against the truth: two CSV or Parquet files, joined by id."""

import argparse
from pathlib import Path

from prompt_recovery.config import Embedder, Score
from prompt_recovery.errors import readable_exit
from prompt_recovery.score.scoring import score_predictions, score_table
from prompt_recovery.tables import TRUTH, read_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    required = {"required": True, "type": Path}
    parser.add_argument("--predictions", **required, help="id, rewrite_prompt (and method, where there are several)")
    parser.add_argument("--truth", **required, help="id, rewrite_prompt (and family and split, where known)")
    parser.add_argument("--embedder", choices=["sentence-t5", "minilm"], default="sentence-t5")
    parser.add_argument("--embedder-model", help="hub id or folder, where it is not the embedder's own")
    given = parser.parse_args()
    predictions = read_table(given.predictions, TRUTH, key=("method", "id"))
    truth = read_table(given.truth, TRUTH)
    from prompt_recovery.engines.embedder import load_embedder

    embedder = Embedder(kind=given.embedder, model=given.embedder_model)
    _, document = score_predictions(predictions, truth, lambda: load_embedder(embedder), Score())
    print(score_table(document))


if __name__ == "__main__":
    with readable_exit():
        main()
