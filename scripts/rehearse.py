"""Run a submission's notebook as Kaggle would, offline, and require the scores of stage 4 for the same rows."""

import time

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.submit.rehearsal import choose_rows, rehearse, require_same_scores
from prompt_recovery.tables import PREDICTIONS, ROW_SCORES, TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run, target = folder.read_config(), folder.submission
    (target / "rehearsal.json").unlink(missing_ok=True)
    bundle_id = read_json(target / "manifest.json", made_by=f"make submit RUN={run.name}")["counts"]["bundle_id"]
    predictions, scored = (
        read_table(path, schema, key=("method", "id")).loc[lambda rows: rows["method"] == run.method]
        for path, schema in ((folder.predictions, PREDICTIONS), (folder.row_scores, ROW_SCORES))
    )
    test = read_table(TriplesFolder.named(run.data).part("test"), TRIPLES)
    rows = choose_rows(test, predictions, run.submit.rehearsal_rows, run.seed)
    from prompt_recovery.engines.embedder import load_embedder  # seconds to import
    from prompt_recovery.engines.language_model import model_folder

    models = {run.submit.base_source: model_folder(run.base.model, run.base.revision)} if run.submit.base_source else {}
    started, root = time.monotonic(), (target / "rehearsal").resolve()
    made = {"notebook": target / "notebook.ipynb", "bundle": target / "bundle"}
    answers = rehearse(rows, root, **made, competition=run.submit.competition, models=models)
    seconds, embedder = round(time.monotonic() - started, 1), load_embedder(run.embedder)
    score = require_same_scores(answers, rows, scored, embedder)
    result = {"bundle_id": bundle_id, "rows": len(rows), "seconds": seconds, "score": score, "embedder": embedder.name}
    write_json(target / "rehearsal.json", result)
    print(f"{len(rows)} rows in {seconds:.0f} s, SCS {score:.3f} ({embedder.name}): the same as in stage 4")


if __name__ == "__main__":
    with readable_exit():
        main()
