"""Say what a run lacks before it is trained or uploaded; after an error of Kaggle's, what its likely causes are."""

import sys

from prompt_recovery.config import RunConfig
from prompt_recovery.config_file import load_toml
from prompt_recovery.errors import readable_exit
from prompt_recovery.places import CONFIGS, run_parser


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="run settings, such as lora.rank=8")
    parser.add_argument("--error", metavar="CLASS", help='what Kaggle showed, such as "Notebook Timeout"')
    asked = parser.parse_args()
    if asked.error:
        from prompt_recovery.submit.doctor.after import diagnosis

        return print(diagnosis(asked.error, asked.run.submission))
    run = load_toml(RunConfig, CONFIGS / "run" / f"{asked.run.path.name}.toml", asked.set)
    from prompt_recovery.submit.doctor.before import findings_before  # seconds to import
    from prompt_recovery.submit.doctor.finding import summary

    findings = findings_before(run, asked.run)
    print(f"run {run.name}: {summary(findings)}", *(finding.text() for finding in findings), sep="\n")
    if any(finding.state == "problem" for finding in findings):
        sys.exit(1)


if __name__ == "__main__":
    with readable_exit():
        main()
