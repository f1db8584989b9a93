import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Base, RunConfig, Score
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.score.intervals import cluster_bootstrap
from prompt_recovery.score.report import render_report
from prompt_recovery.score.run_scores import RunScores
from prompt_recovery.score.scoring import SplitScore, score_predictions, score_table

TRUTH = pd.DataFrame({
    "id": list("abcd"),
    "rewrite_prompt": ["0", "0", "0", "60"],
    "split": ["S0", "S0", "S1", "S1"],
    "family": ["f", "g", "f", "g"],
    "original_text": "The <kettle> sang.",
    "rewritten_text": "Arr!",
})  # fmt: skip
PREDICTIONS = pd.DataFrame({
    "id": list("dcba") * 2,
    "rewrite_prompt": ["0"] * 4 + ["60", "60", "90", "0"],
    "method": ["constant"] * 4 + ["adapter"] * 4,
    "answered_by": ["constant"] * 4 + ["model", "model", "constant", "model"],
})  # fmt: skip


RUN = RunConfig(name="tiny", data="some", base=Base(model="a/base"))
TRAINED = {"rows": 1000, "steps": 50, "tokens": 90_000, "seconds": 12.3, "trainable_parameters": 4_096}
TRAINED |= {"best_step": 2, "runs_before": []}


def score(embed, predictions=PREDICTIONS, truth=TRUTH, name="minilm"):
    return score_predictions(predictions, truth, lambda: Embedder(name, embed), Score())


def test_rows_are_joined_by_id_and_scored_by_the_cube(embed_angles):
    rows, _ = score(embed_angles)
    scores = rows[rows["method"] == "adapter"].set_index("id")["score"]
    assert scores.to_dict() == pytest.approx({"a": 1.0, "b": 0.0, "c": 0.125, "d": 1.0}, abs=1e-9)


def test_methods_and_splits_are_reported_apart(embed_angles):
    scores = [SplitScore(**one) for one in score(embed_angles)[1]["scores"]]
    found = {(s.method, s.split): (s.score, s.rows, s.families, s.answered_by_constant) for s in scores}
    assert found == {
        ("constant", "S0"): (pytest.approx(1.0), 2, 2, 2),
        ("constant", "S1"): (pytest.approx(0.5625), 2, 2, 2),
        ("adapter", "S0"): (pytest.approx(0.5), 2, 2, 1),
        ("adapter", "S1"): (pytest.approx(0.5625), 2, 2, 0),
    }
    assert [score.method for score in scores] == ["constant", "constant", "adapter", "adapter"]


def test_bare_files_are_scored_as_one_split(embed_angles):
    truth, predictions = TRUTH[["id", "rewrite_prompt"]], PREDICTIONS[["id", "rewrite_prompt"]].head(4)
    (found,) = score(embed_angles, predictions, truth)[1]["scores"]
    assert (found["method"], found["split"], found["rows"], found["families"]) == ("predictions", "all", 4, 2)


def test_missing_and_unknown_ids_are_named(embed_angles):
    predictions = PREDICTIONS.replace({"id": {"b": "z"}})
    with pytest.raises(InputError, match=r"1 id\(s\) of the truth have no prediction \(first: \['b'\]\), 1 .*\['z'\]"):
        score_predictions(predictions, TRUTH, load_embedder=lambda: pytest.fail("loaded too early"), settings=Score())


def test_the_table_and_the_document_name_the_embedder(embed_angles):
    _, document = score(embed_angles)
    table = score_table(document)
    assert document["embedder"] == "minilm"
    assert table.splitlines()[0] == "SCS with minilm, 95% intervals by family"
    assert "S0 (2 rows, 2 families)" in table
    assert "1.000 [1.000, 1.000]" in table


def test_the_tracks_have_tables_of_their_own(embed_angles):
    predictions = PREDICTIONS.replace({"method": {"adapter": "leaderboard"}})
    rows, document = score(embed_angles, predictions)
    lines = score_table(document).splitlines()
    assert [line.split(" | ")[0].strip() for line in lines[2:]] == [
        "constant", "leaderboard track: texts made for the metric alone", "leaderboard"
    ]  # fmt: skip
    page = render_report(RUN, RunScores(rows, document, {}), [], TRAINED)
    assert "Score by split, track clean" in page and "Score by split, track leaderboard" in page
    assert "Best rows (constant)" in page  # never a text of the other track


def test_scores_are_told_by_source_too_where_sources_are_known(embed_angles):
    truth = TRUTH.assign(original_source=["mail", "verse", "mail", "mail"], original_group=["a", "b", "c", "d"])
    rows, document = score(embed_angles, truth=truth)
    found = {(one["source"], one["split"], one["method"]): (one["score"], one["rows"]) for one in document["sources"]}
    assert found["mail", "S1", "adapter"] == (pytest.approx(0.5625), 2)
    assert found["verse", "S0", "adapter"] == (pytest.approx(0.0, abs=1e-9), 1)
    page = render_report(RUN, RunScores(rows, document, {}), [], TRAINED)
    assert "By source of the original, S1" in page and '<span class="best">1.000</span>' in page
    assert score(embed_angles)[1]["sources"] == []


def test_the_interval_of_a_source_is_by_originals_where_these_are_fewer(embed_angles):
    several = TRUTH.assign(split="S1", original_source="mail", original_group=["a", "b", "c", "d"])
    by_family, by_text = (
        {one["method"]: one for one in score(embed_angles, truth=truth)[1]["sources"]}["adapter"]
        for truth in (several, several.assign(original_group="the one text"))
    )
    assert by_family["originals"] == 4 and -1 < by_family["low"] < by_family["high"] < 1
    assert by_text["originals"] == 1 and (by_text["low"], by_text["high"]) == (-1, 1)
    assert by_text["score"] == by_family["score"]


def test_the_report_stands_alone_and_escapes_texts(embed_angles):
    rows, document = score(embed_angles)
    seen = {"step": 2, "valid S0": 2.5, "valid S1": 2.6, "SCS S0": 0.5, "SCS S1": 0.4}
    curve = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0}, seen]
    page = render_report(RUN, RunScores(rows, document, {}), curve, TRAINED)
    assert page.count("<svg") == 3
    assert "a/base, nf4" in page and "started from" not in page and "1,000 triples of some, 90,000 tokens seen" in page
    assert "src=" not in page and 'href="http' not in page
    assert "The &lt;kettle&gt; sang." in page and "<kettle>" not in page
    assert "not the competition&#39;s" in page or "not the competition's" in page
    assert "Best rows (adapter)" in page and "Worst rows (adapter)" in page
    assert page == render_report(RUN, RunScores(rows, document, {}), curve, TRAINED)


def test_a_chained_run_says_what_came_before(embed_angles):
    before = [
        {"run": "one", "rows": 9_000, "data": "general", "seconds": 70.4},
        {"run": "two", "rows": 800, "data": "kind", "seconds": 9.0},
    ]
    page = render_report(RUN, RunScores(*score(embed_angles), {}), [], TRAINED | {"runs_before": before})
    assert "<dd>one (9,000 triples of general, 70 s), then two (800 triples of kind, 9 s)</dd>" in page


def test_a_run_without_a_model_has_a_report_too(embed_angles):
    run = RunConfig(name="tiny", data="some", method="nearest")
    page = render_report(run, RunScores(*score(embed_angles), {}), [], {"trainable_parameters": 0})
    assert "<dt>base</dt><dd>none</dd>" in page and "<dt>trained</dt><dd>nothing</dd>" in page
    assert page.count("<svg") == 2


def test_of_many_families_the_report_shows_the_best_and_the_worst(embed_angles):
    families = [f"family{n:03}" for n in range(100)]
    truth = pd.DataFrame({"id": families, "rewrite_prompt": "0", "family": families, "split": "S0"})
    truth = truth.assign(original_text="a", rewritten_text="b")
    predictions = pd.DataFrame({"id": families, "rewrite_prompt": [str(n / 2) for n in range(100)]})
    page = render_report(
        RUN, RunScores(*score(embed_angles, predictions, truth), {}), [{"step": 1, "loss": 3.0}], TRAINED
    )
    assert [family for family in families if f">{family}<" in page] == [*families[:30], *families[-30:]]


def test_families_named_by_long_prompts_leave_room_for_their_scores(embed_angles, recwarn):
    long = {name: f"Rewrite <{name}>\nwith " + "very " * 80 + "long words." for name in "fg"}
    truth = TRUTH.assign(family=TRUTH["family"].map(long), split="S2")
    page = render_report(RUN, RunScores(*score(embed_angles, truth=truth), {}), [], TRAINED)
    assert "Rewrite &lt;f&gt; with very" in page and "long words." not in page[: page.index("Distribution of")]
    assert not [warning for warning in recwarn if "layout" in str(warning.message)]


def test_the_report_of_the_competition_embedder_has_no_warning(embed_angles):
    curve = [{"step": 1, "loss": 3.0}, {"step": 1, "valid S0": 2.5}]
    page = render_report(RUN, RunScores(*score(embed_angles, name="sentence-t5"), {}), curve, TRAINED)
    assert "is not the competition" not in page


def test_the_interval_holds_whole_clusters_together():
    scores = np.repeat([0.0, 1.0], 50)
    rows_apart = cluster_bootstrap(scores, [str(i) for i in range(100)], confidence=0.95, samples=2_000)
    two_clusters = cluster_bootstrap(scores, ["a"] * 50 + ["b"] * 50, confidence=0.95, samples=2_000)
    assert two_clusters == (0.0, 1.0)
    assert cluster_bootstrap(scores, ["a"] * 100, confidence=0.95, samples=2_000) == (-1.0, 1.0)
    assert rows_apart == pytest.approx((0.40, 0.60), abs=0.02)


def test_the_interval_covers_the_mean_in_95_of_100_worlds():
    rng = np.random.default_rng(1)
    covered = 0
    for world in range(400):
        families = np.repeat(np.arange(40), 5)
        scores = rng.normal(0.5, 0.2, size=40)[families] + rng.normal(0, 0.1, size=200)
        low, high = cluster_bootstrap(scores, families, confidence=0.95, samples=1_000, seed=world)
        covered += low <= 0.5 <= high
    assert 0.92 <= covered / 400 <= 0.98
