"""sentence-t5 as the competition's host computes it: a SentencePiece model and an encoder made here, real in form."""

from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from sentencepiece import SentencePieceProcessor
from small_sentence_t5 import PROMPTS, make_sentence_t5, train_pieces

from prompt_recovery.config import Embedder, RunConfig
from prompt_recovery.config_file import load_toml
from prompt_recovery.engines.embedder import load_embedder, remembering_embedder
from prompt_recovery.engines.requirements_check import missing_requirements
from prompt_recovery.engines.sentence_t5 import SentenceT5, length_batches, pieces_file
from prompt_recovery.errors import InputError

SPECIAL = ["Make it </s> shorter", "<extra_id_0>", "<pad>", "<unk> letter"]
OTHER_SCRIPTS = ["Привет, мир", "文章を書き直す", "أعد كتابة النص", "👍👍🏽"]


@pytest.fixture(scope="module")
def pieces():
    return SentencePieceProcessor(model_proto=train_pieces())


def ids(pieces: SentencePieceProcessor, text: str) -> list[int]:
    return SentenceT5(None, pieces)._ids([text])[0]


@pytest.mark.parametrize("text", [*PROMPTS, *SPECIAL, *OTHER_SCRIPTS, "", " "])
def test_a_text_is_cut_as_sentencepiece_cuts_it_and_ends_in_eos(pieces, text):
    assert ids(pieces, text) == [*pieces.encode(text), 1]
    assert SentenceT5(None, pieces).count_pieces([text, text]) == [len(pieces.encode(text))] * 2


def test_the_listed_pieces_are_written_as_they_stand_in_a_text(pieces):
    listed = SentenceT5(None, pieces).list_pieces()
    for text in PROMPTS:
        own = [piece.replace("\u2581", " ") for piece in pieces.encode(text, out_type=str)]
        assert set(own) <= set(listed) and "".join(own).strip() == text
    assert not {"<pad>", "</s>", "<unk>"} & set(listed)


def test_the_layout_of_the_ids_is_that_of_t5(pieces):
    assert (pieces.pad_id(), pieces.eos_id(), pieces.unk_id(), pieces.bos_id()) == (0, 1, 2, -1)


@pytest.mark.parametrize(
    "text, spelt", [("</s>", "▁ < / s >"), ("a <pad>", "▁a ▁ < p a d >"), ("<unk>", "▁ < u n k >")]
)
def test_the_name_of_a_special_token_is_spelt_out(pieces, text, spelt):
    assert [pieces.id_to_piece(piece) for piece in ids(pieces, text)] == [*spelt.split(), "</s>"]
    assert ids(pieces, "<extra_id_0>") != ids(pieces, "<extra_id_1>") and len(ids(pieces, "<extra_id_0>")) > 5


@pytest.mark.parametrize(
    "text", ["Make  it\nshorter", "Make it\n\n\nshorter", "  Make it shorter\n", "Make\tit shorter"]
)
def test_newlines_and_repeated_spaces_are_one_space(pieces, text):
    assert ids(pieces, text) == ids(pieces, "Make it shorter") != ids(pieces, "Makeitshorter")


@pytest.mark.parametrize("count", [126, 127, 128, 129])
def test_at_most_127_pieces_are_kept_and_eos_after_them(pieces, count):
    text = " ".join(["Make"] * (count - 1) + ["this"])
    make, this = pieces.encode("Make")[0], pieces.encode("this")[0]
    kept = [*[make] * (count - 1), this] if count <= 127 else [make] * 127
    assert ids(pieces, text) == [*kept, 1]
    assert SentenceT5(None, pieces).count_pieces([text]) == [count]


def test_texts_of_100_000_characters_are_counted_whole_and_cut(pieces):
    texts = ["x" * 100_000, "Make it " * 12_500, "👍" * 100_000]
    assert SentenceT5(None, pieces).count_pieces(texts) == [100_001, 25_000, 2]  # unknown characters in a row are one
    assert [len(ids(pieces, text)) for text in texts] == [128, 128, 3]


def test_batches_hold_every_row_once_longest_first_and_within_their_size():
    lengths = np.random.default_rng(0).integers(1, 129, size=2_000).tolist()
    batches = list(length_batches(lengths, 4_096))
    assert sorted(row for batch in batches for row in batch) == list(range(2_000))
    longest = [max(lengths[row] for row in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)
    assert max(size * len(batch) for size, batch in zip(longest, batches, strict=True)) <= 4_096
    assert len(batches) < 2_000 * 65 / 4_096 * 1.2  # hardly any padding
    assert list(length_batches([], 4_096)) == []
    assert list(length_batches([9, 128, 20], 64)) == [[1], [2, 0]]  # a row that is too long goes alone


def test_a_snapshot_of_the_hub_has_its_pieces_or_says_so(tmp_path, monkeypatch):
    snapshot = tmp_path / "models--owner--t5" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (tmp_path / "models--owner--t5" / "refs").mkdir()
    (tmp_path / "models--owner--t5" / "refs" / "main").write_text("0" * 40)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"embedder.model owner/t5: has no spiece.model"):
        pieces_file("owner/t5")
    (snapshot / "spiece.model").write_bytes(b"pieces")
    assert pieces_file("owner/t5").read_bytes() == b"pieces"


def test_the_first_command_finds_that_the_pieces_are_missing(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    models = [f"embedder.model={tmp_path}", "embedder.kind=sentence-t5"]
    run = load_toml(RunConfig, PROJECT / "configs" / "run" / "tiny.toml", models)
    (sentence,) = missing_requirements(run, None)
    assert sentence.startswith(f"embedder.model {tmp_path}: has no spiece.model")
    (tmp_path / "spiece.model").write_bytes(train_pieces())
    assert missing_requirements(run, None) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_sentence_t5(tmp_path_factory.mktemp("t5"))


@pytest.fixture(scope="module")
def embedder(folder):
    return load_embedder(Embedder(model=str(folder)))


@pytest.fixture(scope="module")
def by_the_hub(folder):
    """sentence-transformers' own encoding, in float32, cut at the same length."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu").float()
    model.max_seq_length = 128
    return lambda texts: model.encode(list(texts), normalize_embeddings=True)


@pytest.mark.slow
def test_ordinary_texts_get_the_vectors_of_sentence_transformers(embedder, by_the_hub):
    texts = [
        *PROMPTS,
        *OTHER_SCRIPTS,
        "",
        "Make  it\n\nshorter",
        "½ ﬁne",
        *(" ".join(["Make"] * n) for n in (127, 129)),
    ]
    np.testing.assert_allclose(embedder(texts), by_the_hub(texts), atol=1e-5)


@pytest.mark.slow
def test_texts_with_special_strings_do_not(embedder, by_the_hub):
    differences = np.abs(embedder(SPECIAL) - by_the_hub(SPECIAL)).max(axis=1)
    assert (differences > 1e-2).all()


@pytest.mark.slow
def test_a_vector_is_the_normed_dense_of_the_mean_of_pieces_and_eos(embedder, folder, pieces):
    import torch
    from safetensors.torch import load_file
    from transformers import T5EncoderModel

    encoder = T5EncoderModel.from_pretrained(folder, dtype=torch.float32).eval()
    dense = load_file(folder / "2_Dense" / "model.safetensors")["linear.weight"].float()
    for text in ("Turn </s> into a letter.", ""):
        with torch.inference_mode():
            states = encoder(torch.tensor([[*pieces.encode(text), 1]])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(dense @ states.mean(dim=0), dim=0).numpy()
        np.testing.assert_allclose(embedder([text])[0], expected, atol=1e-5)


@pytest.mark.slow
def test_vectors_are_of_unit_norm_in_the_order_of_the_texts_and_alone_the_same(embedder, folder):
    texts = [*PROMPTS, PROMPTS[0], "x" * 100_000, *SPECIAL, *OTHER_SCRIPTS, ""] * 3
    vectors = embedder(texts)
    assert vectors.shape == (len(texts), 16) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[len(PROMPTS)])
    for text, vector in zip(texts[:18], vectors, strict=False):
        np.testing.assert_allclose(embedder([text])[0], vector, atol=1e-5)
    assert embedder([]).shape == (0, 16)
    assert embedder.name == f"sentence-t5 ({folder})"


@pytest.mark.slow
def test_pieces_beyond_the_127th_do_not_count_whatever_the_folder_says(embedder):
    just, over, tail, within = embedder([" ".join(["Make"] * n + end) for n, end in (
        (127, []), (200, []), (127, ["letter"]), (126, ["letter"]))])  # fmt: skip
    np.testing.assert_allclose([over, tail], [just, just], atol=1e-6)
    assert np.abs(within - just).max() > 1e-4
    assert embedder.max_pieces == 127 and embedder.count_pieces(["Make " * 200]) == [200]


@pytest.mark.slow
def test_a_remembering_embedder_counts_the_same_pieces(embedder, folder):
    remembering = remembering_embedder(Embedder(model=str(folder)))
    assert remembering.count_pieces(SPECIAL) == embedder.count_pieces(SPECIAL) == [12, 10, 6, 10]
    assert remembering.max_pieces == 127
    np.testing.assert_array_equal(remembering(PROMPTS), embedder(PROMPTS))


@pytest.mark.slow
def test_a_folder_without_its_own_pieces_is_refused(folder, tmp_path):
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    for file in folder.iterdir():
        if file.name != "spiece.model":
            (lacking / file.name).symlink_to(file)
    with pytest.raises(InputError, match=r"lacking: has no spiece.model, .* beside config.json"):
        load_embedder(Embedder(model=str(lacking)))
    (lacking / "spiece.model").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(InputError, match=r"spiece.model: is no SentencePiece model .* Fetch it again"):
        load_embedder(Embedder(model=str(lacking)))
    other = [f"Word{number} other{number}" for number in range(400)]
    (lacking / "spiece.model").write_bytes(train_pieces(other, 900))
    with pytest.raises(InputError, match=r"has \d+ pieces, pad 0 and eos 1; expected at most the \d+ of the encoder"):
        load_embedder(Embedder(model=str(lacking)))
