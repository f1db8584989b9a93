"""Score predictions against the truth: any two CSV or Parquet files, or a run's predictions on its own test split."""

import argparse
import json
from pathlib import Path

from prompt_recovery.config import Embedder, Score, stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import require_same_config, stage_receipt, whole_or_absent, write_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.score.scoring import score_document, score_rows, score_table, summarise
from prompt_recovery.tables import PREDICTIONS, ROW_SCORES, TRIPLES, TRUTH, read_table, write_table


def score(predictions, truth, embedder_settings: Embedder, settings: Score) -> tuple:
    from prompt_recovery.engines.embedder import load_embedder  # seconds to import

    embedder = load_embedder(embedder_settings)
    rows = score_rows(predictions, truth, embedder)
    return rows, score_document(summarise(rows, settings), embedder.name, settings)


def score_run(folder: RunFolder) -> dict:
    from prompt_recovery.score.report import render_report  # a second to import

    run = folder.read_config()
    settings = stage_settings(run, "recover")
    require_same_config(folder.manifest("recover"), settings, made_by=f"make recover RUN={run.name}")
    test = TriplesFolder.named(run.data).part("test")
    inputs = {"predictions": folder.predictions, "truth": test}
    with stage_receipt(
        folder.manifest("score"), stage="score", config=stage_settings(run, "score"), inputs=inputs
    ) as receipt:
        predictions = read_table(folder.predictions, PREDICTIONS, key=("method", "id"))
        rows, document = score(predictions, read_table(test, TRIPLES), run.embedder, run.score)
        curve = [json.loads(line) for line in folder.metrics.read_text(encoding="utf-8").splitlines()]
        write_json(folder.score, document)
        write_table(rows, folder.row_scores, ROW_SCORES, key=("method", "id"))
        with whole_or_absent(folder.report) as partial:
            partial.write_text(render_report(run.name, rows, document, curve), encoding="utf-8")
        receipt.outputs += [folder.score, folder.row_scores, folder.report]
    return document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="run folder, such as runs/tiny: writes its score.json and report.html")
    parser.add_argument("--predictions", type=Path, help="id, rewrite_prompt (and method, where there are several)")
    parser.add_argument("--truth", type=Path, help="id, rewrite_prompt (and family and split, where known)")
    parser.add_argument("--embedder", choices=["sentence-t5", "minilm"], default="sentence-t5")
    parser.add_argument("--embedder-model", help="hub id or folder, where it is not the embedder's own")
    arguments = parser.parse_args()
    if arguments.run and not (arguments.predictions or arguments.truth):
        document = score_run(RunFolder(arguments.run))
    elif arguments.predictions and arguments.truth and not arguments.run:
        predictions = read_table(arguments.predictions, TRUTH, key=("method", "id"))
        truth = read_table(arguments.truth, TRUTH)
        embedder = Embedder(kind=arguments.embedder, model=arguments.embedder_model)
        document = score(predictions, truth, embedder, Score())[1]
    else:
        parser.error("give --run, or --predictions and --truth")
    print(score_table(document))


if __name__ == "__main__":
    with readable_exit():
        main()
