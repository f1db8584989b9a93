"""Fit on validation rows how a run's answers are chosen among hypotheses: runs/<name>/choice.json."""

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import write_json
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, TRIPLES, read_table, write_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    run = folder.read_config()
    valid = TriplesFolder.named(run.data).part("valid")
    if not run.recover.tracks:
        with folder.receipt(run, "choose", valid=valid):
            return print("recover.tracks is empty: nothing is chosen")
    folder.require(run, "train", "constant", "vector")
    truth = read_table(valid, TRIPLES)
    from prompt_recovery.recover.predictions import fitted_decision  # seconds to import
    from prompt_recovery.recover.sources import source_files

    with folder.receipt(run, "choose", valid=valid, **source_files(run, folder)) as receipt:
        decision, gathered = fitted_decision(truth, run, folder)
        write_table(gathered.evidence.hypotheses, folder.hypotheses("valid"), HYPOTHESES, key=HYPOTHESIS_KEY)
        write_json(folder.choice, decision.to_json())
        receipt.outputs += [folder.hypotheses("valid"), folder.choice]
        receipt.counts["seconds"] = gathered.seconds
    print(f"{folder.choice}: {decision.summary()}")


if __name__ == "__main__":
    with readable_exit():
        main()
