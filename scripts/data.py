"""Make the triples of a data config: data/triples/<name>/{train,valid,test}.parquet, report.html and their manifest."""

import argparse

from prompt_recovery.data.calibration.calibrated_validation import calibrate_validation
from prompt_recovery.data.generation import generate
from prompt_recovery.data.triples import make_triples
from prompt_recovery.engines.embedder import remembering_embedder
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import stage_receipt, whole_or_absent
from prompt_recovery.places import TriplesFolder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="name of a folder in data/triples that `make data` configured")
    parser.add_argument("--retry-failures", action="store_true", help="ask again for the rewrites that failed")
    arguments = parser.parse_args()
    folder = TriplesFolder.named(arguments.data)
    settings = folder.read_config()
    config, inputs = settings.model_dump(mode="json"), settings.files()
    with stage_receipt(folder.manifest, stage="data", config=config, inputs=inputs) as receipt:
        embed = remembering_embedder(settings.clustering.embedder)
        generated = generate(settings, folder, embed, retry_failures=arguments.retry_failures)
        receipt.counts.update(make_triples(settings, generated, folder, embed))
        board = calibrate_validation(settings, folder, remembering_embedder(settings.calibration.embedder))
        receipt.counts.update({"calibration": board.counts()} if board else {})
        from prompt_recovery.data.report.data_report import render_data_report  # a second to import
        from prompt_recovery.data.report.report_samples import report_facts

        with whole_or_absent(folder.report) as partial:
            page = render_data_report(report_facts(settings, folder, receipt.counts, embed, board))
            partial.write_text(page, encoding="utf-8")
        receipt.outputs += folder.outputs()
    print(f"{folder.path}: {receipt.counts}\n{folder.report}")


if __name__ == "__main__":
    with readable_exit():
        main()
