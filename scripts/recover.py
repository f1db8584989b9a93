"""Recover prompts with a trained run: of any file of pairs, or of the run's own test split."""

from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, PAIRS, PREDICTIONS, read_table, write_table


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--pairs", type=Path, help="CSV or Parquet with id, original_text, rewritten_text")
    parser.add_argument("--output", type=Path, help="CSV or Parquet to write; its receipt is written beside it")
    asked = parser.parse_args()
    if bool(asked.pairs) != bool(asked.output):
        parser.error("--pairs and --output go together")
    folder, run = asked.run, asked.run.read_config()
    folder.require(run, *run.stages_before_recovery)
    source, output = asked.pairs or TriplesFolder.named(run.data).part("test"), asked.output or folder.predictions
    pairs, methods = read_table(source, PAIRS), run.answering[-1:] if asked.pairs else run.answering
    from prompt_recovery.recover.predictions import load_drawing, predict  # a second to import
    from prompt_recovery.recover.sources import source_files

    inputs, beside = source_files(run, folder, decided=True), asked.output and output.with_suffix(".receipt.json")
    with folder.receipt(run, "recover", path=beside, pairs=source, **inputs) as receipt:
        drawn = load_drawing(run, folder, alone=bool(asked.pairs))(pairs) if run.recover.tracks else None
        predictions, counts = predict(methods, pairs, run, folder, drawn)
        if drawn and not asked.pairs:
            write_table(drawn.hypotheses, folder.hypotheses("test"), HYPOTHESES, key=HYPOTHESIS_KEY)
            write_table(drawn.variants, folder.variants, PREDICTIONS, key=("method", "id"))
            receipt.outputs += [folder.hypotheses("test"), folder.variants]
        write_table(predictions, output, PREDICTIONS, key=("method", "id"))
        receipt.counts.update(counts)
        receipt.outputs.append(output)
    print(f"{output}: {counts}")


if __name__ == "__main__":
    with readable_exit():
        main()
