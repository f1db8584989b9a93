"""Encoders of pairs of the real architectures, small, with random weights: read, trained, saved and loaded."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import PROJECT
from small_sentence_t5 import make_sentence_t5
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from prompt_recovery.config import Encoder
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.engines.pair_encoder import load_pair_encoder, new_pair_encoder
from prompt_recovery.errors import InputError
from prompt_recovery.train.encoder_fitting import averaged_model, sharpened_loss, train_pair_encoder

CPU = torch.device("cpu")
THINGS = "kettle bread aunt ship river garden letter winter poem essay".split()
STYLES = ["like a pirate", "as a letter", "for a child", "shorter, please"]


def triples(count: int = 20, seed: int = 0) -> pd.DataFrame:
    rng, rows = np.random.default_rng(seed), []
    for number in range(count):
        original = " ".join(rng.choice(THINGS, 6))
        style = STYLES[number % len(STYLES)]
        thing = THINGS[number // len(STYLES) % len(THINGS)]
        rows.append({
            "original_text": original,
            "rewritten_text": f"{style} {thing} {original}",
            "rewrite_prompt": f"Rewrite the {thing} {style}",
            "split": "S0" if number % 2 else "S2",
        })  # fmt: skip
    return pd.DataFrame(rows)


def embed_words(texts) -> np.ndarray:
    """Each word a random direction, a text their sum: 16 dimensions, unit length."""
    directions = {word: np.random.default_rng(sum(map(ord, word))).normal(size=16) for t in texts for word in t.split()}
    sums = np.array([sum(directions[word] for word in text.split()) for text in texts])
    return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


EMBED = Embedder("words", embed_words)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """A BERT and a T5 encoder, each an ordinary model folder."""
    bert, t5 = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("t5")
    pieces = BertWordPieceTokenizer()
    corpus = [text for column in triples() for text in triples()[column]]
    pieces.train_from_iterator(corpus, vocab_size=200, min_frequency=1, show_progress=False)
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "sep", "pad", "unk", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, **marks).save_pretrained(bert)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=pieces.get_vocab_size(), max_position_embeddings=64, **sizes)).save_pretrained(bert)
    make_sentence_t5(t5)
    return {"bert": str(bert), "t5": str(t5 / "encoder")}


def settings(folder: str, **changes) -> Encoder:
    few = {"model": folder, "max_text_tokens": 24, "epochs": 40, "batch_tokens": 300, "learning_rate": 3e-3, "ema": 0.9}
    return Encoder(**few | changes)


def untrained(folder: str, **changes):
    return new_pair_encoder(settings(folder, **changes), embedder="words", dimensions=16, device=CPU, seed=0)


def trained(folder: str, metrics_path, train: pd.DataFrame, **changes):
    given = {"device": "cpu", "seed": 0, "metrics_path": metrics_path}
    return train_pair_encoder(train, train, EMBED, settings(folder, **changes), **given)


BOTH = pytest.mark.parametrize("kind", ["bert", "t5"])


def test_the_loss_is_minus_the_cube_of_the_cosine():
    angles = torch.deg2rad(torch.tensor([0.0, 60.0, 120.0]))
    vectors = torch.stack([angles.cos(), angles.sin()], dim=1)
    towards = torch.tensor([[1.0, 0.0]]).expand(3, 2)
    assert sharpened_loss(vectors, towards).item() == pytest.approx(-(1 + 0.125 - 0.125) / 3, abs=1e-6)
    assert sharpened_loss(vectors[1:2], towards[:1]).item() == pytest.approx(-0.125, abs=1e-6)


def test_the_average_of_the_weights_follows_them_by_its_decay():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(1.0)
    average, expected = averaged_model(model, decay=0.25), 1.0
    for step, weight in enumerate([2.0, 4.0, -1.0], start=1):
        model.weight.data.fill_(weight)
        average.update_parameters(model)
        decay = min(0.25, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight
        assert average.module.weight.item() == pytest.approx(expected, abs=1e-6)
    assert model.weight.item() == -1.0


@pytest.mark.slow
@BOTH
def test_twenty_pairs_are_learnt_by_heart(kind, folders, tmp_path):
    encoder, fitted = trained(folders[kind], tmp_path / "metrics.jsonl", triples())
    cosines = np.einsum("nd,nd->n", encoder.predict(triples()), embed_words(triples()["rewrite_prompt"]))
    assert cosines.min() > 0.9
    by_split = pd.Series(cosines**3).groupby(triples()["split"]).mean()
    assert fitted.valid_scores == pytest.approx(by_split.to_dict(), abs=1e-4)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == fitted.steps == lines[-1]["step"] and losses[-1] < -0.8
    assert sum("SCS S2" in line for line in lines) == 41


@pytest.mark.slow
def test_the_same_seed_trains_the_same_weights_and_another_others(folders, tmp_path):
    vectors = []
    for seed in (0, 0, 1):
        encoder, _ = train_pair_encoder(
            triples(), triples(), EMBED, settings(folders["bert"], epochs=20), device="cpu", seed=seed,
            metrics_path=tmp_path / "metrics.jsonl",
        )  # fmt: skip
        vectors.append(encoder.predict(triples()))
    assert (vectors[0] == vectors[1]).all() and not np.allclose(vectors[0], vectors[2], atol=1e-4)


@pytest.mark.slow
def test_the_best_epoch_is_kept_not_the_last(folders, tmp_path):
    train, valid = triples(), triples(12, seed=7).assign(rewrite_prompt=triples(12)["rewrite_prompt"].to_numpy()[::-1])
    encoder, fitted = train_pair_encoder(
        train, valid, EMBED, settings(folders["bert"], epochs=8), device="cpu", seed=0,
        metrics_path=tmp_path / "metrics.jsonl",
    )  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    means = [(line["SCS S0"] + line["SCS S2"]) / 2 for line in lines if "SCS S0" in line]
    assert fitted.best_epoch == int(np.argmax(means)) < 8
    score = (np.einsum("nd,nd->n", encoder.predict(valid), embed_words(valid["rewrite_prompt"])) ** 3).mean()
    assert score == pytest.approx(max(means), abs=1e-4)


@pytest.mark.slow
def test_before_training_the_head_predicts_by_ridge_regression(folders, tmp_path):
    _, fitted = trained(folders["bert"], tmp_path / "m", triples(), epochs=0)
    assert (fitted.steps, fitted.best_epoch) == (0, 0)
    constant = embed_words(triples()["rewrite_prompt"]).mean(axis=0)
    constant /= np.linalg.norm(constant)
    of_constant = (embed_words(triples()["rewrite_prompt"]) @ constant) ** 3
    assert sum(fitted.valid_scores.values()) / 2 > of_constant.mean() + 0.05


@pytest.mark.slow
@BOTH
def test_a_pair_has_the_same_vector_alone_and_among_longer_ones(kind, folders):
    encoder, pairs = untrained(folders[kind]), triples()
    pairs.loc[3, "original_text"] = " ".join(THINGS * 3)
    together = encoder.predict(pairs)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5) and together.shape == (20, 16)
    alone = np.concatenate([encoder.predict(pairs.iloc[[row]]) for row in range(20)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert not np.allclose(together[0], encoder.predict(pairs.iloc[[4]])[0], atol=1e-4)


@pytest.mark.slow
def test_the_two_texts_are_told_apart(folders):
    pairs = triples(4)
    swapped = pairs.rename(columns={"original_text": "rewritten_text", "rewritten_text": "original_text"})
    for kind in ("bert", "t5"):
        encoder = untrained(folders[kind])
        assert not np.allclose(encoder.predict(pairs), encoder.predict(swapped), atol=1e-4)


@pytest.mark.slow
@BOTH
def test_a_long_text_keeps_its_head_and_tail_and_is_counted(kind, folders):
    encoder = untrained(folders[kind], max_text_tokens=16)
    long, tokens = " ".join(THINGS * 20), encoder.reader.tokenizer
    pairs = pd.DataFrame({"original_text": [long, "ship"], "rewritten_text": [long, "river"]})
    row, short = encoder.read(pairs)
    ids = tokens(long, add_special_tokens=False).input_ids
    start, end = encoder.reader.marks
    assert row.ids == start + 2 * (ids[:8] + ids[-8:] + end) and row.trimmed == 2
    assert row.segments == [0] * (16 + len(start) + 1) + [1] * 17
    assert short.trimmed == 0 and tokens.decode(short.ids, skip_special_tokens=True).split() == ["ship", "river"]


@pytest.mark.slow
@BOTH
def test_a_special_token_in_a_text_is_ordinary_text(kind, folders):
    encoder = untrained(folders[kind])
    start, end = encoder.reader.marks
    pairs = pd.DataFrame({"original_text": ["ship [SEP] river </s>"], "rewritten_text": ["[CLS] ship <pad>"]})
    (row,) = encoder.read(pairs)
    assert row.ids.count(end[0]) == 2 and sum(row.ids.count(mark) for mark in start) == len(start)


@pytest.mark.slow
@BOTH
def test_every_pair_gets_a_vector(kind, folders):
    odd = ["", "👍👍", "文章を書き直す", "ship " * 20_000, None, float("nan")]
    pairs = pd.DataFrame({"original_text": odd, "rewritten_text": odd[::-1]}, dtype=object)
    vectors = untrained(folders[kind]).predict(pairs)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
@BOTH
def test_what_was_saved_gives_the_same_vectors(kind, folders, tmp_path):
    encoder = untrained(folders[kind])
    before = encoder.predict(triples())
    encoder.save(tmp_path / "encoder")
    read = load_pair_encoder(tmp_path / "encoder", "words", CPU, made_by="make vector")
    np.testing.assert_allclose(read.predict(triples()), before, atol=1e-6)
    assert read.reader.max_text_tokens == 24
    with pytest.raises(InputError, match=r"for the embedder words, expected minilm. Run `make vector` again"):
        load_pair_encoder(tmp_path / "encoder", "minilm", CPU, made_by="make vector")


@pytest.mark.slow
def test_a_save_that_fails_leaves_what_stood_there(folders, tmp_path):
    encoder = untrained(folders["bert"])
    encoder.save(tmp_path / "encoder")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    unreadable = replace(encoder, embedder={"a", "set"})
    with pytest.raises(TypeError):
        unreadable.save(tmp_path / "encoder")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    load_pair_encoder(tmp_path / "encoder", "words", CPU, made_by="make vector")


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_the_training_with_its_step(folders, tmp_path):
    def broken(texts):
        return np.where(np.arange(len(texts))[:, None] == 7, np.nan, embed_words(texts))

    given = {"device": "cpu", "seed": 0, "metrics_path": tmp_path / "metrics.jsonl"}
    with pytest.raises(InputError, match=r"step 1, training rows \[.*\]: the loss is nan"):
        train_pair_encoder(triples(), triples(), Embedder("words", broken), settings(folders["bert"]), **given)


@pytest.mark.slow
def test_an_encoder_that_cannot_be_used_is_refused_with_the_reason(folders, model_folder, tmp_path):
    with pytest.raises(InputError, match=r"max_text_tokens = 31: .* two texts of at most 30 tokens"):
        untrained(folders["bert"], max_text_tokens=31)
    assert untrained(folders["bert"], max_text_tokens=30).reader.max_text_tokens == 30
    with pytest.raises(InputError, match=r"is a language model \(LlamaForCausalLM\), expected an encoder"):
        untrained(str(model_folder("llama")))
    with pytest.raises(InputError, match=r"folder without config\.json"):
        untrained(str(PROJECT / "tests"))


@pytest.mark.slow
@pytest.mark.parametrize("empty", ["training", "validation"])
def test_an_empty_table_is_refused(empty, folders, tmp_path):
    train, valid = (triples(0 if empty == one else 8) for one in ("training", "validation"))
    with pytest.raises(InputError, match=f"no {empty} triples"):
        train_pair_encoder(
            train, valid, EMBED, settings(folders["bert"]), device="cpu", seed=0, metrics_path=tmp_path / "m"
        )
