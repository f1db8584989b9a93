"""Recover prompts with a trained run: of any file of pairs, or of the run's own test split by every method."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from prompt_recovery.config import RunConfig, stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, require_same_config, stage_receipt
from prompt_recovery.places import RunFolder, TriplesFolder
from prompt_recovery.recover.answers import constant_answers, recover_prompts
from prompt_recovery.tables import PAIRS, PREDICTIONS, read_table, write_table


def answers_by(method: str, run: RunConfig, adapter: Path, constant: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    if method == "constant":
        return lambda pairs: constant_answers(pairs, constant)
    from prompt_recovery.engines.recoverer import load_recoverer  # seconds to import

    model = load_recoverer(run, adapter if method == "adapter" else None)
    return lambda pairs: recover_prompts(
        pairs, encode=model.encode, generate=model.generate, constant=constant, batch_size=run.generation.batch_size
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, help="run folder, such as runs/tiny")
    parser.add_argument("--pairs", type=Path, help="CSV or Parquet with id, original_text, rewritten_text")
    parser.add_argument("--output", type=Path, help="CSV or Parquet to write; its receipt is written beside it")
    arguments = parser.parse_args()
    if bool(arguments.pairs) != bool(arguments.output):
        parser.error("--pairs and --output go together")

    folder = RunFolder(arguments.run)
    run = folder.read_config()
    for stage in ("train", "constant"):
        require_same_config(folder.manifest(stage), stage_settings(run, stage), made_by=f"make {stage} RUN={run.name}")
    constant = read_json(folder.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
    source = arguments.pairs or TriplesFolder.named(run.data).part("test")
    output = arguments.output or folder.predictions
    receipt_path = output.with_suffix(".receipt.json") if arguments.output else folder.manifest("recover")
    pairs = read_table(source, PAIRS)
    inputs = {"pairs": source, "adapter": folder.adapter, "constant": folder.constant}
    with stage_receipt(receipt_path, stage="recover", config=stage_settings(run, "recover"), inputs=inputs) as receipt:
        answers = []
        for method in ("adapter",) if arguments.pairs else run.recover.methods:
            own = answers_by(method, run, folder.adapter, constant)(pairs).assign(method=method)
            receipt.counts[method] = own["answered_by"].value_counts().to_dict()
            answers.append(own)
        write_table(pd.concat(answers, ignore_index=True), output, PREDICTIONS, key=("method", "id"))
        receipt.outputs.append(output)
    print(f"{output}: {receipt.counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
