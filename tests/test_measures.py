import json

import pandas as pd
import pytest

from prompt_recovery.config import Score
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.page import render_page
from prompt_recovery.score.measures import Known, measure
from prompt_recovery.score.measures_report import measures_table, measures_values
from prompt_recovery.score.scoring import join_truth, score_rows

TRUTH = pd.DataFrame({
    "id": list("abcd"),
    "rewrite_prompt": ["0", "60", "0", "60"],
    "split": ["S0", "S0", "S2", "S2"],
    "family": ["f", "g", "f", "g"],
})  # fmt: skip
PREDICTIONS = pd.DataFrame({
    "id": list("abcd") * 2,
    "method": ["constant"] * 4 + ["choice"] * 4,
    "rewrite_prompt": ["90"] * 4 + ["0", "30", "60", "60"],
    "confidence": [None] * 4 + [0.9, 0.2, 0.1, 0.8],
})  # fmt: skip
KNOWN = Known(
    training=pd.DataFrame({"rewrite_prompt": ["0", "30", "45"], "family": ["f", "f", "g"]}),
    hypotheses=pd.DataFrame({"id": list("abcd"), "rewrite_prompt": ["0", "60", "30", "60"]}),
)
SETTINGS = Score(bootstrap_samples=200)


@pytest.fixture
def scored(embed_angles):
    return score_rows(join_truth(PREDICTIONS, TRUTH), embed_angles)


@pytest.fixture
def measured(scored, embed_angles):
    backwards = Embedder("backwards", lambda texts: embed_angles([str(90 - float(text) / 2) for text in texts]))
    return measure(scored, embed_angles, SETTINGS, KNOWN, second=backwards)


def of(lines, **key):
    (found,) = [one for one in lines if all(one[name] == value for name, value in key.items())]
    return found


def test_each_row_has_its_measures(measured):
    rows = measured[0][measured[0]["method"] == "choice"].set_index("id")
    assert rows["exact_match"].to_dict() == rows["rouge_l"].to_dict() == {"a": 1, "b": 0, "c": 0, "d": 1}
    assert rows["rank"].to_dict() == {"a": 1, "b": 4, "c": 4, "d": 1}  # of 0, 30, 45, 60; b: 0 is as far as 60
    assert rows["floor"].to_dict() == pytest.approx({"a": 0, "b": 0.6495, "c": 0, "d": 0.6495}, abs=1e-3)


def test_means_stand_by_method_and_split(measured):
    means = measured[1]["means"]
    assert measured[1]["bank"] == 4
    half = of(means, measure="recall@1", method="choice", split="S0")
    assert (half["mean"], half["rows"], half["low"], half["high"]) == (0.5, 2, 0, 1)
    assert of(means, measure="recall@5", method="choice", split="S2")["mean"] == 1
    assert of(means, measure="token_f1", method="constant", split="S0")["mean"] == 0
    assert len(means) == 2 * 2 * 6


def test_skill_has_the_ceilings_that_are_known(measured, scored, embed_angles):
    skills = measured[1]["skills"]
    best = of(skills, split="S2", ceiling_name="best hypothesis")
    assert (best["score"], best["floor"]) == (pytest.approx(0.5625), pytest.approx(0.3248, abs=1e-3))
    assert best["ceiling"] == pytest.approx((0.6495 + 1) / 2, abs=1e-3)
    assert best["skill"] == pytest.approx((0.5625 - 0.3248) / (0.8248 - 0.3248), abs=1e-3)
    nearest = of(skills, split="S0", ceiling_name="nearest training prompt")
    assert nearest["ceiling"] == pytest.approx((1 + 0.9012) / 2, abs=1e-3)  # 0 itself; 45 for 60
    family = of(skills, split="S0", ceiling_name="another of the family")
    assert family["ceiling"] == pytest.approx((0.6495 + 0.9012) / 2, abs=1e-3)  # 30 for 0, 45 for 60
    assert {one["method"] for one in skills} == {"choice"}
    unknown = measure(scored, embed_angles, SETTINGS)[1]["skills"]
    assert unknown == []  # one prompt a family, nothing else known


def test_without_a_constant_there_is_no_floor_and_no_skill(scored, embed_angles):
    document = measure(scored[scored["method"] == "choice"], embed_angles, SETTINGS, KNOWN)[1]
    assert (document["skills"], document["second"]) == ([], None)
    assert "Skill" not in measures_table(document) and "second embedder" not in measures_table(document)


def test_confidence_is_held_against_the_score_of_its_own_method(measured):
    (one, other) = measured[1]["confidence"]
    assert (one["method"], one["split"], one["rows"]) == ("choice", "S0", 2)
    assert (one["spearman"], one["gain"]) == (None, pytest.approx(1))  # of two rows no rank
    assert (other["split"], other["area"]) == ("S2", pytest.approx((1 + 0.5625) / 2))


def test_the_second_embedder_scores_apart_under_its_name(measured):
    second = measured[1]["second"]
    assert second["embedder"] == "backwards"
    assert of(second["scores"], method="choice", split="S0")["score"] == pytest.approx((1 + 0.9012) / 2, abs=1e-3)


def test_the_document_is_json_and_its_table_has_a_line_a_method_and_split(measured):
    table = measures_table(json.loads(json.dumps(measured[1], allow_nan=False)))
    head, names, *lines = table.splitlines()
    assert head == "Beside SCS: shared words; recall among 4 prompts, by chance 0.250, 1.000, 1.000"
    assert names.split() == ["ROUGE-L", "token", "F1", "exact", "match", "recall@1", "recall@5", "recall@10"]
    assert lines[1].split() == ["S0", "choice", *["0.500"] * 4, "1.000", "1.000"]
    assert "SCS with backwards" in table and "at best" in table and "+0.48 [0.825]" in table


def test_the_section_of_the_page_says_the_same(measured):
    page = render_page(
        "score/report.html.j2", name="n", facts={}, splits=[], tracks=[], sources=[], ablations={}, figures=[],
        samples=[], document={"embedder": "minilm", "confidence": 0.95}, measures=measures_values(measured[1]),
    )  # fmt: skip
    for words in (
        "Beside SCS",
        "by chance 0.250, 1.000, 1.000",
        "+0.48",
        "By a second embedder: backwards",
        "recall@10",
    ):
        assert words in page
