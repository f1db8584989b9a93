"""Train the adapter of a run on its base: runs/<name>/adapter."""

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
    folder = RunFolder(parser.parse_args().run)
    run = folder.read_config()
    triples = TriplesFolder.named(run.data)
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import
    from prompt_recovery.train.adapter import train_adapter

    inputs = {"triples": triples.manifest}
    with stage_receipt(
        folder.manifest("train"), stage="train", config=stage_settings(run, "train"), inputs=inputs
    ) as receipt:
        base = load_recoverer(run, adapter=None)
        fitted, rows = train_adapter(
            train,
            valid,
            run,
            model=base.model,
            tokenizer=base.tokenizer,
            folder=folder.adapter,
            metrics_path=folder.metrics,
        )
        receipt.outputs += [folder.adapter, folder.metrics]
        receipt.counts.update(asdict(fitted) | rows)
    print(f"{folder.adapter}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
