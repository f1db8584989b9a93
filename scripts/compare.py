"""Compare a run's methods, each a finished run folder of its own: runs/compare/<name>/report.html."""

from prompt_recovery.config import ladder
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import whole_or_absent
from prompt_recovery.methods import METHODS
from prompt_recovery.places import TriplesFolder, run_parser


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    asked = parser.parse_args()
    folder, methods, run = asked.run, asked.methods, asked.run.read_config()
    folders = {method: folder.of_method(method) for method in methods}
    for method in methods:
        folders[method].require(ladder(run)[method], "train", "recover", "score")
    from prompt_recovery.score.comparison import comparison_table, read_ladder  # a second to import
    from prompt_recovery.score.comparison_report import render_comparison

    rungs, facts = read_ladder(folders, run, TriplesFolder.named(run.data).part("test"))
    table = comparison_table(rungs, facts)
    with whole_or_absent(folder.comparison / "report.html") as partial:
        partial.write_text(render_comparison(run, rungs, facts), encoding="utf-8")
    with whole_or_absent(folder.comparison / "table.md") as partial:
        partial.write_text(table + "\n", encoding="utf-8")
    print(f"{table}\n\nreport: {folder.comparison / 'report.html'}")


if __name__ == "__main__":
    with readable_exit():
        main()
