"""Train what a run's method trains of its base: runs/<name>/adapter, or weights."""

from dataclasses import asdict

from prompt_recovery.errors import readable_exit
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    triples, trained = TriplesFolder.named(run.data), folder.trained(run.method)
    if not trained:
        with folder.receipt(run, "train", triples=triples.manifest) as receipt:
            receipt.counts["trainable_parameters"] = 0
        return print(f"{run.method}: nothing is trained")
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.engines.language_model import peak_gpu_bytes  # seconds to import
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.train.adapter import train_adapter

    with folder.receipt(run, "train", triples=triples.manifest) as receipt:
        base = load_recoverer(run, None)
        fitted, rows = train_adapter(train, valid, run, base=base, folder=trained, metrics_path=folder.metrics)
        receipt.outputs += [trained, folder.metrics]
        receipt.counts.update(asdict(fitted) | rows | {"peak_gpu_bytes": peak_gpu_bytes()})
    print(f"{trained}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
