"""Train the adapter of a run on its base: runs/<name>/adapter."""

from dataclasses import asdict

from prompt_recovery.errors import readable_exit
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    triples = TriplesFolder.named(run.data)
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import
    from prompt_recovery.train.adapter import train_adapter

    with folder.receipt(run, "train", triples=triples.manifest) as receipt:
        base = load_recoverer(run, adapter=None)
        places = {"folder": folder.adapter, "metrics_path": folder.metrics}
        fitted, rows = train_adapter(train, valid, run, base=base, **places)
        receipt.outputs += [folder.adapter, folder.metrics]
        receipt.counts.update(asdict(fitted) | rows)
    print(f"{folder.adapter}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
