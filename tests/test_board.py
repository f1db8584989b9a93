"""Constants of known scores on validation prompts: ours, the deviations, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.places import TriplesFolder
from prompt_recovery.score.board import (
    board_table,
    compare_with_board,
    read_scored_constants,
    read_validation_prompts,
)
from prompt_recovery.tables import TRIPLES, write_table


@pytest.fixture
def folder(tmp_path, triples) -> TriplesFolder:
    """Three rows at 0 degrees, one at 90."""
    write_table(triples.assign(rewrite_prompt=["0", "0", "90", "0"]), tmp_path / "valid.parquet", TRIPLES)
    return TriplesFolder(tmp_path)


@pytest.fixture
def compared(folder, embed_angles):
    constants = pd.DataFrame({"rewrite_prompt": ["0", "60", "90"], "board": [0.7, 0.2, 0.25]})
    embedder = Embedder("angles", embed_angles, lambda texts: [int(text) * 2 for text in texts])
    return compare_with_board(constants, read_validation_prompts(folder), embedder)


def test_a_constant_scores_its_mean_over_the_rows_of_valid(compared):
    expected = [0.75, 0.75 * 0.125 + 0.25 * (0.75**0.5) ** 3, 0.25]
    np.testing.assert_allclose(compared.constants["ours"], expected, atol=1e-12)
    np.testing.assert_allclose(compared.constants["deviation"], np.array(expected) - [0.7, 0.2, 0.25], atol=1e-12)
    assert compared.mean_deviation == pytest.approx((0.05 + abs(expected[1] - 0.2)) / 3)
    assert compared.spearman == pytest.approx(0.5)  # the last two are the other way round: 0.2561 and 0.25


def test_a_calibration_gives_the_weights_instead_of_the_rows(folder, embed_angles):
    weights = pd.DataFrame({"rewrite_prompt": ["0", "90"], "weight": [0.1, 0.9]})
    weights.to_parquet(folder.calibration)
    prompts = read_validation_prompts(folder)
    assert "fitted to a board" in prompts.origin
    constants = pd.DataFrame({"rewrite_prompt": ["0", "90"], "board": [0.0, 0.5]})
    compared = compare_with_board(constants, prompts, Embedder("angles", embed_angles))
    np.testing.assert_allclose(compared.constants["ours"], [0.1, 0.9], atol=1e-12)


def test_the_table_shows_every_constant_marks_the_long_ones_and_says_whose_scores_they_are(compared):
    table = board_table(compared, is_the_boards=False)
    lines = table.splitlines()
    assert lines[0].startswith("2 prompts, every row of ") and lines[0].endswith("embedder angles")
    assert lines[2].split() == ["0.700", "0.750", "+0.050", "0"]
    assert [line.split()[-1] for line in lines[2:5]] == ["0", "60", "*90"]  # 180 pieces
    assert "mean absolute deviation" in lines[5] and "Spearman 0.500" in lines[5]
    assert "the scores of angles are not the board's" in lines[6]
    assert board_table(compared, is_the_boards=True).splitlines() == lines[:-1]


def test_constants_are_read_as_text_and_numbers(tmp_path):
    file = tmp_path / "board.csv"
    file.write_text("rewrite_prompt,leaderboard_score,board\n" + '"Improve, NA.",0.61,public\nz,0.4,public\n')
    read = read_scored_constants(file, "rewrite_prompt", "leaderboard_score")
    assert read.to_dict("list") == {"rewrite_prompt": ["Improve, NA.", "z"], "board": [0.61, 0.4]}


@pytest.mark.parametrize(
    "content, message",
    [
        ("rewrite_prompt,score\nz,0.4\n", "no column leaderboard_score; found: rewrite_prompt, score"),
        ("text,leaderboard_score\nz,0.4\n", "no column rewrite_prompt"),
        ("rewrite_prompt,leaderboard_score\na,0.4\nz,~0.69\n", "row 1: leaderboard_score '~0.69', expected a score"),
        ("rewrite_prompt,leaderboard_score\nz,61\n", r"row 0: leaderboard_score '61', expected a score in \[-1, 1\]"),
        ("rewrite_prompt,leaderboard_score\nz,\n", "row 0: leaderboard_score ''"),
        ("rewrite_prompt,leaderboard_score\nz,0.4\nz,0.5\n", "'z' occurs a second time"),
    ],
)
def test_a_table_that_is_no_board_is_refused_with_its_row(tmp_path, content, message):
    file = tmp_path / "board.csv"
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        read_scored_constants(file, "rewrite_prompt", "leaderboard_score")
