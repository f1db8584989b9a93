"""The choice without each of its ingredients."""

import numpy as np
import pandas as pd

from prompt_recovery.config import Choice
from prompt_recovery.recover.choice.choice_variants import ablation_variants
from prompt_recovery.recover.choice.choosing import chosen
from prompt_recovery.recover.choice.evidence import Evidence

IDS = ("a", "b", "c", "d")


def embed_letters(texts) -> np.ndarray:
    """One axis a letter of a text's first; other letters share the last one."""
    vectors = np.eye(5, dtype=np.float32)
    return vectors[["xyzc".find(text[0]) for text in texts]]


def evidence(*kinds: str, means=True) -> Evidence:
    """Each row has one hypothesis of each kind, named by its letter, and the vector points at the decoded one."""
    letters = {"model": "x", "decoded": "y", "neighbour": "z", "constant": "c", "retrieved": "z2"}
    rows = [{"id": id_, "rewrite_prompt": letters[kind], "kind": kind} for id_ in IDS for kind in kinds]
    table = pd.DataFrame(rows).assign(opening="", adapter="", sample=np.int32(0))
    pairs = pd.DataFrame({"id": IDS, "original_text": "Old.", "rewritten_text": "New."})
    return Evidence(pairs, table, embed_letters(["y"] * len(IDS)) if means else None)


TRUTH = pd.DataFrame({"id": IDS, "rewrite_prompt": "y", "family": IDS})


def best_without(name: str, whole: Evidence) -> set[str]:
    variant = ablation_variants(whole)[name]
    model = variant.fit(whole, TRUTH, embed_letters, Choice(), seed=0)
    return set(chosen(variant.rank(model, whole, embed_letters))["kind"])


def test_only_what_occurs_is_left_out():
    names = list(ablation_variants(evidence("model", "decoded", "constant")))
    assert names == [
        "choice", "choice - decoded", "choice - model samples", "choice - constant", "choice - vector nearness",
        "choice - verifier",
    ]  # fmt: skip
    assert list(ablation_variants(evidence("constant", means=False))) == ["choice", "choice - verifier"]


def test_what_valid_or_test_rows_lack_is_not_left_out():
    names = ablation_variants(evidence("model", "constant"), evidence("decoded", "constant", means=False))
    assert list(names) == ["choice", "choice - constant", "choice - verifier"]


def test_a_kind_that_is_left_out_is_not_chosen():
    whole = evidence("model", "decoded", "constant")
    assert best_without("choice", whole) == {"decoded"}
    assert "decoded" not in best_without("choice - decoded", whole)


def test_without_nearness_the_vector_is_not_looked_at():
    variant, whole = (
        ablation_variants(evidence("decoded", "neighbour"))["choice - vector nearness"],
        evidence("decoded", "neighbour"),
    )
    assert variant.evidence(whole).means is None and whole.means is not None


def test_without_the_verifier_there_is_none():
    wrong = TRUTH.assign(rewrite_prompt="z")  # the vector points at another text
    whole = evidence("decoded", "neighbour")
    fitted = {
        name: ablation_variants(whole)[name].fit(whole, wrong, embed_letters, Choice(), seed=0)
        for name in ("choice", "choice - verifier")
    }
    assert fitted["choice"].verifier and not fitted["choice - verifier"].verifier
