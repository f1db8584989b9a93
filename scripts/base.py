"""Train the embedded tiny base of a run from scratch and save it as an ordinary model folder."""

from dataclasses import asdict
from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import TRIPLES, read_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    triples, model = TriplesFolder.named(run.data), Path(run.base.model)
    train, valid = (read_table(triples.part(part), TRIPLES) for part in ("train", "valid"))
    from prompt_recovery.train.tiny_base import make_tiny_base  # seconds to import

    with folder.receipt(run, "base", path=model / "manifest.json", triples=triples.manifest) as receipt:
        fitted = make_tiny_base(train, valid, run, model, model.with_name(f"{model.name}.metrics.jsonl"))
        receipt.outputs.append(model / "model.safetensors")
        receipt.counts.update(asdict(fitted))
    print(f"{model}: {fitted}")


if __name__ == "__main__":
    with readable_exit():
        main()
