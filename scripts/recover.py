"""Recover prompts with a trained run: of any file of pairs, or of the run's own test split by every method."""

from pathlib import Path

import pandas as pd

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.recover.answers import answers_by
from prompt_recovery.tables import PAIRS, PREDICTIONS, read_table, write_table


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--pairs", type=Path, help="CSV or Parquet with id, original_text, rewritten_text")
    parser.add_argument("--output", type=Path, help="CSV or Parquet to write; its receipt is written beside it")
    arguments = parser.parse_args()
    if bool(arguments.pairs) != bool(arguments.output):
        parser.error("--pairs and --output go together")
    folder, run = arguments.run, arguments.run.read_config()
    folder.require(run, "train", "constant")
    constant = read_json(folder.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
    source = arguments.pairs or TriplesFolder.named(run.data).part("test")
    output = arguments.output or folder.predictions
    receipt_path = output.with_suffix(".receipt.json") if arguments.output else folder.manifest("recover")
    pairs, inputs = read_table(source, PAIRS), {"pairs": source, "adapter": folder.adapter, "constant": folder.constant}
    with folder.receipt(run, "recover", path=receipt_path, **inputs) as receipt:
        methods = ("adapter",) if arguments.pairs else run.recover.methods
        by = {method: answers_by(method, pairs, run, adapter=folder.adapter, constant=constant) for method in methods}
        predictions = pd.concat([answers.assign(method=method) for method, answers in by.items()], ignore_index=True)
        write_table(predictions, output, PREDICTIONS, key=("method", "id"))
        receipt.counts.update({method: own["answered_by"].value_counts().to_dict() for method, own in by.items()})
        receipt.outputs.append(output)
    print(f"{output}: {receipt.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
