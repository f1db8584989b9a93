import json
import math

import pytest
import torch
from small_models import FAMILIES
from transformers import AutoModelForCausalLM

from prompt_recovery.config import Train
from prompt_recovery.train.examples import Row, collate
from prompt_recovery.train.fitting import fit, mean_loss, summed_loss

PAD = 0
ROWS = [Row(list(range(10, 10 + length)), 3 + length % 3) for length in (30, 12, 21, 9, 30, 12, 17, 25)]


@pytest.fixture(params=FAMILIES)
def model(request, model_folder):
    return AutoModelForCausalLM.from_pretrained(model_folder(request.param), dtype=torch.float32)


@pytest.fixture
def llama(model_folder):
    return AutoModelForCausalLM.from_pretrained(model_folder("llama"), dtype=torch.float32)


def fit_rows(model, tmp_path, **settings):
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
    )
    return fitted, [json.loads(line) for line in path.read_text().splitlines()]


def test_the_loss_of_a_row_alone_is_its_loss_in_a_batch(model):
    model.eval()
    with torch.no_grad():
        alone = sum(float(summed_loss(model, collate([row], PAD))) for row in ROWS)
        together = float(summed_loss(model, collate(ROWS, PAD)))
    assert together == pytest.approx(alone, rel=1e-5)


def test_the_loss_is_the_plain_cross_entropy_of_the_answer(llama):
    row = ROWS[1]
    ids = torch.tensor([row.ids])
    with torch.no_grad():
        log_probabilities = llama(input_ids=ids).logits.log_softmax(-1)[0, :-1]
    expected = -sum(float(log_probabilities[i - 1, row.ids[i]]) for i in range(len(row.ids) - 3, len(row.ids)))
    assert summed_loss(llama, collate([row], PAD)).item() == pytest.approx(expected, rel=1e-5)


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
    with pytest.raises(FloatingPointError, match=r"the loss is nan: lower train.learning_rate"):
        fit_rows(llama, tmp_path)
