"""Train the adapter of a run on its base: runs/<name>/adapter. Started by torchrun, it trains on several GPUs."""

from dataclasses import asdict
from pathlib import Path

from prompt_recovery.config import stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import sha256
from prompt_recovery.places import RunFolder, TriplesFolder, run_parser
from prompt_recovery.run_chain import runs_before
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    before, triples = runs_before(run), TriplesFolder.named(run.data)
    init_from = RunFolder(Path("runs") / run.init_from).adapter if run.init_from else None
    inputs = {"triples": triples.manifest} | ({"init_from": init_from} if init_from else {})
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.engines.embedder import remembering_embedder  # seconds to import
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.train import workers
    from prompt_recovery.train.adapter import train_adapter

    with workers.joined_workers(), workers.first_alone(folder.receipt(run, "train", **inputs)) as receipt:
        base, embed = load_recoverer(run, adapter=None), remembering_embedder(run.embedder)
        identity = stage_settings(run, "train") | {name: sha256(path) for name, path in inputs.items()}
        places = {"folder": folder, "init_from": init_from, "identity": identity}
        fitted, rows = train_adapter(train, valid, run, base=base, embed=embed, **places)
        if receipt:
            receipt.outputs += [folder.adapter, folder.metrics]
            receipt.counts.update(asdict(fitted) | rows | {"runs_before": before})
            print(f"{folder.adapter}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
