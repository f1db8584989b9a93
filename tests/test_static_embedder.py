import numpy as np
import pytest
from pydantic import ValidationError

from prompt_recovery.config import Base, Embedder, RunConfig, Score
from prompt_recovery.engines.embedder import load_embedder


@pytest.mark.slow
def test_wordllama_comes_with_its_weights_and_knows_what_is_alike():
    embedder = load_embedder(Embedder(kind="wordllama"))
    texts = ["Rewrite this text like a pirate.", "Make it sound like a pirate.", "Translate it to German.", "", "🙂"]
    vectors = embedder(texts)
    assert (embedder.name, vectors.shape, vectors.dtype) == ("wordllama", (5, 256), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    np.testing.assert_allclose(embedder(["x" * 100_000, texts[0]])[1], vectors[0], atol=1e-5)


def test_wordllama_has_no_other_model():
    with pytest.raises(ValidationError, match='no model with kind = "wordllama"'):
        Embedder(kind="wordllama", model="a/folder")


def test_the_second_embedder_is_another_one():
    run = {"name": "r", "data": "d", "base": Base(model="a/base")}
    minilm = Embedder(kind="minilm")
    with pytest.raises(ValidationError, match=r"score.second_embedder to be another than \[embedder\]"):
        RunConfig(**run, embedder=minilm, score=Score(second_embedder=minilm))
    other = Score(second_embedder=Embedder(kind="wordllama"))
    assert RunConfig(**run, embedder=minilm, score=other).score.second_embedder.kind == "wordllama"
