import pytest
from conftest import PROJECT
from small_submission import LOG, RUN

from prompt_recovery.config import Recover
from prompt_recovery.errors import InputError
from prompt_recovery.submit.upload.submissions_log import LogRow, add_row, fill_board_scores, local_score

ROW = LogRow("2026-11-26", "tiny", "c0ffee", "abc", "minilm; S0 0.643")


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "LOG.md"
    path.write_text(LOG)
    return path


def test_the_projects_own_log_takes_a_row(tmp_path):
    log = tmp_path / "LOG.md"
    log.write_text((PROJECT / "submissions" / "LOG.md").read_text())
    add_row(log, ROW)
    assert log.read_text().endswith("\n| 2026-11-26 | tiny | c0ffee | abc | minilm; S0 0.643 | - |\n")


def test_a_bundle_has_one_row_a_run(log):
    for row in (ROW, ROW, LogRow("2026-11-27", "other", "c0ffee", "abc", "-"), ROW):
        add_row(log, row)
    assert len(log.read_text().splitlines()) == len(LOG.splitlines()) + 2


def test_scores_are_filled_in_where_there_are_none_of_this_run(log):
    for run, bundle, score in (
        ("tiny", "abc", "-"),
        ("tiny", "def", "0.5"),
        ("other", "abc", "-"),
        ("tiny", "ghi", "-"),
    ):
        add_row(log, LogRow("2026-11-26", run, "c0ffee", bundle, "minilm; S0 0.643", score))
    asked = []

    def score_of(bundle):
        asked.append(bundle)
        return {"abc": "0.61 | late"}.get(bundle, "")

    fill_board_scores(log, "tiny", score_of)
    assert asked == ["abc", "ghi"]
    rows = log.read_text().splitlines()[-4:]
    assert [row.rsplit("|", 2)[1].strip() for row in rows] == ["0.61 / late", "0.5", "-", "-"]


def test_a_log_without_its_table_is_an_error_and_stays(log):
    log.write_text("my notes")
    with pytest.raises(InputError, match=r"expected a table that begins with"):
        add_row(log, ROW)
    assert log.read_text() == "my notes"


@pytest.mark.parametrize(
    ("tracks", "said"),
    [((), "S0 0.100 / S1 0.200"), (("clean", "leaderboard"), "S0 0.400"), (("leaderboard", "clean"), "S0 0.500")],
)
def test_the_local_score_is_of_what_the_notebook_answers_with(tracks, said):
    scores = [(RUN.method, "S0", 0.1), (RUN.method, "S1", 0.2), ("choice", "S0", 0.4), ("leaderboard", "S0", 0.5)]
    document = {
        "embedder": "minilm",
        "scores": [dict(zip(("method", "split", "score"), one, strict=True)) for one in scores],
    }
    run = RUN.model_copy(update={"recover": Recover(tracks=tracks)})
    assert local_score(run, document) == f"minilm; {said}"
