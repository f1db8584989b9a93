"""Print the scores of a run and where its report and its bundle are."""

from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json
from prompt_recovery.places import run_parser
from prompt_recovery.score.scoring import score_table


def main() -> None:
    folder = run_parser(__doc__).parse_args().run
    print(score_table(read_json(folder.score, made_by=f"make score RUN={folder.path.name}")))
    rehearsal = read_json(folder.submission / "rehearsal.json", made_by=f"make submit RUN={folder.path.name}")
    print(f"report:   {folder.report}")
    cases = f"{rehearsal['bundle_id']}, rehearsed in {len(rehearsal['cases'])} cases"
    print(f"bundle:   {folder.submission / 'bundle'} ({cases})")
    print(f"notebook: {folder.submission / 'notebook.ipynb'}")


if __name__ == "__main__":
    with readable_exit():
        main()
