"""Score any predictions against the truth: two CSV or Parquet files, joined by id."""

import argparse
from pathlib import Path

from prompt_recovery.config import Embedder, Score
from prompt_recovery.errors import readable_exit
from prompt_recovery.score.scoring import score_predictions, score_table
from prompt_recovery.tables import ANY_PREDICTIONS, TRUTH, read_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    required, kinds = {"required": True, "type": Path}, ["sentence-t5", "minilm", "wordllama"]
    parser.add_argument("--predictions", **required, help="id, rewrite_prompt (and method, confidence, where known)")
    parser.add_argument("--truth", **required, help="id, rewrite_prompt (and family and split, where known)")
    parser.add_argument("--embedder", choices=kinds, default="sentence-t5")
    parser.add_argument("--embedder-model", help="hub id or folder, where it is not the embedder's own")
    parser.add_argument("--second-embedder", choices=kinds, help="for a second table of scores")
    parser.add_argument("--known", type=Path, help="other prompts: id, rewrite_prompt (and family), such as training's")
    parser.add_argument("--hypotheses", type=Path, help="id, rewrite_prompt: what the answers were chosen among")
    given = parser.parse_args()
    predictions = read_table(given.predictions, ANY_PREDICTIONS, key=("method", "id"))
    truth, training = read_table(given.truth, TRUTH), given.known and read_table(given.known, TRUTH)
    hypotheses = given.hypotheses and read_table(given.hypotheses, TRUTH, key=("id", "rewrite_prompt"))
    from prompt_recovery.engines.embedder import load_embedder, remembering_embedder
    from prompt_recovery.score.measures import Known, measure
    from prompt_recovery.score.measures_report import measures_table

    embedder = remembering_embedder(Embedder(kind=given.embedder, model=given.embedder_model))
    rows, document = score_predictions(predictions, truth, lambda: embedder, Score())
    second = given.second_embedder and load_embedder(Embedder(kind=given.second_embedder))
    _, measures = measure(rows, embedder, Score(), Known(training, hypotheses), second=second)
    print(score_table(document), measures_table(measures), sep="\n\n")


if __name__ == "__main__":
    with readable_exit():
        main()
