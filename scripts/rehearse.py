"""Run a submission's notebook as Kaggle would, offline: the commit run, the hidden one, and with injected faults."""

import sys

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, write_json
from prompt_recovery.places import run_parser
from prompt_recovery.submit.rehearsal.cases import HIDDEN, chosen, few_batch, first_cases, other_cases
from prompt_recovery.submit.rehearsal.of_run import rehearsal_of
from prompt_recovery.submit.rehearsal.outcomes import as_row, projection, projection_line, table
from prompt_recovery.submit.rehearsal.rehearsing import rehearse_cases


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--python", default=sys.executable, help="whose environment stands for Kaggle's image")
    parser.add_argument("--cases", nargs="+", metavar="WORD", help="after the first two only cases with these words")
    asked = parser.parse_args()
    run, target = asked.run.read_config(), asked.run.submission
    from prompt_recovery.engines.embedder import load_embedder  # seconds to import

    rehearsal = rehearsal_of(asked.run, lambda: load_embedder(run.embedder), python=asked.python)
    print(f"rehearsal: {rehearsal.isolation.description}", flush=True)
    if not asked.cases:  # a part is shown and not recorded
        (target / "rehearsal.json").unlink(missing_ok=True)
    first = rehearse_cases(first_cases(), rehearsal)
    hidden = next(outcome for outcome in first if outcome.case == HIDDEN.name)
    others = other_cases(hidden.measured, few_batch(run))
    outcomes = first + rehearse_cases(chosen(others, asked.cases), rehearsal)
    projected = projection(hidden, run.submit)
    print(f"{table(outcomes)}\n{projection_line(projected)}")
    if not asked.cases:
        bundle_id = read_json(target / "manifest.json", made_by="make submit")["counts"]["bundle_id"]
        made = {"bundle_id": bundle_id, "libraries": hidden.report["libraries"], "projection": projected}
        write_json(target / "rehearsal.json", made | {"cases": [as_row(outcome) for outcome in outcomes]})


if __name__ == "__main__":
    with readable_exit():
        main()
