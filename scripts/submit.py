"""Package a scored run for Kaggle: submissions/<name>/ with the bundle, the notebook and the metadata of both."""

import tempfile
from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.places import run_parser
from prompt_recovery.submit.bundle import build_bundle, bundle_files
from prompt_recovery.submit.metadata import kernel_metadata
from prompt_recovery.submit.notebook import render_notebook
from prompt_recovery.submit.wheels.bundled import bundled_wheels

PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run, target = folder.read_config(), folder.submission
    folder.require(run, "score")
    from prompt_recovery.recover.sources import source_files  # seconds to import

    sources = source_files(run, folder, decided=True)
    files = bundle_files(run, folder, sources.values())
    with (
        folder.receipt(run, "submit", path=target / "manifest.json", **sources) as receipt,
        tempfile.TemporaryDirectory() as scratch,
    ):
        bundle_id = build_bundle(target / "bundle", run, files, bundled_wheels(run, PROJECT, Path(scratch)))
        notebook, default = PROJECT / "submissions" / "notebook.py", read_json(folder.constant, made_by="make constant")
        render_notebook(notebook, target / "notebook.ipynb", bundle_id=bundle_id, default=default["rewrite_prompt"])
        write_json(target / "kernel-metadata.json", kernel_metadata(run))
        receipt.outputs += [target / "bundle", target / "notebook.ipynb", target / "kernel-metadata.json"]
        receipt.counts["bundle_id"] = bundle_id
    print(f"{target}: bundle {bundle_id}")


if __name__ == "__main__":
    with readable_exit():
        main()
