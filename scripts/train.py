"""Train the adapter of a run on its base: runs/<name>/adapter. Started by torchrun, it trains on several GPUs."""

from dataclasses import asdict

from prompt_recovery.config import stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import sha256
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    triples = TriplesFolder.named(run.data)
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.engines.embedder import remembering_embedder  # seconds to import
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.train import workers
    from prompt_recovery.train.adapter import train_adapter

    with (
        workers.joined_workers(),
        workers.first_alone(folder.receipt(run, "train", triples=triples.manifest)) as receipt,
    ):
        base, embed = load_recoverer(run, adapter=None), remembering_embedder(run.embedder)
        identity = stage_settings(run, "train") | {"triples": sha256(triples.part("train"))}
        fitted, rows = train_adapter(train, valid, run, base=base, folder=folder, embed=embed, identity=identity)
        if receipt:
            receipt.outputs += [folder.adapter, folder.metrics]
            receipt.counts.update(asdict(fitted) | rows)
            print(f"{folder.adapter}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
