import json

import numpy as np
import pandas as pd
import pytest

from prompt_recovery import config
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.recover.leaderboard.answered_rows import AnsweredRows
from prompt_recovery.recover.leaderboard.cluster_constants import ClusterConstants, fit_cluster_constants
from prompt_recovery.recover.leaderboard.combination_fitting import (
    FittingRows,
    combination_variants,
    fit_combination,
    used_ingredients,
)
from prompt_recovery.recover.leaderboard.combining import Combination, combination_of, combine
from prompt_recovery.recover.leaderboard.text_parts import Part, held, new_words, spelt
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.score.ablation import ingredients_of
from prompt_recovery.tables import READS_AS_NULL

AXES = {word: place for place, word in enumerate("make improve text poem letter sad formal pirate draw".split())}
CONSTANT = "improve the text"


def embed(texts) -> np.ndarray:
    """A sum of one axis a known word, as unit vectors; the last axis is every text's, and `draw` lies near it."""
    vectors = np.zeros((len(texts), len(AXES) + 1), dtype=np.float32)
    for row, text in enumerate(texts):
        vectors[row, -1] = 1
        for word in text.lower().replace(".", "").split():
            if word in AXES:
                vectors[row, AXES[word]] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def count_words(texts) -> list[int]:
    return [len(text.split()) for text in texts]


def limit(max_pieces=127, count=count_words) -> PieceLimit:
    return PieceLimit(count, max_pieces)


def ranking(*answers) -> pd.DataFrame:
    """A row an answer: id, text, kind, utility."""
    return pd.DataFrame(answers, columns=["id", "rewrite_prompt", "kind", "utility"])


RANKING = ranking(
    ("a", "make the text a poem", "model", 0.6),
    ("a", "Make the text  a poem", "model", 0.6),
    ("a", "make it sad", "retrieved", 0.5),
    ("b", "make it formal", "decoded", 0.2),
    ("b", "a letter", "retrieved", 0.1),
)
TRUTHS = ["make a sad poem", "make a formal letter"]
ROWS = AnsweredRows(RANKING)
WITH_MEANS = AnsweredRows(RANKING, embed(TRUTHS))


def texts(combination, rows=ROWS, max_pieces=127) -> list[str]:
    return combine(combination, rows, embed, limit(max_pieces))["rewrite_prompt"].tolist()


def test_each_core_stands_alone_where_nothing_else_is_wished():
    free = AnsweredRows(RANKING, free=["sad sad", "letter"])
    assert texts(Combination(CONSTANT)) == [CONSTANT] * 2
    assert texts(Combination(CONSTANT, "answer")) == ["make the text a poem", "make it formal"]
    assert texts(Combination(CONSTANT, "free"), free) == ["sad sad", "letter"]


def test_the_best_different_answers_come_one_behind_the_other():
    both = texts(Combination(CONSTANT, "answer", answers=2))
    assert both == ["make the text a poem make it sad", "make it formal a letter"]
    assert texts(Combination(CONSTANT, "answer", answers=9)) == both


def test_with_means_only_answers_that_bring_the_text_nearer_are_added():
    one = ranking(("a", "make", "model", 0.5), ("a", "pirate", "model", 0.4), ("a", "poem", "model", 0.3))
    for mean in (embed(["make poem"]), 2 * embed(["make"]) + embed(["poem"])):  # an answer is not said twice
        rows = AnsweredRows(one, mean)
        assert texts(Combination(CONSTANT, "answer", answers=3), rows) == ["make poem"]


def test_the_constant_stands_before_or_after_the_answer():
    assert texts(Combination(CONSTANT, "answer", constant_place="after"))[1] == "make it formal improve the text"
    assert texts(Combination(CONSTANT, "answer", constant_place="before"))[1] == "improve the text make it formal"


@pytest.mark.parametrize(
    ("slot", "filled"),
    [
        (0.0, "make a poem improve the text"),
        (1 / 3, "improve make a poem the text"),
        (1.0, "improve the text make a poem"),
    ],
)
def test_only_words_that_the_constant_lacks_go_into_its_slot(slot, filled):
    assert texts(Combination(CONSTANT, slot=slot))[0] == filled


def test_words_are_new_whatever_their_case_and_punctuation_and_once():
    assert new_words("Improve the TEXT, as a Poem: a poem! ...", "improve the text.") == ["as", "a", "Poem:"]


def test_an_unsure_answer_leaves_the_constant_as_it_is():
    found = combine(Combination(CONSTANT, slot=1.0, min_confidence=0.5), ROWS, embed, limit())
    assert found["rewrite_prompt"].tolist() == ["improve the text make a poem", CONSTANT]
    assert found["answered_by"].tolist() == ["model", "constant"]
    assert texts(Combination(CONSTANT, "answer", min_confidence=0.5)) == ["make the text a poem", CONSTANT]


def test_a_clusters_constant_is_used_only_where_prediction_and_answer_agree():
    clusters = ClusterConstants(tuple(map(tuple, embed(["poem sad", "letter formal"]).tolist())), ("SAD", "FORMAL"))
    agreeing = AnsweredRows(RANKING, 0.1 * embed(["poem", "letter"]))
    crossed = AnsweredRows(RANKING, embed(["letter", "letter"]))
    combination = Combination(CONSTANT, clusters=clusters)
    assert texts(combination, agreeing) == ["SAD", "FORMAL"]
    assert texts(combination, crossed) == [CONSTANT, "FORMAL"]
    assert texts(combination, ROWS) == [CONSTANT, CONSTANT]  # no prediction, no agreement
    null = Combination(CONSTANT, clusters=ClusterConstants(clusters.centres, ("nan", "FORMAL")), suffix="draw")
    assert texts(null, agreeing) == [f"{CONSTANT} draw", "FORMAL draw"]


def test_a_vector_belongs_to_a_cluster_by_its_direction():
    clusters = ClusterConstants(((0.9, 0.0), (0.1, 0.3)), ("long", "short"))
    assert clusters.agreed(np.array([[0.05, 0.0]]), np.array([[1.0, 0.0]])) == ["long"]


def test_each_cluster_of_training_prompts_has_the_constant_of_its_own():
    weight = {"sad poem": 3.0, "poem": 1.0, "formal letter": 1.0, "letter": 2.0, "nan": 9.0}
    found = fit_cluster_constants(weight, embed, lambda own: max(own, key=own.get), clusters=2, seed=0)
    assert sorted(found.constants) == ["letter", "sad poem"]
    heavy = found.centres[found.constants.index("sad poem")]
    assert heavy == pytest.approx((3 * embed(["sad poem"])[0] + embed(["poem"])[0]) / 4)
    assert len(fit_cluster_constants({"poem": 1.0}, embed, min, clusters=8, seed=0).constants) == 1


def test_the_suffix_is_the_last_word():
    rows = texts(Combination(CONSTANT, "answer", constant_place="after", suffix="draw"))
    assert rows[1] == "make it formal improve the text draw"


@pytest.mark.parametrize("words", [126, 127, 128, 300])
@pytest.mark.parametrize("core", ["answer", "constant"])
def test_no_text_is_over_127_pieces_and_a_shorter_one_stays_whole(words, core):
    long = " ".join(f"w{number}" for number in range(words))
    own = AnsweredRows(ranking(("a", long if core == "answer" else "poem", "model", 0.5)))
    constant = "improve" if core == "answer" else long
    (text,) = texts(Combination(constant, core, suffix="draw"), own)
    assert len(text.split()) == min(words + 1, 127)
    assert text.endswith(" draw") and (words > 126 or long in text)


def test_what_is_over_the_cap_goes_in_order_further_answers_then_constant_then_answer():
    combination = Combination(CONSTANT, "answer", answers=2, constant_place="after", suffix="draw")
    assert [texts(combination, max_pieces=cap)[1] for cap in (9, 8, 7, 6, 5, 2, 1)] == [
        "make it formal a letter improve the text draw",
        "make it formal improve the text draw",
        "make it formal improve the text draw",
        "make it formal improve the draw",
        "make it formal improve draw",
        "make draw",
        "draw",
    ]


def test_of_a_filled_constant_the_new_words_go_first():
    combination = Combination(CONSTANT, slot=1 / 3, suffix="draw")
    assert texts(combination, max_pieces=6)[0] == "improve make a the text draw"
    assert texts(combination, max_pieces=3)[0] == "improve the draw"


def test_one_huge_word_is_cut_within():
    letters = limit(127, lambda texts: [len(text) for text in texts])
    (text,) = held([(Part("x" * 100_000, 0), Part("poem", 1))], letters)
    assert 100 < len(text) <= 127 and set(text) == {"x"}


def test_texts_keep_their_words_only():
    assert spelt((Part(" a\n b ", 0), Part("", 0), Part("c", 0))) == "a b c"


@pytest.mark.parametrize("core", ["answer", "constant", "free"])
def test_no_row_is_answered_with_nothing_or_with_what_reads_as_null(core):
    nulls = [*sorted(READS_AS_NULL), "  ", " nan\n", None, "🎉", "नमस्ते"]
    own = ranking(*((str(row), text, "model", np.nan) for row, text in enumerate(nulls)))
    rows = AnsweredRows(own, free=["null"] * len(nulls))
    found = combine(Combination(CONSTANT, core, answers=2), rows, embed, limit())
    assert not set(found["rewrite_prompt"].str.strip()) & READS_AS_NULL
    spoken = ["🎉", "नमस्ते"] if core != "constant" else [CONSTANT] * 2
    assert found["rewrite_prompt"].tolist() == [CONSTANT] * (len(nulls) - 2) + spoken
    kinds = ["model" if core != "constant" else "constant"] * 2
    assert found["answered_by"].tolist() == ["constant"] * (len(nulls) - 2) + kinds


def test_a_text_that_the_cut_makes_null_becomes_the_constant():
    own = AnsweredRows(ranking(("a", "None of it", "model", 0.5)))
    assert texts(Combination("improve", "answer"), own, max_pieces=1) == ["improve"]


def test_the_confidence_is_the_expected_score_of_the_text_that_is_given():
    own = combine(Combination(CONSTANT, "answer"), AnsweredRows(RANKING, 0.5 * embed(TRUTHS)), embed, limit())
    expected = sharpened_cosine(embed(own["rewrite_prompt"].tolist()), 0.5 * embed(TRUTHS))
    assert own["confidence"].to_numpy() == pytest.approx(expected)
    assert combine(Combination(CONSTANT, "answer"), ROWS, embed, limit())["confidence"].tolist() == [0.6, 0.2]


def fitting(rows=WITH_MEANS, truths=TRUTHS) -> FittingRows:
    return FittingRows(rows, embed(truths), embed, limit())


def test_a_part_is_kept_only_where_validation_gains():
    gaining = fit_combination(fitting(), CONSTANT, config.Leaderboard(suffix="pirate"))
    assert (gaining.core, gaining.answers, gaining.constant_place, gaining.suffix) == ("answer", 2, "nowhere", "")
    steps = [score for _, score in gaining.validation]
    assert steps == sorted(set(steps)) and steps[-1] == pytest.approx(fitting().score(gaining))
    constant = fit_combination(fitting(truths=["improve text"] * 2), CONSTANT, config.Leaderboard())
    assert (constant.core, constant.slot, constant.answers) == ("constant", None, 1)


def test_the_slot_the_clusters_and_the_suffix_are_used_where_they_help():
    truths = ["improve text make poem draw", "improve text letter draw"]
    clusters = ClusterConstants(tuple(map(tuple, embed(["poem", "formal letter"]).tolist())), ("improve text",) * 2)
    rows = AnsweredRows(ranking(("a", "make a poem", "model", 0.6), ("b", "letter", "model", 0.05)), embed(truths))
    found = fit_combination(fitting(rows, truths), "improve pirate", config.Leaderboard(suffix="draw"), clusters)
    assert found.validation[-1][1] > 0.95 and found.clusters == clusters and found.suffix == "draw"
    assert set(texts(found, rows)[0].split()) >= {"improve", "text", "poem", "draw"}


@pytest.mark.parametrize(
    ("name", "off", "truths"),
    [
        ("free text", {"free_text": False}, ["pirate"]),
        ("concatenation", {"answers": 1}, ["text make poem sad"]),
        ("appended constant", {"append_constant": False}, ["text make poem improve improve text"]),
        ("constant where unsure", {"constant_where_unsure": False}, ["text make poem", "improve improve text"]),
        ("filled slot", {"fill_slot": False}, ["improve improve text make poem"]),
        ("cluster constants", {"cluster_constants": False}, ["letter letter letter"]),
        ("suffix", {"suffix": ""}, ["text make poem draw draw"]),
    ],
)
def test_each_part_is_used_where_it_helps_and_never_where_the_settings_forbid_it(name, off, truths):
    ranked = [("a", "text make poem", "model", 0.8), ("a", "sad", "model", 0.5), ("b", "formal", "model", 0.6)]
    ranked = ranking(*ranked[: 1 + len(truths)])
    rows = fitting(AnsweredRows(ranked, embed(truths), free=["pirate"] * len(truths)), truths)
    clusters = ClusterConstants((tuple(embed(["poem"])[0].tolist()),), ("letter",))
    constant, allowed = "improve improve text", config.Leaderboard(suffix="draw", min_confidences=(0.0, 0.7))
    assert name in used_ingredients(fit_combination(rows, constant, allowed, clusters))
    assert name not in used_ingredients(fit_combination(rows, constant, allowed.model_copy(update=off), clusters))


def test_of_several_forms_a_row_is_given_the_one_whose_expected_score_is_highest():
    forms = Combination(CONSTANT, "answer", others=(Combination(CONSTANT), Combination("a letter")))
    rows = AnsweredRows(RANKING, embed(["make a poem", "improve the text"]))
    found = combine(forms, rows, embed, limit())
    assert found["rewrite_prompt"].tolist() == ["make the text a poem", CONSTANT]
    assert found["answered_by"].tolist() == ["model", "constant"] and found["id"].tolist() == ["a", "b"]
    assert found["confidence"][1] == pytest.approx(1)
    assert texts(forms) == texts(Combination(CONSTANT, "answer"))  # without means the first form


@pytest.mark.parametrize("core", ["answer", "constant", "free"])
def test_an_answer_by_rule_stands_alone(core):
    ranked = ranking(("a", "Correct it.", "rule", 0.1), ("a", "make it", "model", 0.6), ("b", "make", "model", 0.6))
    rows = AnsweredRows(ranked, embed(["pirate", "pirate"]), free=["pirate", "pirate"])
    found = combine(
        Combination(CONSTANT, core, 2, "after", 0.5, 0.3, suffix="draw", others=(Combination("pirate"),)),
        rows, embed, limit(),
    )  # fmt: skip
    assert found.loc[0, ["rewrite_prompt", "answered_by"]].tolist() == ["Correct it. draw", "rule"]
    assert found.loc[1, "rewrite_prompt"] != "make draw"


def test_forms_are_added_where_the_choice_among_them_gains_and_the_settings_allow_it():
    truths = ["make poem", "improve the text", "formal letter"]
    ranked = [("a", "make poem", "model", 0.5), ("b", "poem", "model", 0.5), ("c", "formal letter", "model", 0.5)]
    rows = fitting(AnsweredRows(ranking(*ranked), embed(truths)), truths)
    found = fit_combination(rows, CONSTANT, config.Leaderboard())
    assert [form.core for form in found.forms] == ["answer", "constant"]
    assert texts(found, rows.rows) == ["make poem", CONSTANT, "formal letter"]
    assert found.validation[-1] == ("choice by row", pytest.approx(rows.score(found)))
    assert not fit_combination(rows, CONSTANT, config.Leaderboard(choose_by_row=False)).others
    without_means = fitting(AnsweredRows(ranking(*ranked)), truths)
    assert not fit_combination(without_means, CONSTANT, config.Leaderboard()).others


def test_a_choice_by_a_prediction_that_is_wrong_is_not_taken():
    truths = ["make poem", "letter"]
    ranked = ranking(("a", "make poem", "model", 0.5), ("b", "letter", "model", 0.5))
    wrong = fitting(AnsweredRows(ranked, embed(["improve the text"] * 2)), truths)
    assert not fit_combination(wrong, CONSTANT, config.Leaderboard()).others


def test_a_part_that_needs_a_later_one_is_tried_again_after_it():
    truths = ["improve improve text make poem sad"]
    ranked = ranking(("a", "text make poem", "model", 0.8), ("a", "sad", "model", 0.5))
    found = fit_combination(fitting(AnsweredRows(ranked), truths), "improve improve text", config.Leaderboard())
    assert [name for name, _ in found.validation] == ["leaderboard constant", "filled slot", "concatenation"]


def test_the_variants_are_each_core_the_whole_and_the_whole_less_each_ingredient():
    rows = AnsweredRows(RANKING, embed(TRUTHS), free=["sad", "letter"])
    variants = combination_variants(fitting(rows), CONSTANT, config.Leaderboard())
    assert list(variants)[:4] == ["leaderboard constant", "leaderboard answer", "leaderboard free text", "leaderboard"]
    assert "leaderboard - concatenation" in variants
    assert {one.whole for one in ingredients_of(variants)} == {"leaderboard"}
    assert variants["leaderboard - concatenation"].answers == 1
    scores = {name: fitting(rows).score(one) for name, one in variants.items()}
    assert max(scores, key=scores.get) == "leaderboard"


def test_a_combination_is_read_back_from_json_as_it_was():
    clusters = ClusterConstants(((0.5, 1.0), (1.0, 0.0)), ("a", "b"))
    others = (Combination(CONSTANT, slot=0.5), Combination(CONSTANT, "answer", clusters=clusters))
    steps = (("free text alone", 0.5), ("choice by row", 0.6))
    whole = Combination(CONSTANT, "free", 3, "after", 0.25, 0.1, clusters, "draw", others, steps)
    for combination in (whole, Combination(CONSTANT)):
        assert combination_of(json.loads(json.dumps(combination.to_json()))) == combination


def test_a_constant_over_the_cap_is_cut_and_a_null_one_refused():
    rows = FittingRows(ROWS, embed(TRUTHS), embed, limit(2))
    assert fit_combination(rows, CONSTANT, config.Leaderboard()).constant == "improve the"
    with pytest.raises(InputError, match="the constant is 'nan'"):
        fit_combination(rows, "nan", config.Leaderboard())


def test_rows_that_do_not_match_are_refused():
    with pytest.raises(InputError, match="1 means for 2 ids"):
        AnsweredRows(RANKING, embed(TRUTHS[:1]))
    with pytest.raises(InputError, match="do not stand together"):
        AnsweredRows(RANKING.iloc[[0, 3, 1]])
