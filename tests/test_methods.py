"""The ladder of methods on small real architectures: what each trains, and that it is what answers after loading."""

from typing import get_args

import pytest
import torch
from small_models import FAMILIES, make_model_folder
from test_language_model import embed_lengths

from prompt_recovery.config import Base, Chat, Generation, Lora, RunConfig, Train, WholeWeights, ladder, stage_settings
from prompt_recovery.engines.recoverer import load_recoverer
from prompt_recovery.engines.trainable import make_trainable
from prompt_recovery.errors import InputError
from prompt_recovery.methods import METHODS, MethodName
from prompt_recovery.places import RunFolder
from prompt_recovery.train.adapter import train_adapter, training_settings

TRAINED = [method for method, own in METHODS.items() if own.trains != "nothing"]
RUN = RunConfig(name="x", data="x", base=Base(model="a/base"))


def small_run(folder, method: MethodName, **changes) -> RunConfig:
    return RunConfig(
        name="small",
        data="small",
        device="cpu",
        method=method,
        base=Base(model=str(folder)),
        lora=Lora(rank=4),
        chat=Chat(instruction="Which prompt?"),
        train=Train(batch_tokens=90, learning_rate=1e-3, epochs=4, validations=1),
        generation=Generation(max_new_tokens=12),
        **{"whole_weights": WholeWeights(learning_rate=1e-3)} | changes,
    )


def test_the_table_has_every_name_of_the_config_in_its_order():
    assert tuple(METHODS) == get_args(MethodName)


def test_only_a_quantised_base_is_never_trained_itself():
    assert {own.trains for own in METHODS.values() if own.quantisation != "none"} == {"adapter"}


def test_a_setting_that_a_method_does_not_use_makes_nothing_run_again():
    few_shot, qlora = ladder(RUN)["few_shot"], ladder(RUN)["qlora"]
    assert not {"lora", "train", "whole_weights"} & stage_settings(few_shot, "train").keys()
    assert {"seed", "prompting"} < stage_settings(few_shot, "recover").keys()
    assert all("embedder" in stage_settings(ladder(RUN)[one], "recover") for one in ("nearest", "retrieval"))
    assert {"lora", "train"} < stage_settings(qlora, "train").keys()
    assert not {"seed", "prompting", "embedder"} & stage_settings(qlora, "recover").keys()
    assert "whole_weights" in stage_settings(ladder(RUN)["full"], "train")


def test_whole_weights_have_their_own_learning_rate():
    rates = {method: training_settings(run).learning_rate for method, run in ladder(RUN).items() if method in TRAINED}
    assert rates == {"full": 2e-5, "last_layers": 2e-5, "lora": 2e-4, "qlora": 2e-4, "int8_lora": 2e-4}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_trainable_is_what_the_method_says_and_in_fp32(family, model_folder):
    opened = {}
    for method in TRAINED:
        run = small_run(model_folder(family), method, whole_weights=WholeWeights(last_layers=1))
        base = load_recoverer(run, None).model
        model = make_trainable(base if METHODS[method].quantisation != "none" else base.bfloat16(), run)
        trained = {name: one for name, one in model.named_parameters() if one.requires_grad}
        assert {one.dtype for one in trained.values()} == {torch.float32}
        opened[method] = set(trained)
    assert all("lora_" in name for method in ("lora", "qlora", "int8_lora") for name in opened[method])
    assert {name.split(".layers.")[1][:2] for name in opened["last_layers"]} == {"1."}
    assert opened["last_layers"] < opened["full"] and "model.embed_tokens.weight" in opened["full"]


def places(folder) -> dict:
    return {"folder": RunFolder(folder), "embed": embed_lengths, "inputs": {}}


@pytest.mark.slow
@pytest.mark.parametrize("method", TRAINED)
@pytest.mark.parametrize("family", ["llama", "gemma2"])
def test_a_saved_model_answers_as_the_trained_one_did(family, method, model_folder, triples, tmp_path):
    run = small_run(model_folder(family), method)
    base = load_recoverer(run, None)
    before = {name: one.clone() for name, one in base.model.named_parameters()}
    folder = tmp_path / METHODS[method].folder
    fitted, _ = train_adapter(triples, triples, run, base=base, **places(tmp_path))
    assert fitted.steps > 2
    prompts = [base.encode("The kettle sang.", "Arr!"), base.encode("Bread is cheap, said Mabel.", "BREAD")]
    batch = torch.tensor([prompts[0]])

    def logits(model) -> torch.Tensor:
        with torch.no_grad():
            return model.eval()(input_ids=batch).logits

    loaded = load_recoverer(run, folder)
    if METHODS[method].trains == "adapter":  # the adapted model wraps the base, whose layers now hold the adapter
        bare = logits(load_recoverer(run, None).model)
        assert not torch.allclose(logits(base.model), bare, atol=1e-3)
    else:
        changed = {name for name, one in base.model.named_parameters() if not torch.equal(one, before[name])}
        assert changed == {name for name, one in base.model.named_parameters() if one.requires_grad}
    torch.testing.assert_close(logits(loaded.model), logits(base.model), atol=1e-5, rtol=1e-4)
    assert loaded.generate(prompts) == base.generate(prompts)


@pytest.mark.slow
def test_whole_weights_of_another_base_are_refused(model_folder, triples, tmp_path):
    run = small_run(model_folder("llama"), "full")
    base = load_recoverer(run, None)
    train_adapter(triples, triples, run, base=base, **places(tmp_path))
    other = make_model_folder("llama", tmp_path / "other", seed=1)
    with pytest.raises(InputError, match="these weights were trained on another base"):
        load_recoverer(small_run(other, "full"), tmp_path / "weights")


def test_more_last_layers_than_there_are_is_an_error(model_folder):
    run = small_run(model_folder("llama"), "last_layers", whole_weights=WholeWeights(last_layers=3))
    with pytest.raises(InputError, match=r"whole_weights\.last_layers = 3: the base has 2 layers"):
        make_trainable(load_recoverer(run, None).model, run)
