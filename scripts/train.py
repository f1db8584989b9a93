"""Train what a run's method trains of its base: runs/<name>/adapter, or weights. torchrun makes it several GPUs."""

from dataclasses import asdict

from prompt_recovery.errors import readable_exit
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.run_chain import adapter_before, runs_before
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    triples, trained = TriplesFolder.named(run.data), folder.trained(run.method)
    if not trained:
        with folder.receipt(run, "train", triples=triples.manifest) as receipt:
            receipt.counts["trainable_parameters"] = 0
        return print(f"{run.method}: nothing is trained")
    before, inputs = runs_before(run), {"triples": triples.manifest} | adapter_before(run)
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.engines.embedder import remembering_embedder  # seconds to import
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.train import workers
    from prompt_recovery.train.adapter import train_adapter
    from prompt_recovery.train.sharding import shards

    with workers.joined_workers(), workers.first_alone(folder.receipt(run, "train", **inputs)) as receipt:
        base, embed = load_recoverer(run, None, to_shard=shards(run.train)), remembering_embedder(run.embedder)
        fitted, rows = train_adapter(train, valid, run, base=base, folder=folder, embed=embed, inputs=inputs)
        if receipt:
            receipt.outputs += [trained, folder.metrics]
            receipt.counts.update(asdict(fitted) | rows | {"runs_before": before})
            print(f"{trained}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
