"""Train the embedded tiny base of a run from scratch and save it as an ordinary model folder."""

import argparse
from dataclasses import asdict
from pathlib import Path

from prompt_recovery.config import stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import stage_receipt
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="run folder, such as runs/tiny")
    run = RunFolder(parser.parse_args().run).read_config()
    triples, folder = TriplesFolder.named(run.data), Path(run.base.model)
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.train.tiny_base import make_tiny_base  # seconds to import

    inputs = {"triples": triples.manifest}
    with stage_receipt(
        folder / "manifest.json", stage="base", config=stage_settings(run, "base"), inputs=inputs
    ) as receipt:
        fitted = make_tiny_base(train, valid, run, folder, folder.with_name(f"{folder.name}.metrics.jsonl"))
        receipt.outputs.append(folder / "model.safetensors")
        receipt.counts.update(asdict(fitted))
    print(f"{folder}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
