"""Small models of the real architectures through load, quantise, adapt, train, save, reload, generate."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import FAMILIES, make_image_model_folder, make_model_folder
from transformers import BertConfig, LlamaConfig, T5Config

from prompt_recovery.config import Base, Chat, Generation, Lora, Rewriter, RunConfig, Train
from prompt_recovery.engines.chat import ChatFormat
from prompt_recovery.engines.language_model import (
    add_adapter,
    continue_adapter,
    generate,
    load_adapter,
    load_language_model,
    merge_adapter,
    resolve_device,
)
from prompt_recovery.engines.recoverer import load_chat_answerer, load_recoverer
from prompt_recovery.engines.reply import Reply
from prompt_recovery.engines.tokenizer import load_tokenizer
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine
from prompt_recovery.places import RunFolder
from prompt_recovery.train.adapter import train_adapter
from prompt_recovery.train.answer_scores import answer_scores
from prompt_recovery.train.examples import make_batch, training_rows
from prompt_recovery.train.losses import summed_loss

CPU = torch.device("cpu")
LONGER = Train(epochs=6, batch_tokens=10_000, learning_rate=3e-3, validations=1)  # all rows in each step


def small_run(folder, **changes) -> RunConfig:
    values = {"name": "small", "data": "small", "device": "cpu", "base": Base(model=str(folder)), "lora": Lora(rank=4)}
    values["chat"] = Chat(instruction="Which prompt?")
    values["train"] = Train(batch_tokens=90, accumulate=2, learning_rate=1e-3, validations=1)
    values["generation"] = Generation(max_new_tokens=12)
    return RunConfig(**values | changes)


def embed_lengths(texts):
    """Two texts are the nearer the more alike their lengths."""
    angles = np.array([min(len(text), 90) for text in texts]) * np.pi / 180
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def train(run, triples, folder, **more):
    base = load_recoverer(run, None)
    options = {"folder": RunFolder(folder), "embed": embed_lengths, "inputs": {}} | more
    fitted, counts = train_adapter(triples, triples, run, base=base, **options)
    assert not RunFolder(folder).checkpoints.exists()
    assert counts == {"rows": 4, "trimmed": 0, "peak_gpu_bytes": 0}
    return fitted


QUICK = ("llama", "mistral", "gemma2")


@pytest.mark.parametrize(
    "family", [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in FAMILIES]
)
def test_load_train_save_reload_generate(family, model_folder, triples, tmp_path):
    run = small_run(model_folder(family))
    fitted = train(run, triples, tmp_path)
    assert fitted.steps == 2
    steps = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in steps if "loss" in line] == [1, 2]
    assert steps[-1]["SCS train"] == pytest.approx(fitted.valid_scores["train"], abs=1e-6)

    bare, adapted = load_recoverer(run, None), load_recoverer(run, tmp_path / "adapter")
    prompts = [adapted.encode("The kettle sang.", "Arr!"), adapted.encode("Bread is cheap, said Mabel.", "BREAD")]
    batch = make_batch(training_rows(triples, adapted.chat), adapted.tokenizer.pad_token_id)
    with torch.no_grad():
        losses = [float(summed_loss(model.model, batch)) for model in (bare, adapted)]
    assert losses[1] < losses[0]  # the saved adapter is in force, and it has learnt
    answers = adapted.generate(prompts)
    assert len(answers) == 2
    assert answers == [adapted.generate([prompt])[0] for prompt in prompts]  # padding changes nothing
    assert all(token not in answer for answer in answers for token in adapted.tokenizer.all_special_tokens)


@pytest.mark.slow
def test_of_a_gemma_3_that_sees_images_the_text_model_alone_is_loaded_trained_and_merged(
    model_folder, triples, tmp_path
):
    images = make_image_model_folder(model_folder("gemma3"), tmp_path / "images")
    ids = torch.tensor([[10, 11, 12, 13, 14]])
    with torch.no_grad():
        seeing, words = (load_language_model(str(folder), device=CPU) for folder in (images, model_folder("gemma3")))
        torch.testing.assert_close(seeing(ids).logits, words(ids).logits)
    assert not [name for name, _ in seeing.named_modules() if "vision" in name]

    run = small_run(images)
    train(run, triples, tmp_path)
    adapted = load_recoverer(run, tmp_path / "adapter")
    assert len(adapted.generate([adapted.encode("The kettle sang.", "Arr!")])) == 1
    merge_adapter(tmp_path / "adapter", run.base, device="cpu", into=tmp_path / "merged")
    with torch.no_grad():
        merged = load_language_model(str(tmp_path / "merged"), device=CPU)(ids).logits
        apart = load_adapter(load_language_model(str(images), device=CPU), tmp_path / "adapter", base=str(images))
        torch.testing.assert_close(merged, apart(ids).logits, atol=1e-5, rtol=1e-4)
        assert not torch.allclose(merged, words(ids).logits, atol=1e-4)


@pytest.mark.slow
def test_a_folder_that_lacks_weights_of_its_text_model_is_refused(model_folder, tmp_path):
    images = make_image_model_folder(model_folder("gemma3"), tmp_path / "images")
    file = images / "model.safetensors"
    weights = load_file(file)
    lost = next(name for name in sorted(weights) if name.endswith("layers.0.mlp.up_proj.weight") and "language" in name)
    save_file(
        {name: one for name, one in weights.items() if name != lost}, images / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(
        InputError, match=r"1 weights of its text model are not there \(first: model.layers.0.mlp.up_proj"
    ):
        load_language_model(str(images), device=CPU)


@pytest.mark.parametrize("family", ["llama", "qwen2", "phi3"])
def test_gradients_after_a_generation_are_those_before(family, model_folder, triples):
    run = small_run(model_folder(family))
    base = load_recoverer(run, None)
    model = add_adapter(base.model, run.lora, seed=0)
    batch = make_batch(training_rows(triples, base.chat), base.tokenizer.pad_token_id)

    def gradients() -> dict[str, torch.Tensor]:
        model.zero_grad()
        summed_loss(model.train(), batch).backward()
        return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}

    before = gradients()
    model.eval()
    generate(model, [base.encode("a", "b")], tokenizer=base.tokenizer, stop_ids=base.chat.stop_ids(), max_new_tokens=4)
    after = gradients()
    assert before.keys() == after.keys()
    assert any(gradient.abs().max() > 0 for gradient in before.values())
    for name in before:
        torch.testing.assert_close(after[name], before[name])


def test_nf4_is_four_bits_and_double_quantised(model_folder):
    model = load_language_model(str(model_folder("llama")), quantisation="nf4", device=CPU)
    weight = model.model.layers[0].mlp.up_proj.weight
    assert weight.dtype is torch.uint8
    assert weight.numel() == 64 * 128 // 2
    assert weight.quant_state.quant_type == "nf4"
    assert weight.quant_state.nested


def test_lora_is_on_every_linear_layer_but_the_head_and_in_fp32(model_folder):
    model = load_language_model(str(model_folder("mistral")), quantisation="nf4", device=CPU)
    adapted = add_adapter(model, Lora(rank=4), seed=0)
    trained = {name.split(".lora_")[0].rsplit(".", 1)[1] for name, p in adapted.named_parameters() if p.requires_grad}
    assert trained == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert {p.dtype for p in adapted.parameters() if p.requires_grad} == {torch.float32}


def test_an_adapter_is_in_fp32_on_a_base_in_16_bits_too(model_folder):
    base = load_language_model(str(model_folder("llama")), device=CPU).bfloat16()
    assert {p.dtype for p in add_adapter(base, Lora(rank=4), seed=0).parameters() if p.requires_grad} == {torch.float32}


@pytest.mark.parametrize("family", FAMILIES)
def test_pad_is_never_eos(family, model_folder):
    tokenizer = load_tokenizer(str(model_folder(family)))
    assert 0 <= tokenizer.pad_token_id < len(tokenizer)
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert tokenizer.padding_side == "left"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_adapter(model_folder, triples, tmp_path):
    for name in ("one", "two"):
        train(small_run(model_folder("llama")), triples, tmp_path / name)
    one, two = ((tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_a_second_stage_starts_at_the_loss_where_the_first_ended(model_folder, triples, tmp_path):
    run = small_run(model_folder("llama"), train=LONGER)
    first = train(run, triples, tmp_path / "first")
    adapter = tmp_path / "first" / "adapter"
    before = (adapter / "adapter_model.safetensors").read_bytes()
    train(run, triples, tmp_path / "second", inputs={"init_from": adapter})
    losses = {}
    for stage in ("first", "second"):
        lines = (tmp_path / stage / "metrics.jsonl").read_text().splitlines()
        losses[stage] = [line["loss"] for line in map(json.loads, lines) if "loss" in line]
    assert losses["second"][0] == pytest.approx(first.valid_losses["train"], rel=1e-4)
    assert losses["second"][0] < losses["first"][0] - 0.05  # not the bare base's
    assert losses["second"][-1] < losses["second"][0]  # it learns on
    assert (adapter / "adapter_model.safetensors").read_bytes() == before


@pytest.mark.slow
def test_a_second_stage_has_its_own_dropout_and_needs_the_same_base(model_folder, triples, tmp_path):
    train(small_run(model_folder("llama")), triples, tmp_path)
    base = load_language_model(str(model_folder("llama")), quantisation="nf4", device=CPU)
    adapted = continue_adapter(base, tmp_path / "adapter", Lora(rank=4, dropout=0.5), base="llama")
    assert {module.p for name, module in adapted.named_modules() if name.endswith("lora_dropout.default")} == {0.5}
    assert {p.dtype for name, p in adapted.named_parameters() if p.requires_grad and "lora_" in name} == {torch.float32}
    other = load_language_model(str(model_folder("mistral")), device=CPU)
    with pytest.raises(InputError, match="this adapter was trained on another base"):
        continue_adapter(other, tmp_path / "adapter", Lora(rank=4), base="mistral")


def test_an_adapter_of_another_base_is_refused(model_folder, triples, tmp_path):
    train(small_run(model_folder("llama")), triples, tmp_path)
    retrained = make_model_folder("llama", tmp_path / "retrained", seed=1)
    for other in (retrained, model_folder("mistral")):
        with pytest.raises(
            InputError, match=r"this adapter was trained on another base: .*Load that base, or train again"
        ):
            load_recoverer(small_run(other), tmp_path / "adapter")


def test_an_adapter_fits_a_copy_of_its_base_in_16_bits(model_folder, triples, tmp_path):
    train(small_run(model_folder("llama")), triples, tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(model_folder("llama"), copy)
    load_language_model(str(copy), device=CPU).bfloat16().save_pretrained(copy)
    load_adapter(load_language_model(str(copy), device=CPU), tmp_path / "adapter", base="copy")


@pytest.mark.slow
@pytest.mark.parametrize("family", ["phi3", "gemma3"])  # fused projections; a head that is the embedding
def test_a_merged_folder_says_what_base_and_adapter_say_and_can_be_quantised(family, model_folder, triples, tmp_path):
    base = Base(model=str(model_folder(family)))
    train(small_run(model_folder(family), train=LONGER), triples, tmp_path)
    assert merge_adapter(tmp_path / "adapter", base, device="cpu", into=tmp_path / "merged") == "float32"
    bare, merged = (load_language_model(str(folder), device=CPU) for folder in (base.model, tmp_path / "merged"))
    ids = torch.arange(20, 60)[None]
    with torch.no_grad():
        plain, together = bare(ids).logits, merged(ids).logits
        apart = load_adapter(bare, tmp_path / "adapter", base="x")(ids).logits
    torch.testing.assert_close(together, apart, atol=1e-4, rtol=1e-4)
    assert (together - plain).abs().max() > 0.05
    served = load_recoverer(small_run(tmp_path / "merged"), None)  # in 4 bits, as an ordinary base
    assert served.encode("a", "b") == load_recoverer(small_run(base.model), None).encode("a", "b")
    assert len(served.generate([served.encode("a", "b")])) == 1


@pytest.mark.slow
def test_a_merge_that_fails_leaves_no_folder(model_folder, triples, tmp_path):
    train(small_run(model_folder("llama")), triples, tmp_path)
    weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    save_file({name: w * torch.nan for name, w in weights.items()}, tmp_path / "adapter" / "adapter_model.safetensors")
    with pytest.raises(InputError, match=r"adapter: cannot be merged .*NaNs detected.*Train it again"):
        merge_adapter(tmp_path / "adapter", Base(model=str(model_folder("llama"))), device="cpu", into=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is a folder without config.json, expected a Hugging Face model folder"):
        load_tokenizer(str(tmp_path))
    with pytest.raises(InputError, match=r"nobody/nothing: cannot be loaded: not in the cache, and the hub does"):
        load_language_model("nobody/nothing", device=CPU)
    with pytest.raises(InputError, match=r"adapter/base.json: not found. It is made by `make train`"):
        load_adapter(torch.nn.Linear(1, 1), tmp_path / "adapter", base="x")


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (T5Config(architectures=["T5ForConditionalGeneration"]), r"T5ForConditionalGeneration \(type t5\)"),
        (BertConfig(architectures=["BertModel"]), r"BertModel \(type bert\)"),  # so are most sentence embedders
        (BertConfig(architectures=["BertForMaskedLM"], is_decoder=True), r"BertForMaskedLM \(type bert\)"),
        (LlamaConfig(architectures=["LlamaForSequenceClassification"]), r"LlamaForSequenceClassification \(type llama"),
        (LlamaConfig(), r"no architecture \(type llama\)"),
    ],
)
def test_what_does_not_write_left_to_right_is_refused_by_its_architecture(config, found, tmp_path):
    config.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=rf"{tmp_path}: is no causal language model: .* {found}.*in its chat version"):
        load_language_model(str(tmp_path), device=CPU)


def test_a_folder_that_is_not_whole_or_an_adapter_is_no_base(model_folder, triples, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(model_folder("llama"), half)
    (half / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"half: cannot be loaded \(.*\). Expected a whole Hugging Face model folder"):
        load_language_model(str(half), device=CPU)
    (half / "config.json").rename(half / "adapter_config.json")
    with pytest.raises(InputError, match=r"half: is an adapter, not a model; give its base, expected"):
        load_language_model(str(half), device=CPU)


def test_a_chat_model_replies_in_the_order_of_the_messages(model_folder, monkeypatch):
    monkeypatch.setattr(ChatFormat, "stop_ids", lambda chat: list(range(len(chat.tokenizer))))  # one token, and done
    answer = load_chat_answerer(
        Rewriter(kind="transformers", model=str(model_folder("gemma2")), device="cpu", batch_size=3)
    )
    messages = [f"{'Mabel wrote a letter. ' * (n * 5 % 7)}Number {n}" for n in range(8)]
    replies = list(answer(messages))
    assert replies == [reply for message in messages for reply in answer([message])]
    assert len(set(replies)) > 1


def test_a_reply_that_met_the_limit_is_a_failure(model_folder):
    model = str(model_folder("gemma2"))
    answer = load_chat_answerer(Rewriter(kind="transformers", model=model, device="cpu", max_new_tokens=2))
    assert list(answer(["The kettle sang."])) == [Reply("", "cut_off")]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named():
    with pytest.raises(InputError, match="no CUDA GPU is visible"):
        resolve_device("cuda")
    assert resolve_device("auto") == CPU


def test_the_scores_of_a_model_in_training_are_those_of_its_answers(model_folder, triples):
    base = load_recoverer(small_run(model_folder("llama")), None)
    valid = pd.concat([triples.assign(split="S0"), triples.assign(split="S1")], ignore_index=True)
    scores = answer_scores(base, valid, rows_per_split=3, batch_size=2, embed=embed_lengths)()
    rows = triples.head(3)
    answers = [
        base.generate([base.encode(*texts)])[0]
        for texts in zip(rows["original_text"], rows["rewritten_text"], strict=True)
    ]
    expected = sharpened_cosine(embed_lengths(rows["rewrite_prompt"]), embed_lengths(answers)).mean()
    assert scores == {"S0": pytest.approx(expected), "S1": pytest.approx(expected)}


def test_no_training_row_is_an_error_that_says_where_to_look(model_folder, triples, tmp_path):
    with pytest.raises(InputError, match=r"data small: no training row is left\. Look at its report.html"):
        train(small_run(model_folder("llama")), triples.head(0), tmp_path)
