"""One answer a row among hypotheses: by what is expected of each, fitted on rows whose prompts are known."""

import json
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Choice
from prompt_recovery.errors import InputError
from prompt_recovery.recover.choice.choosing import ChoiceModel, choice_model_of, chosen, fit_choice, rank
from prompt_recovery.recover.choice.evidence import Evidence, answerable_evidence, softmax_weights
from prompt_recovery.recover.piece_limit import PieceLimit

WORDS = PieceLimit(lambda texts: [len(text.split()) for text in texts], 127)
UNGATED = Choice(gate_powers=(0.0,))


def angles(texts) -> np.ndarray:
    """The text "30" becomes the unit vector at 30 degrees; other texts, such as the pairs', the one at 0."""
    turns = np.radians([float(text) if text.lstrip("-").isdigit() else 0.0 for text in texts])
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def hypotheses_of(*told) -> pd.DataFrame:
    """Of (id, text, kind) or (id, text, kind, log-probability)."""
    rows = [
        dict(zip(("id", "rewrite_prompt", "kind", "log_probability"), (*one, None)[:4], strict=True)) for one in told
    ]
    table = pd.DataFrame(rows).assign(
        opening="", adapter="", log_probability=lambda own: own["log_probability"].astype(float)
    )
    return table.assign(sample=table.groupby(["id", "kind"]).cumcount().astype("int32"))


def pairs_of(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"id": ids, "original_text": "Old.", "rewritten_text": "New."})


def evidence_of(*told, means=None) -> Evidence:
    ids = list(dict.fromkeys(one[0] for one in told))
    return Evidence(pairs_of(*ids), hypotheses_of(*told), means)


def truth_of(**prompts: str) -> pd.DataFrame:
    return pd.DataFrame({"id": list(prompts), "rewrite_prompt": list(prompts.values()), "family": list(prompts)})


def model_of(temperature=1.0, vector_share=0.5, by_vector=False) -> ChoiceModel:
    return ChoiceModel("angles", temperature, vector_share, by_vector)


BY_VECTOR = model_of(by_vector=True)


def best_of(model, evidence) -> list[str]:
    return list(chosen(rank(model, evidence, angles))["rewrite_prompt"])


def test_what_is_no_number_weighs_nothing():
    assert softmax_weights([0.0, np.nan, np.log(3), -np.inf], 1.0) == pytest.approx([0.25, 0, 0.75, 0])
    assert softmax_weights([np.nan, np.nan], 1.0) == pytest.approx([0.5, 0.5])


def test_the_cube_prefers_one_near_hit_to_the_middle():
    answers = evidence_of(("a", "0", "model"), ("a", "90", "model"), ("a", "45", "decoded"))
    ranking = rank(model_of(), answers, angles)
    assert list(ranking["rewrite_prompt"]) == ["0", "90", "45"]
    assert ranking["utility"].to_numpy() == pytest.approx([0.5, 0.5, np.cos(np.pi / 4) ** 3], abs=1e-6)


def test_a_likelier_answer_weighs_more_and_less_so_at_a_high_temperature():
    told = evidence_of(
        ("a", "0", "model", np.log(0.8)), ("a", "80", "model", np.log(0.2)), ("a", "90", "model", np.log(0.2))
    )
    assert best_of(model_of(temperature=1.0), told) == ["0"]
    assert best_of(model_of(temperature=100.0), told)[0] in ("80", "90")


def test_an_answer_that_is_opposite_counts_as_nothing_not_as_a_loss():
    ranking = rank(model_of(), evidence_of(("a", "0", "model"), ("a", "180", "model")), angles)
    assert list(ranking["utility"]) == pytest.approx([0.5, 0.5])


def test_the_vector_and_the_answers_share_the_utility():
    told = evidence_of(("a", "0", "model"), ("a", "90", "retrieved"), means=angles(["90"]) * np.float32(0.9))
    assert best_of(model_of(vector_share=1.0, by_vector=True), told) == ["90"]
    assert best_of(model_of(vector_share=0.0, by_vector=True), told) == ["0"]
    assert rank(model_of(vector_share=0.75, by_vector=True), told, angles)["utility"][0] == pytest.approx(
        0.75 * 0.9**3, abs=1e-6
    )


def test_a_row_without_answers_goes_by_its_vector_alone_and_without_that_by_its_hypotheses():
    told = (("a", "0", "constant"), ("a", "88", "neighbour"), ("a", "90", "neighbour"))
    assert best_of(model_of(vector_share=0.0, by_vector=True), evidence_of(*told, means=angles(["5"]))) == ["0"]
    assert best_of(model_of(vector_share=1.0), evidence_of(*told)) == ["88"]


def test_the_same_text_is_ranked_once_and_pairs_keep_their_order():
    told = evidence_of(("z", "0", "constant"), ("z", "0", "model"), ("z", "40", "neighbour"), ("a", "7", "constant"))
    ranking = rank(model_of(), told, angles)
    assert list(zip(ranking["id"], ranking["rewrite_prompt"], ranking["kind"], strict=True)) == [
        ("z", "0", "model"), ("z", "40", "neighbour"), ("a", "7", "constant"),
    ]  # fmt: skip
    assert list(chosen(ranking)["id"]) == ["z", "a"]


def test_of_equals_the_shortest_is_first_then_the_alphabet():
    told = evidence_of(*(("a", text, "neighbour") for text in ("365", "005", "5", "05")), means=angles(["5"]))
    assert list(rank(BY_VECTOR, told, angles)["rewrite_prompt"]) == ["5", "05", "005", "365"]


def test_where_nothing_was_changed_the_rule_answers():
    pairs = pd.DataFrame({
        "id": ["same", "other", "none"], "original_text": ["a  b", "a b", np.nan],
        "rewritten_text": ["a b\n", "a c", np.nan],
    })  # fmt: skip
    told = hypotheses_of(*((id_, "0", "constant") for id_ in pairs["id"]))
    told = answerable_evidence(pairs, told, angles(["0"] * 3), limit=WORDS, unchanged_prompt="90")
    assert best_of(BY_VECTOR, told) == ["90", "0", "0"]
    unruled = told.hypotheses.query("kind != 'rule'")
    told = answerable_evidence(pairs, unruled, angles(["0"] * 3), limit=WORDS, unchanged_prompt=None)
    assert best_of(BY_VECTOR, told) == ["0", "0", "0"]


def test_what_no_answer_may_be_is_never_given():
    texts = ["", " \n", "NaN", "null", "one two three four", " 9 \n 9 "]
    told = hypotheses_of(*(("a", text, "model") for text in texts), ("a", "0", "constant"))
    few = PieceLimit(WORDS.count_pieces, 3)
    left = answerable_evidence(pairs_of("a"), told, None, limit=few, unchanged_prompt=None).hypotheses
    unchanged = pairs_of("a").assign(rewritten_text="Old.")
    told_of_it = answerable_evidence(unchanged, told, None, limit=few, unchanged_prompt="No more than three.")
    assert left.equals(told_of_it.hypotheses)
    assert list(left["rewrite_prompt"]) == ["9 9", "0"]
    with pytest.raises(InputError, match="row 'a' that an answer may be"):
        answerable_evidence(pairs_of("a"), told[told["kind"] == "model"][:5], None, limit=few, unchanged_prompt=None)


def test_the_share_that_chooses_the_true_prompts_is_fitted():
    told = [("0", "model"), ("90", "retrieved")]
    rows = evidence_of(*((id_, *one) for id_ in "abcd" for one in told), means=angles(["90"] * 4))
    by_vector = fit_choice(rows, truth_of(a="90", b="90", c="90", d="0"), angles, UNGATED, seed=0)
    by_answers = fit_choice(rows, truth_of(a="0", b="0", c="0", d="90"), angles, UNGATED, seed=0)
    assert best_of(by_vector, rows) == ["90"] * 4 and best_of(by_answers, rows) == ["0"] * 4


def test_settings_that_change_nothing_stay_at_their_first_values():
    rows = evidence_of(("a", "0", "constant"), ("b", "0", "constant"), means=angles(["0", "9"]))
    model = fit_choice(rows, truth_of(a="5", b="50"), angles, Choice(), seed=0)
    assert (model.temperature, model.vector_share, model.gate_power) == (1.0, 1.0, 0.0) and model.verifier is None


def liars(seed: int, count: int = 60) -> tuple[Evidence, pd.DataFrame]:
    """Rows whose vector points at the neighbour's prompt, while the true one is the retrieved."""
    turns = np.random.default_rng(seed).integers(0, 90, count)
    ids = [f"{seed}-{place}" for place in range(count)]
    told = [one for id_, turn in zip(ids, turns, strict=True)
            for one in ((id_, str(turn), "neighbour"), (id_, str(turn + 30), "retrieved"))]  # fmt: skip
    means = angles([str(turn) for turn in turns])
    return evidence_of(*told, means=means), truth_of(
        **{id_: str(turn + 30) for id_, turn in zip(ids, turns, strict=True)}
    )


def test_the_verifier_overrules_a_vector_that_was_wrong_on_validation():
    model = fit_choice(*liars(0), angles, Choice(), seed=0)
    unseen, truth = liars(1)
    assert model.verifier and model.gate_power > 0
    assert best_of(model, unseen) == list(truth["rewrite_prompt"])
    ungated = fit_choice(*liars(0), angles, UNGATED, seed=0)
    assert best_of(ungated, unseen) != list(truth["rewrite_prompt"])


def test_a_verifier_that_fits_only_the_families_it_saw_is_not_used():
    """Of one family the decoded text is right, of the other the retrieved; what the average says is wrong for both."""
    truth = truth_of(a="37", b="37", c="37", d="-37", e="-37").assign(family=list("xxxyy"))
    told = [(id_, *one) for id_ in truth["id"] for one in (("0", "neighbour"), ("37", "decoded"), ("-37", "retrieved"))]
    rows = evidence_of(*told, means=angles(["0"] * 5))
    model = fit_choice(rows, truth, angles, Choice(gate_powers=(0.0, 1.0)), seed=0)
    assert model.verifier is None and best_of(model, rows) == ["0"] * 5


def unsure_rows(kind: str = "constant") -> Evidence:
    """Four rows whose vector is long and right, four whose vector is short, while their prompts are near "0"."""
    ids = [f"sure {row}" for row in range(4)] + [f"unsure {row}" for row in range(4)]
    told = [one for id_ in ids for one in ((id_, "60", "decoded"), (id_, "0", "constant"), (id_, "0", kind))]
    return evidence_of(*told, means=angles(["60"] * 8) * np.repeat(np.float32([0.9, 0.3]), 4)[:, None])


@pytest.mark.parametrize("kind", ["constant", "retrieved"])
def test_the_constant_gains_as_much_as_was_right_where_the_vector_is_unsure(kind):
    rows = unsure_rows(kind)
    truth = truth_of(**{id_: "60" if id_.startswith("sure") else "10" for id_ in rows.pairs["id"]})
    model = fit_choice(rows, truth, angles, UNGATED, seed=0)
    assert model.constant_gain == 0.04 and best_of(model, rows) == ["60"] * 4 + ["0"] * 4
    without = fit_choice(rows, truth, angles, UNGATED.model_copy(update={"constant_gains": (0.0,)}), seed=0)
    assert best_of(without, rows) == ["60"] * 8


def test_the_constant_is_chosen_where_more_is_expected_of_it_than_of_the_others():
    rows = replace(unsure_rows(), constant_scores=np.repeat([0.2, 0.5], 4))
    assert best_of(BY_VECTOR, rows.without_kind("neighbour")) == ["60"] * 4 + ["0"] * 4
    assert best_of(BY_VECTOR, replace(rows, constant_scores=None)) == ["60"] * 8
    assert best_of(replace(BY_VECTOR, constant_gain=-0.5), rows) == ["60"] * 8
    truth = truth_of(**dict.fromkeys(rows.pairs["id"], "60"))
    assert fit_choice(rows, truth, angles, Choice(gate_powers=(0,), constant_gains=(0, -0.5)), 0).constant_gain == -0.5
    assert rows.without_means().constant_scores is None


def test_a_constant_that_is_worse_gains_nothing():
    rows = unsure_rows()
    truth = truth_of(**dict.fromkeys(rows.pairs["id"], "60"))
    assert fit_choice(rows, truth, angles, UNGATED, seed=0).constant_gain == UNGATED.constant_gains[0] < 0


def test_with_one_family_there_is_no_verifier():
    rows, truth = liars(0)
    assert fit_choice(rows, truth.assign(family="one"), angles, Choice(), seed=0).verifier is None


def test_the_utilities_of_what_is_chosen_are_as_high_as_its_scores():
    rows = evidence_of(("a", "0", "constant"), ("b", "0", "constant"), means=angles(["0", "0"]))
    model = fit_choice(rows, truth_of(a="0", b="90"), angles, Choice(), seed=0)
    assert rank(model, rows, angles)["utility"].mean() == pytest.approx(0.5, abs=1e-6)


def test_a_model_written_as_json_ranks_as_before():
    model, unseen = fit_choice(*liars(0), angles, Choice(), seed=0), liars(1)[0]
    read = choice_model_of(json.loads(json.dumps(model.to_json())))
    assert read == model and rank(read, unseen, angles).equals(rank(model, unseen, angles))


def test_the_order_of_the_tables_plays_no_part():
    rows, truth = liars(0)
    shuffled = Evidence(rows.pairs, rows.hypotheses.sample(frac=1, random_state=1), rows.means)
    model = fit_choice(rows, truth, angles, Choice(), seed=0)
    again = fit_choice(shuffled, truth.sample(frac=1, random_state=2), angles, Choice(), seed=0)
    assert again == model and rank(again, shuffled, angles).equals(rank(model, rows, angles))


ONE = ("a", "0", "constant")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: evidence_of(("a", "0", "guess")), "kind 'guess', expected one of model"),
        (lambda: Evidence(pairs_of("a", "b"), hypotheses_of(ONE)), "none of row 'b'"),
        (lambda: Evidence(pairs_of("a"), hypotheses_of(("b", "0", "constant"))), "row 'b' is none of the 1 pairs"),
        (lambda: Evidence(pairs_of("a", "a"), hypotheses_of(ONE)), "an id twice"),
        (lambda: evidence_of(("a", "null", "model")), "'null' of row 'a' can be no answer"),
        (
            lambda: answerable_evidence(
                pairs_of("a"), hypotheses_of(("a", None, "x")), None, limit=WORDS, unchanged_prompt=None
            ),
            "column rewrite_prompt, row 0: null",
        ),
        (lambda: evidence_of(ONE, means=angles(["0", "1"])), "expected \\(1, d\\)"),
        (lambda: evidence_of(ONE, means=np.full((1, 2), np.nan)), "vector 0 holds what is no number"),
        (lambda: rank(BY_VECTOR, evidence_of(ONE, means=np.ones((1, 3))), angles), "of 3 numbers, expected 2"),
        (lambda: rank(ChoiceModel("minilm", 1.0, 1.0, False), evidence_of(ONE), angles), "minilm: got angles"),
        (lambda: rank(BY_VECTOR, evidence_of(ONE), angles), "with predicted vectors, the evidence comes without"),
        (lambda: fit_choice(*(liars(0)[0], truth_of(a="0")), angles, Choice(), seed=0), "none of row '0-0' \\(60 lack"),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen_from_is_refused(broken, message):
    with pytest.raises(InputError, match=message):
        broken()


@pytest.mark.slow
def test_600_rows_of_60_hypotheses_are_fitted_and_ranked_in_seconds():
    turns = np.random.default_rng(0).integers(0, 360, (600, 60))
    told = [
        (str(row), str(turn), "model" if place < 20 else "decoded")
        for row, own in enumerate(turns)
        for place, turn in enumerate(own)
    ]
    rows = evidence_of(*told, means=angles([str(own[0]) for own in turns]))
    truth = truth_of(**{str(row): str(own[0]) for row, own in enumerate(turns)})
    started = time.perf_counter()
    rank(fit_choice(rows, truth, angles, Choice(), seed=0), rows, angles)
    assert time.perf_counter() - started < 20
