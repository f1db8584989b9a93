"""Recover prompts with a trained run: of any file of pairs, or of the run's own test split."""

from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.answers import predictions_by
from prompt_recovery.tables import PAIRS, PREDICTIONS, TRIPLES, read_table, write_table


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--pairs", type=Path, help="CSV or Parquet with id, original_text, rewritten_text")
    parser.add_argument("--output", type=Path, help="CSV or Parquet to write; its receipt is written beside it")
    asked = parser.parse_args()
    if bool(asked.pairs) != bool(asked.output):
        parser.error("--pairs and --output go together")
    folder, run = asked.run, asked.run.read_config()
    folder.require(run, "train", "constant")
    train, test = (TriplesFolder.named(run.data).part(part) for part in ("train", "test"))
    source, output = asked.pairs or test, asked.output or folder.predictions
    methods = (run.method,) if asked.pairs else run.answering
    files = {"trained": folder.trained(run.method), "train": train if METHODS[run.method].shots != "none" else None}
    inputs = {name: path for name, path in files.items() if path} | {"pairs": source, "constant": folder.constant}
    given = files | {"train": files["train"] and read_table(train, TRIPLES)}
    pairs, constant = read_table(source, PAIRS), read_json(folder.constant, made_by="make constant")["rewrite_prompt"]

    with folder.receipt(run, "recover", path=asked.output and output.with_suffix(".receipt.json"), **inputs) as receipt:
        predictions, counts = predictions_by(methods, pairs, run, constant=constant, **given)
        write_table(predictions, output, PREDICTIONS, key=("method", "id"))
        receipt.counts.update(counts)
        receipt.outputs.append(output)
    print(f"{output}: {counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
