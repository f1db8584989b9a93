"""Compare rungs of a run's ladder, each a finished run folder of its own: runs/compare/<name>/report.html."""

from prompt_recovery.config import rungs_named
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import whole_or_absent
from prompt_recovery.places import TriplesFolder, run_parser


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--rungs", nargs="+", required=True, metavar="NAME", help="methods, or stages of its chain")
    asked = parser.parse_args()
    folder, run = asked.run, asked.run.read_config()
    rungs = rungs_named(run, asked.rungs)
    folders = {name: folder.rung(name) for name in rungs}
    for name, own in rungs.items():
        folders[name].require(own, "train", "recover", "score")
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
