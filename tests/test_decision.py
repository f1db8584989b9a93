import json

import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Choice, Leaderboard, Recover, RunConfig
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.recover.choice.evidence import Evidence
from prompt_recovery.recover.decision import decide, decision_of, fit_decision
from prompt_recovery.recover.hypotheses import Gathered

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TRUE = ["Write a poem.", "Make a list.", "Shout it loud.", "Say it shortly."] * 3


def embed_letters(texts) -> np.ndarray:
    counts = np.array([[text.lower().count(letter) for letter in LETTERS] + [0.1] for text in texts])
    return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


EMBED = Embedder("letters", embed_letters)


def gathered(prefix: str, *, free: bool = False) -> Gathered:
    """Each row has its true prompt, a wrong one and the constant; the predicted vector points at the true one."""
    ids = [f"{prefix}{number}" for number in range(len(TRUE))]
    rows = []
    for number, (id_, true) in enumerate(zip(ids, TRUE, strict=True)):
        wrong = TRUE[(number + 1) % 4]
        for kind, text in (("neighbour", wrong), ("retrieved", true), ("constant", "Improve it.")):
            rows.append((id_, text, kind, "", "", np.int32(0)))
    table = pd.DataFrame(rows, columns=["id", "rewrite_prompt", "kind", "opening", "adapter", "sample"])
    pairs = pd.DataFrame({"id": ids, "original_text": "Old words.", "rewritten_text": "New words."})
    means = (0.9 * embed_letters(TRUE)).astype(np.float32)
    return Gathered(Evidence(pairs, table, means), None, TRUE, TRUE if free else None, {})


def truth(prefix: str) -> pd.DataFrame:
    ids = [f"{prefix}{number}" for number in range(len(TRUE))]
    return pd.DataFrame({"id": ids, "rewrite_prompt": TRUE, "family": [f"f{number % 6}" for number in range(12)]})


def run(*tracks) -> RunConfig:
    choice = Choice(gate_powers=(0.0, 1.0))
    leaderboard = Leaderboard(answers=2, clusters=2)
    return RunConfig(
        name="r", data="d", method="nearest", choice=choice, leaderboard=leaderboard, recover=Recover(tracks=tracks)
    )


def test_the_clean_track_alone_has_no_combination():
    decision = fit_decision(gathered("v"), truth("v"), EMBED, run("clean"))
    answers = decide(decision, gathered("t"), EMBED)
    assert not decision.combinations and not answers["method"].str.startswith("leaderboard").any()
    chosen = answers[answers["method"] == "choice"]
    assert list(chosen["rewrite_prompt"]) == TRUE and set(chosen["answered_by"]) == {"retrieved"}
    assert chosen["confidence"].between(0, 1).all()


def test_a_variant_does_without_its_ingredient():
    answers = decide(fit_decision(gathered("v"), truth("v"), EMBED, run("clean")), gathered("t"), EMBED)
    less = answers[answers["method"] == "choice - retrieved"]
    assert len(less) == len(TRUE) and "retrieved" not in set(less["answered_by"])
    assert answers.groupby("method").size().eq(len(TRUE)).all()


def test_a_variant_that_would_leave_a_pair_without_any_hypothesis_is_left_out():
    decision = fit_decision(gathered("v"), truth("v"), EMBED, run("clean"))
    whole = gathered("t")
    few = whole.evidence.hypotheses
    few = few[(few["id"] != "t0") | (few["kind"] == "retrieved")]
    answers = decide(
        decision, Gathered(Evidence(whole.evidence.pairs, few, whole.evidence.means), None, TRUE, None, {}), EMBED
    )
    assert "choice - retrieved" not in set(answers["method"]) and "choice - constant" in set(answers["method"])


def fitted_for_both():
    both, rows = run("clean", "leaderboard"), gathered("v", free=True)
    return fit_decision(rows, truth("v"), EMBED, both, leaderboard_constant="improve a list loud")


def test_both_tracks_are_decided_and_come_back_from_json():
    both = run("clean", "leaderboard")
    decision = fit_decision(
        gathered("v", free=True), truth("v"), EMBED, both, leaderboard_constant="improve a list loud"
    )
    again = decision_of(json.loads(json.dumps(decision.to_json())))
    first, second = (decide(one, gathered("t", free=True), EMBED) for one in (decision, again))
    pd.testing.assert_frame_equal(first, second)
    assert {"choice", "leaderboard", "leaderboard constant"} <= set(first["method"])
    constant = first[first["method"] == "leaderboard constant"]
    assert set(constant["rewrite_prompt"]) == {"improve a list loud"}


def test_new_pairs_are_answered_without_the_variants():
    both = run("clean", "leaderboard")
    decision = fit_decision(
        gathered("v", free=True), truth("v"), EMBED, both, leaderboard_constant="improve a list loud"
    )
    answers = decide(decision.alone("leaderboard"), gathered("t", free=True), EMBED)
    assert set(answers["method"]) == {"choice", "leaderboard"}
    whole = decide(decision, gathered("t", free=True), EMBED)
    same = whole[whole["method"].isin(["choice", "leaderboard"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(answers, same)
    clean = decide(decision.alone("clean"), gathered("t", free=False), EMBED)
    pd.testing.assert_frame_equal(clean, whole[whole["method"] == "choice"].reset_index(drop=True))


def test_what_was_fitted_is_told_in_a_line():
    clean = fit_decision(gathered("v"), truth("v"), EMBED, run("clean"))
    assert clean.summary().startswith("choice: vector share ") and "\n" not in clean.summary()
    assert "leaderboard on validation: leaderboard " in fitted_for_both().summary()


def test_vectors_of_another_embedder_are_refused():
    decision = fit_decision(gathered("v"), truth("v"), EMBED, run("clean"))
    with pytest.raises(InputError, match="letters"):
        decide(decision, gathered("t"), Embedder("other", embed_letters))
