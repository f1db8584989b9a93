"""Fit what predicts a prompt's vector from a pair of texts, and gather the bank of prompts: runs/<name>/vector."""

from functools import partial

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    parts = TriplesFolder.named(run.data).parts()
    files = {name: parts[name] for name in ("train", "valid")}
    if not run.recover.tracks:
        with folder.receipt(run, "vector", **files):
            return print("recover.tracks is empty: no vector is predicted")
    folder.require(run, "constant")
    train, valid = (read_table(path, TRIPLES) for path in files.values())
    constant = read_json(folder.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
    from prompt_recovery.engines.embedder import recovery_embedder  # seconds to import
    from prompt_recovery.engines.language_model import resolve_device
    from prompt_recovery.recover.vector.vector_files import write_vector_files
    from prompt_recovery.train.encoder_fitting import train_pair_encoder

    with folder.receipt(run, "vector", **files, constant=folder.constant) as receipt:
        embed = recovery_embedder(run.embedder, str(resolve_device(run.device)))
        options = {"device": run.device, "seed": run.seed, "metrics_path": folder.vector_metrics}
        teach = partial(train_pair_encoder, train, valid, embed, run.vector.encoder, **options)
        made = write_vector_files(folder.vector, train, valid, embed, run, teach, constant=constant)
        receipt.counts.update(made)
        receipt.outputs.append(folder.vector)
    print(f"{folder.vector}: {receipt.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
