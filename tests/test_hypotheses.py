import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Choice, Decoding, Recover, RunConfig, Vector
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.recover.hypotheses import Sources, gather
from prompt_recovery.recover.model_hypotheses import ModelHypotheses
from prompt_recovery.recover.vector.prompt_bank import bank_of
from prompt_recovery.recover.vector.vector_predictor import VectorPredictor
from prompt_recovery.recover.vector.vector_regressor import fit_vector_model
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, READS_AS_NULL, check_frame

STYLES = {"Write it as a pirate.": "Ahoy, {} Arr!", "Make a list of it.": "- {}", "Shout it!": "{}!!!"}


def embed_letters(texts) -> np.ndarray:
    letters = "abcdefghijklmnopqrstuvwxyz"
    counts = np.array([[text.lower().count(letter) for letter in letters] + [0.1] for text in texts])
    return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


EMBED = Embedder("letters", embed_letters)


def triples(count: int) -> pd.DataFrame:
    prompts = [list(STYLES)[number % 3] for number in range(count)]
    originals = [f"The {'abcdefgh'[number % 8]} kettle sang {number} times." for number in range(count)]
    rewritten = [STYLES[prompt].format(text) for prompt, text in zip(prompts, originals, strict=True)]
    return pd.DataFrame({"original_text": originals, "rewritten_text": rewritten, "rewrite_prompt": prompts})


def run(**sections) -> RunConfig:
    return RunConfig(name="r", data="d", method="nearest", decoding=Decoding(rounds=1, retrieved=4), **sections)


@pytest.fixture(scope="module")
def sources():
    train = triples(30)
    model = fit_vector_model(train, EMBED, Vector(), seed=0)
    return Sources("Improve it.", VectorPredictor(model), bank_of([*train["rewrite_prompt"], "nan"], EMBED), None)


PAIRS = triples(6).assign(id=[f"row{number}" for number in range(6)])


def test_every_pair_has_hypotheses_of_every_kind(sources):
    found = gather(PAIRS, sources, EMBED, run())
    check_frame(found.evidence.hypotheses, HYPOTHESES, where="test", key=HYPOTHESIS_KEY)
    kinds = found.evidence.hypotheses.groupby("id")["kind"].agg(set)
    assert list(kinds.index) == list(PAIRS["id"])
    assert all({"constant", "neighbour", "retrieved"} <= own for own in kinds)
    first = (
        found.evidence.hypotheses[found.evidence.hypotheses["kind"] == "neighbour"]
        .groupby("id")["rewrite_prompt"]
        .first()
    )
    assert list(first) == list(PAIRS["rewrite_prompt"])
    assert found.evidence.means.shape == (6, 27) and set(found.seconds) == {"neighbour", "decoded"}
    assert not set(found.evidence.hypotheses["rewrite_prompt"]) & READS_AS_NULL


def test_free_texts_are_drawn_for_the_leaderboard_track_alone(sources):
    clean = gather(PAIRS, sources, EMBED, run())
    both = gather(PAIRS, sources, EMBED, run(recover=Recover(tracks=("clean", "leaderboard"))))
    assert clean.free is None and len(both.free) == len(PAIRS)
    assert both.evidence.hypotheses.equals(clean.evidence.hypotheses)
    assert set(both.seconds) - set(clean.seconds) == {"free"}


def test_no_more_neighbours_than_asked_for_and_a_models_answers_are_taken_as_they_are(sources):
    table = pd.DataFrame([("row0", "Say it.", "model", "", "", np.int32(0))], columns=HYPOTHESES.names[:6])
    said = ModelHypotheses(table, pd.Series(dtype="int32"), {})
    asked = Sources(sources.constant, sources.vector, sources.bank, lambda pairs: said)
    found = gather(PAIRS, asked, EMBED, run(choice=Choice(neighbours=1)))
    assert (found.evidence.hypotheses["kind"] == "neighbour").sum() == len(PAIRS)
    assert list(found.evidence.hypotheses.query("kind == 'model'")["rewrite_prompt"]) == ["Say it."]


def test_nothing_is_over_the_cap(sources):
    short = Embedder("letters", embed_letters, lambda texts: [len(text.split()) for text in texts], max_pieces=3)
    texts = gather(PAIRS, sources, short, run()).evidence.hypotheses["rewrite_prompt"]
    assert max(len(text.split()) for text in texts) <= 3


@pytest.mark.parametrize("text", ["", "🙂", "你好", "x " * 50_000, "unchanged"])
def test_odd_texts_have_hypotheses_too(sources, text):
    pairs = pd.DataFrame({"id": ["a"], "original_text": ["unchanged"], "rewritten_text": [text]})
    assert len(gather(pairs, sources, EMBED, run()).evidence.hypotheses) >= 3
