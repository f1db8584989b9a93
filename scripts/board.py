"""Score constants whose leaderboard scores are known on a run's validation prompts, and show the deviations."""

from pathlib import Path

from prompt_recovery.errors import readable_exit
from prompt_recovery.places import TriplesFolder, run_parser
from prompt_recovery.score.board import (
    board_table,
    compare_with_board,
    read_scored_constants,
    read_validation_prompts,
)


def main() -> None:
    parser = run_parser(__doc__)
    parser.add_argument("--constants", required=True, type=Path, help="CSV or Parquet of constants and their scores")
    parser.add_argument("--text-column", default="rewrite_prompt")
    parser.add_argument("--score-column", default="leaderboard_score")
    given = parser.parse_args()
    run = given.run.read_config()
    constants = read_scored_constants(given.constants, given.text_column, given.score_column)
    prompts = read_validation_prompts(TriplesFolder.named(run.data))
    from prompt_recovery.engines.embedder import load_embedder  # seconds to import

    comparison = compare_with_board(constants, prompts, load_embedder(run.embedder))
    print(board_table(comparison, is_the_boards=run.embedder.kind == "sentence-t5"))


if __name__ == "__main__":
    with readable_exit():
        main()
