"""Embedders: a small T5 encoder of the real architecture as an ordinary sentence-transformers folder, and minilm."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from prompt_recovery.config import Embedder
from prompt_recovery.engines.embedder import load_embedder
from prompt_recovery.errors import InputError

CORPUS = ["Rewrite this text like a pirate.", "Make it shorter.", "Turn the poem into a letter."] * 10


@pytest.fixture(scope="module")
def sentence_t5(tmp_path_factory):
    """Encoder, mean pooling, dense without bias, unit norm: what sentence-t5-base is, with random weights."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=200, special_tokens=special))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    torch.manual_seed(0)
    encoder, folder = tmp_path_factory.mktemp("encoder"), tmp_path_factory.mktemp("sentence-t5")
    config = T5Config(vocab_size=len(tokenizer.get_vocab()), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    T5EncoderModel(config).save_pretrained(encoder)
    fast.save_pretrained(encoder)
    transformer = Transformer(str(encoder), max_seq_length=256)
    parts = [transformer, Pooling(32, "mean"), Dense(32, 16, bias=False, activation_function=torch.nn.Identity())]
    SentenceTransformer(modules=[*parts, Normalize()], device="cpu").save(str(folder))
    return folder


def test_a_folder_gives_unit_vectors_in_the_order_of_the_texts(sentence_t5):
    embedder = load_embedder(Embedder(model=str(sentence_t5)))
    texts = ["Make it shorter.", "Rewrite this text like a pirate.", "Make it shorter.", "a"]
    vectors = embedder(texts)
    assert vectors.shape == (4, 16) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(embedder([text])[0], vector, atol=1e-5)
    assert embedder.name == f"sentence-t5 ({sentence_t5})"


def test_sentence_t5_sees_128_pieces_whatever_its_folder_says(sentence_t5):
    embedder = load_embedder(Embedder(model=str(sentence_t5)))
    just, over, below = embedder([" ".join(["Make"] * n) for n in (128, 200, 100)])
    np.testing.assert_allclose(just, over, atol=1e-6)
    different = embedder([" ".join(["Make"] * n + ["pirate"]) for n in (100, 200)])
    assert np.abs(different[0] - below).max() > 1e-4
    np.testing.assert_allclose(different[1], over, atol=1e-6)


def test_a_folder_that_is_no_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"embedder.model .*empty: cannot be loaded .* sentence-transformers folder"):
        load_embedder(Embedder(model=str(tmp_path / "empty")))
