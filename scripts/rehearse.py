"""Run a submission's notebook as Kaggle would, offline, and require the scores of stage 4 for the same rows."""

import argparse
import time
from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.submit.rehearsal import choose_rows, rehearse, require_same_scores
from prompt_recovery.tables import PREDICTIONS, ROW_SCORES, TRIPLES, read_table

METHOD_AND_ID = ("method", "id")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="run folder, such as runs/tiny")
    folder = RunFolder(parser.parse_args().run)
    run, target = folder.read_config(), folder.submission
    result = target / "rehearsal.json"
    result.unlink(missing_ok=True)
    manifest = read_json(target / "manifest.json", made_by=f"make submit RUN={run.name}")
    predictions = read_table(folder.predictions, PREDICTIONS, key=METHOD_AND_ID).query("method == 'adapter'")
    ids = choose_rows(predictions, run.submit.rehearsal_rows)
    rows = read_table(TriplesFolder.named(run.data).part("test"), TRIPLES).set_index("id", drop=False).loc[ids]
    rows = rows.reset_index(drop=True).sample(frac=1, random_state=run.seed)  # Kaggle's order is not ours
    from prompt_recovery.engines.embedder import load_embedder  # seconds to import
    from prompt_recovery.engines.language_model import model_folder

    sources = run.submit.model_sources
    models = {source: model_folder(run.base.model, run.base.revision) for source in sources}
    started, root = time.monotonic(), (target / "rehearsal").resolve()
    answers = rehearse(
        target / "notebook.ipynb", target / "bundle", rows, root, competition=run.submit.competition, models=models
    )
    seconds = time.monotonic() - started
    scored = read_table(folder.row_scores, ROW_SCORES, key=METHOD_AND_ID).query("method == 'adapter'")
    embedder = load_embedder(run.embedder)
    score = require_same_scores(answers, rows, scored, embedder)
    write_json(
        result,
        {
            "bundle_id": manifest["counts"]["bundle_id"],
            "rows": len(rows),
            "seconds": round(seconds, 1),
            "score": score,
            "embedder": embedder.name,
        },
    )
    print(f"{len(rows)} rows in {seconds:.0f} s, SCS {score:.3f} ({embedder.name}): the same as in stage 4")


if __name__ == "__main__":
    with readable_exit():
        main()
