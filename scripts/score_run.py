"""Score a run's predictions on its own test split: its score.json, row_scores.parquet and report.html."""

import json

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, whole_or_absent, write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import PREDICTIONS, ROW_SCORES, TRIPLES, distinct_rows, read_table, write_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    folder.require(run, "recover")
    train, test = (TriplesFolder.named(run.data).part(part) for part in ("train", "test"))
    predictions, truth = read_table(folder.predictions, PREDICTIONS, key=("method", "id")), read_table(test, TRIPLES)
    trained = read_json(folder.manifest("train"), made_by=f"make train RUN={run.name}")["counts"]
    lines = folder.metrics.read_text(encoding="utf-8").splitlines() if folder.trained(run.method) else ()
    curve = [json.loads(line) for line in lines]
    from prompt_recovery.score.report import render_report  # seconds to import
    from prompt_recovery.score.run_scores import read_choosing, score_run

    with folder.receipt(run, "score", predictions=folder.predictions, truth=test, training=train) as receipt:
        training = distinct_rows(train, ("rewrite_prompt", "family"))
        scores = score_run(run, predictions, truth, training, read_choosing(run, folder))
        write_json(folder.score, scores.document)
        write_table(scores.rows, folder.row_scores, ROW_SCORES, key=("method", "id"))
        with whole_or_absent(folder.report) as partial:
            partial.write_text(render_report(run, scores, curve, trained), encoding="utf-8")
        receipt.outputs += [folder.score, folder.row_scores, folder.report]
    print(scores.table())


if __name__ == "__main__":
    with readable_exit():
        main()
