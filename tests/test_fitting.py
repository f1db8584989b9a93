import contextlib
import dataclasses
import json
import math

import pytest
import torch
from small_models import FAMILIES
from transformers import AutoModelForCausalLM

from prompt_recovery.config import Train
from prompt_recovery.engines import requirements_check
from prompt_recovery.errors import InputError
from prompt_recovery.train.checkpoints import Checkpoints
from prompt_recovery.train.examples import Row, make_batch
from prompt_recovery.train.fitting import fit
from prompt_recovery.train.losses import mean_loss, summed_loss

PAD = 0
ROWS = [Row(list(range(10, 10 + length)), 3 + length % 3) for length in (30, 12, 21, 9, 30, 12, 17, 25)]


@pytest.fixture(params=FAMILIES)
def model(request, model_folder):
    return AutoModelForCausalLM.from_pretrained(model_folder(request.param), dtype=torch.float32)


@pytest.fixture
def llama(model_folder):
    return AutoModelForCausalLM.from_pretrained(model_folder("llama"), dtype=torch.float32)


def fit_rows(model, tmp_path, *, checkpoints=None, answer_scores=None, **settings):
    values = {"learning_rate": 1e-3, "batch_tokens": 64, "validations": 2} | settings
    path = tmp_path / "metrics.jsonl"
    fitted = fit(
        model,
        ROWS,
        {"S0": ROWS[:2], "S1": ROWS[2:]},
        Train(**values),
        pad_id=PAD,
        seed=0,
        metrics_path=path,
        title="test",
        checkpoints=checkpoints,
        answer_scores=answer_scores,
    )
    return fitted, [json.loads(line) for line in path.read_text().splitlines()]


def test_the_loss_of_a_row_alone_is_its_loss_in_a_batch(model):
    model.eval()
    with torch.no_grad():
        alone = sum(float(summed_loss(model, make_batch([row], PAD))) for row in ROWS)
        together = float(summed_loss(model, make_batch(ROWS, PAD)))
        packed = float(summed_loss(model, make_batch(ROWS, PAD, packed=True)))
    assert together == pytest.approx(alone, rel=1e-5)
    assert packed == pytest.approx(alone, rel=1e-5)


def test_the_loss_is_the_plain_cross_entropy_of_the_answer(llama):
    row = ROWS[1]
    ids = torch.tensor([row.ids])
    with torch.no_grad():
        log_probabilities = llama(input_ids=ids).logits.log_softmax(-1)[0, :-1]
    expected = -sum(float(log_probabilities[i - 1, row.ids[i]]) for i in range(len(row.ids) - 3, len(row.ids)))
    assert summed_loss(llama, make_batch([row], PAD)).item() == pytest.approx(expected, rel=1e-5)


def test_accumulation_does_not_change_a_step(model_folder, tmp_path):
    after = []
    for batch_tokens, accumulate in ((10_000, 1), (30, 8)):
        model = AutoModelForCausalLM.from_pretrained(model_folder("llama"), dtype=torch.float32)
        fitted, lines = fit_rows(model, tmp_path, batch_tokens=batch_tokens, accumulate=accumulate, validations=1)
        assert fitted.steps == 1
        after.append((lines[0]["loss"], model.model.layers[0].mlp.up_proj.weight.detach()))
    assert after[0][0] == pytest.approx(after[1][0], rel=1e-5)
    torch.testing.assert_close(after[0][1], after[1][1], atol=1e-5, rtol=1e-4)


def test_the_logged_loss_is_the_mean_over_the_answers_tokens(llama, tmp_path):
    before = mean_loss(llama, ROWS, 10_000, PAD)
    _, lines = fit_rows(llama, tmp_path, batch_tokens=30, accumulate=8)
    assert lines[0]["loss"] == pytest.approx(before, rel=1e-5)


def test_gradients_are_clipped(llama, tmp_path):
    before = llama.model.layers[0].mlp.up_proj.weight.detach().clone()
    fit_rows(llama, tmp_path, max_grad_norm=1e-12)  # far below the epsilon of AdamW: next to nothing moves
    torch.testing.assert_close(llama.model.layers[0].mlp.up_proj.weight.detach(), before, atol=1e-5, rtol=0)


def test_training_lowers_the_loss_and_logs_every_step(llama, tmp_path):
    before = mean_loss(llama, ROWS, 64, PAD)
    fitted, lines = fit_rows(llama, tmp_path, epochs=8)
    assert mean_loss(llama, ROWS, 64, PAD) < before - 0.5
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, fitted.steps + 1))
    last = [line for line in lines if "valid S0" in line][-1]
    assert sum("valid S1" in line for line in lines) == 2
    assert last["valid S0"] == pytest.approx(mean_loss(llama, ROWS[:2], 64, PAD), abs=1e-6)
    assert fitted.valid_losses.keys() == {"S0", "S1"}
    assert fitted.tokens == 8 * sum(len(row.ids) for row in ROWS)


def test_the_learning_rate_warms_up_and_falls_to_zero(llama, tmp_path):
    _, lines = fit_rows(llama, tmp_path, epochs=4, warmup_share=0.25)
    rates = [line["learning_rate"] for line in lines if "loss" in line]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert max(rates) == pytest.approx(1e-3)
    assert rates[-1] < 1e-4


def test_half_an_epoch_is_half_the_batches(llama, tmp_path):
    whole, _ = fit_rows(llama, tmp_path, epochs=1)
    half, _ = fit_rows(llama, tmp_path, epochs=0.5)
    assert half.steps == math.ceil(whole.steps / 2)


def test_a_loss_that_is_not_finite_stops_the_run(llama, tmp_path):
    llama.model.norm.weight.data.fill_(math.nan)
    with pytest.raises(
        InputError, match=r"step 1, training rows \[\d+.*: the loss is nan\. The last checkpoint is kept"
    ):
        fit_rows(llama, tmp_path)


def test_packing_trains_as_padding_does(model_folder, tmp_path):
    losses = []
    for packing in ("off", "on"):
        model = AutoModelForCausalLM.from_pretrained(model_folder("llama"), dtype=torch.float32)
        _, lines = fit_rows(model, tmp_path, batch_tokens=10_000, epochs=4, packing=packing)
        losses.append([line["loss"] for line in lines if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


def drawn(folder) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (file,) = (folder / "tensorboard").iterdir()
    events = EventAccumulator(str(file)).Reload()
    return {tag: [(one.step, one.value) for one in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


@pytest.mark.slow
def test_tensorboard_draws_what_the_metrics_say_also_after_a_kill(model_folder, tmp_path):
    options = {"epochs": 6, "validations": 4, "batch_tokens": 60, "patience": None, "tensorboard": True}
    for dies_after in (2, 99):
        model = AutoModelForCausalLM.from_pretrained(model_folder("llama"), dtype=torch.float32)
        scores, saved = killed_after(model, dies_after), Checkpoints(tmp_path / "checkpoints", {})
        with pytest.raises(Killed) if dies_after == 2 else contextlib.nullcontext():
            _, lines = fit_rows(model, tmp_path, checkpoints=saved, answer_scores=scores, **options)
    expected = {}
    for line in lines:
        for name in line.keys() - {"step"}:
            expected.setdefault(name.replace(" ", "/"), []).append((line["step"], pytest.approx(line[name], abs=1e-5)))
    assert drawn(tmp_path) == expected and {"loss", "SCS/S0", "valid/S1"} < expected.keys()


def test_without_tensorboard_installed_no_step_is_taken(llama, tmp_path, monkeypatch):
    monkeypatch.setattr(requirements_check, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"TensorBoard is not installed. Run `pip install tensorboard=="):
        fit_rows(llama, tmp_path, tensorboard=True)
    assert not (tmp_path / "metrics.jsonl").exists()


class Killed(BaseException):
    """As sudden as SIGKILL: nothing of the project catches it."""


def killed_after(model, validations):
    """An answer_scores that dies at the given call; before, it says how often it was asked."""
    calls = []

    def answer_scores():
        if len(calls) == validations:
            raise Killed
        calls.append(None)
        return {"S0": float(model.model.norm.weight.detach().sum()), "S1": 0.0}

    return answer_scores


def curve(lines):
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


@pytest.mark.parametrize("validations", [0, 1, 3])
def test_a_fit_that_was_killed_goes_on_as_the_undisturbed_one(model_folder, tmp_path, validations):
    options = {"epochs": 6, "validations": 4, "batch_tokens": 60, "patience": None}

    def one(name, dies_after=None):
        model = AutoModelForCausalLM.from_pretrained(model_folder("llama"), dtype=torch.float32)
        saved = Checkpoints(tmp_path / name / "checkpoints", {"seed": 0})
        scores = killed_after(model, dies_after if dies_after is not None else 99)
        fitted, lines = fit_rows(model, tmp_path / name, checkpoints=saved, answer_scores=scores, **options)
        return fitted, curve(lines), model.model.layers[0].mlp.up_proj.weight.detach()

    undisturbed = one("whole")
    with pytest.raises(Killed):
        one("killed", validations)
    again = one("killed")
    assert again[1] == undisturbed[1]
    torch.testing.assert_close(again[2], undisturbed[2], atol=0, rtol=0)
    assert dataclasses.replace(again[0], seconds=0) == dataclasses.replace(undisturbed[0], seconds=0)


def test_checkpoints_of_another_fit_are_not_gone_on_from(llama, tmp_path):
    saved = Checkpoints(tmp_path / "checkpoints", {"learning_rate": 1})
    fit_rows(llama, tmp_path, checkpoints=saved)
    assert saved.latest()["progress"]["step"] > 0
    assert Checkpoints(tmp_path / "checkpoints", {"learning_rate": 2}).latest() is None
    assert not list((tmp_path / "checkpoints").glob("step-*"))


def test_the_model_ends_with_the_weights_that_scored_best_and_training_stops_when_they_stay_so(llama, tmp_path):
    seen, scores = [], iter([0.2, 0.5, 0.4, 0.4, 0.6])

    def answer_scores():
        seen.append(llama.model.layers[0].mlp.up_proj.weight.detach().clone())
        return {"S0": next(scores), "S1": 0.1}

    saved = Checkpoints(tmp_path / "checkpoints", {})
    options = {"epochs": 10, "validations": 5, "patience": 2}
    fitted, lines = fit_rows(llama, tmp_path, checkpoints=saved, answer_scores=answer_scores, **options)
    assert len(seen) == 4
    torch.testing.assert_close(llama.model.layers[0].mlp.up_proj.weight.detach(), seen[1], atol=0, rtol=0)
    assert fitted.steps == round(0.8 * fitted.planned_steps) and fitted.best_step == round(0.4 * fitted.planned_steps)
    assert fitted.valid_scores == {"S0": 0.5, "S1": 0.1}
    assert [line["SCS S0"] for line in lines if "SCS S0" in line] == [0.2, 0.5, 0.4, 0.4]


def test_memory_that_runs_out_says_what_to_lower(llama, tmp_path, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(type(llama), "forward", full)
    with pytest.raises(
        InputError, match=r"step 1: .* ran out at a batch of 2 x 30 tokens\. Lower train.batch_tokens, now 64"
    ):
        fit_rows(llama, tmp_path)
