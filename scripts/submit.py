"""Package a scored run for Kaggle: submissions/<name>/ with the bundle, the notebook and the metadata of both."""

import argparse
import tempfile
from pathlib import Path

from prompt_recovery.config import stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import require_same_config, stage_receipt, write_json
from prompt_recovery.places import RunFolder
from prompt_recovery.submit.bundle import build_bundle, bundle_files, kernel_metadata
from prompt_recovery.submit.notebook import render_notebook
from prompt_recovery.submit.wheel import build_wheel

PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="run folder, such as runs/tiny")
    folder = RunFolder(parser.parse_args().run)
    run, target = folder.read_config(), folder.submission
    require_same_config(folder.manifest("score"), stage_settings(run, "score"), made_by=f"make score RUN={run.name}")
    files = bundle_files(folder.path, Path(run.base.model) if run.base.from_scratch else None)
    inputs = {"adapter": folder.adapter, "constant": folder.constant}
    settings = stage_settings(run, "submit")
    with (
        stage_receipt(target / "manifest.json", stage="submit", config=settings, inputs=inputs) as receipt,
        tempfile.TemporaryDirectory() as scratch,
    ):
        wheel = build_wheel(PROJECT, Path(scratch))
        bundle_id = build_bundle(target / "bundle", run, files, [wheel])
        render_notebook(PROJECT / "submissions" / "notebook.py", target / "notebook.ipynb", bundle_id)
        write_json(target / "kernel-metadata.json", kernel_metadata(run))
        receipt.outputs += [target / "bundle", target / "notebook.ipynb", target / "kernel-metadata.json"]
        receipt.counts["bundle_id"] = bundle_id
    print(f"{target}: bundle {bundle_id}")


if __name__ == "__main__":
    with readable_exit():
        main()
