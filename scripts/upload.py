"""Upload a rehearsed bundle to Kaggle, run its notebook there, submit it if asked to: once, however often it is run."""

from prompt_recovery.config import stage_settings
from prompt_recovery.errors import readable_exit
from prompt_recovery.manifest import read_json, require_same_config
from prompt_recovery.places import run_parser
from prompt_recovery.submit.upload.patience import Patience
from prompt_recovery.submit.upload.rehearsed import read_rehearsed
from prompt_recovery.submit.upload.submissions_log import local_score
from prompt_recovery.submit.upload.uploading import Wanted, upload


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--submit", action="store_true", help="submit to the competition, once for each bundle")
    parser.add_argument("--wait-for-score", action="store_true", help="wait until the submission is scored")
    parser.add_argument("--poll-seconds", type=float, default=5.0, help="before Kaggle is asked again, growing")
    parser.add_argument("--limit-hours", type=float, default=10.0, help="of waiting for one thing")
    arguments = parser.parse_args()
    folder = arguments.run
    run, target = folder.read_config(), folder.submission
    made_by = f"make submit RUN={run.name}"
    require_same_config(target / "manifest.json", stage_settings(run, "submit"), made_by=made_by)
    seconds = arguments.poll_seconds
    upload(
        read_rehearsed(run, target),
        Wanted(arguments.submit, arguments.wait_for_score),
        Patience(seconds, 12 * seconds, 3_600 * arguments.limit_hours),
        log=target.parent / "LOG.md",
        local_score=local_score(run, read_json(folder.score, made_by=f"make score RUN={run.name}")),
    )


if __name__ == "__main__":
    with readable_exit():
        main()
