import pandas as pd
import pytest

from prompt_recovery.config import Score
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.score.two_forms import score_two_forms, two_forms_table

TRUTH = pd.DataFrame({
    "id": list("abcd"), "rewrite_prompt": ["0"] * 4, "split": ["S0", "S0", "S0", "S1"], "family": list("fggf"),
})  # fmt: skip
UNMERGED = pd.DataFrame({"id": list("abcd"), "rewrite_prompt": ["0", "0", "60", "90"], "answered_by": "model"})
MERGED = pd.DataFrame({"id": list("dcba"), "rewrite_prompt": ["90", "0", "60", "0"], "answered_by": "model"})


def compare(embed, **answers):
    return score_two_forms(answers, TRUTH, lambda: Embedder("minilm", embed), Score())


def test_forms_are_compared_row_by_row_and_split_by_split(embed_angles):
    s0, s1 = compare(embed_angles, unmerged=UNMERGED, merged=MERGED)["differences"]
    assert s0["mean"] == pytest.approx((0 - 0.875 + 0.875) / 3, abs=1e-6)
    assert (s0["rows"], s0["same_answers"]) == (3, pytest.approx(1 / 3))
    assert (s1["mean"], s1["same_answers"]) == (pytest.approx(0, abs=1e-6), 1)


def test_the_difference_is_the_second_form_less_the_first(embed_angles):
    worse = MERGED.assign(rewrite_prompt="90")
    s0, _ = compare(embed_angles, unmerged=UNMERGED, merged=worse)["differences"]
    assert s0["low"] <= s0["mean"] <= s0["high"] < 0


def test_the_table_has_scores_and_differences_with_intervals(embed_angles):
    lines = two_forms_table(compare(embed_angles, unmerged=UNMERGED, merged=MERGED)).splitlines()
    assert lines[0] == "SCS with minilm, 95% intervals by family"
    assert [line.split()[0] for line in lines[2:4]] == ["unmerged", "merged"]
    assert lines[4] == "merged - unmerged, S0: +0.000 [+0.000, +0.000], p = 1.000, 33% of 3 answers the same"


def test_forms_that_did_not_answer_the_same_rows_are_refused(embed_angles):
    with pytest.raises(InputError, match=r"merged: 1 id\(s\) of the truth have no prediction"):
        compare(embed_angles, unmerged=UNMERGED, merged=MERGED.head(3))
