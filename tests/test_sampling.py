"""Several answers to a question: what was said, how probable it was, whatever batch and padding."""

import pytest
import torch
from small_models import FAMILIES

from prompt_recovery.config import Base, Chat, Generation, Lora, RunConfig
from prompt_recovery.engines.language_model import add_adapter, base_record, load_language_model
from prompt_recovery.engines.recoverer import load_recoverer
from prompt_recovery.engines.sampling import Drawing, GumbelChoice
from prompt_recovery.engines.trainable import save_trained
from prompt_recovery.errors import InputError

SETTINGS = Generation(max_new_tokens=6, openings=("", "Rewrite this"), samples=2, temperature=0.7)
PAIRS = [("The kettle sang in the kitchen while Mabel wrote.", "Arr, the kettle!"), ("Bread", "BREAD")]


def small_run(folder, method="lora"):
    values = {"chat": Chat(instruction="Which prompt?"), "lora": Lora(rank=4), "generation": SETTINGS}
    return RunConfig(name="small", data="small", device="cpu", method=method, base=Base(model=str(folder)), **values)


def answers_of(model, pairs, seed=0):
    prompts = [model.encode(*pair) for pair in pairs]
    return model.answer_variously(prompts, [original for original, _ in pairs], SETTINGS, seed)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "qlora"])
@pytest.mark.parametrize("family", FAMILIES)
def test_answers_do_not_depend_on_batch_or_padding(family, method, model_folder):
    model = load_recoverer(small_run(model_folder(family), method), None)
    together, alone = answers_of(model, PAIRS), [answers_of(model, [pair])[0] for pair in PAIRS]
    for own, other in zip(together, alone, strict=True):
        assert [(a.text, a.opening, a.sample, a.tokens) for a in own] == [
            (a.text, a.opening, a.sample, a.tokens) for a in other
        ]
        assert [a.log_probability for a in own] == pytest.approx([a.log_probability for a in other], abs=1e-3)
    greedy = [row[0].text for row in together]
    assert greedy == model.generate([model.encode(*pair) for pair in PAIRS])
    assert all(a.text.startswith("Rewrite this") for row in together for a in row if a.opening)
    assert answers_of(model, PAIRS, seed=1) != together


@pytest.mark.slow
@pytest.mark.parametrize("family", ["mistral", "gemma3", "llama"])
def test_log_probabilities_are_those_of_one_pass_without_padding(family, model_folder, monkeypatch):
    model = load_recoverer(small_run(model_folder(family)), None)
    spoken = []
    own = type(model.model).generate
    monkeypatch.setattr(
        model.model, "generate", lambda **options: spoken.append(own(model.model, **options)) or spoken[-1]
    )
    answers = answers_of(model, PAIRS)
    prompts, stops = [model.encode(*pair) for pair in PAIRS], model.chat.stop_ids()
    width = max(map(len, prompts))
    for row, prompt in enumerate(prompts):
        for place, answer in enumerate(answers[row]):
            ids = spoken[place // 3][row * 3 + answer.sample, width:][: answer.tokens]
            assert answer.tokens == 6 + len(model.chat.opening_ids(answer.opening)) or int(ids[-1]) in stops
            with torch.no_grad():
                logits = model.model(torch.tensor([[*prompt, *ids.tolist()]])).logits[0, len(prompt) - 1 : -1]
            direct = logits.log_softmax(-1).gather(1, ids[:, None]).sum()
            assert answer.log_probability == pytest.approx(float(direct), abs=1e-3)


def test_gumbel_noise_draws_from_the_softmax_at_the_temperature():
    scores = torch.log(torch.tensor([0.6, 0.3, 0.1]))
    rows = 600
    choose = GumbelChoice([(str(row), "", 1) for row in range(rows)], Drawing(1, 0.5, 0))
    drawn = choose(torch.empty(rows, 0), scores.repeat(rows, 1)).argmax(-1).bincount(minlength=3) / rows
    expected = torch.tensor([0.36, 0.09, 0.01]) / 0.46
    torch.testing.assert_close(drawn, expected, atol=0.05, rtol=0)
    assert set(choose.log_probabilities[0].exp().numpy().astype(float).round(2).tolist()) <= {0.6, 0.3, 0.1}


@pytest.mark.slow
def test_several_adapters_answer_in_turn_and_one_of_another_base_is_refused(model_folder, tmp_path):
    run = small_run(model_folder("llama"))
    for seed in (1, 2):
        bare = load_language_model(run.base.model, device=torch.device("cpu"))
        record, adapted = base_record(bare, "llama"), add_adapter(bare, run.lora, seed)
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.3)
        save_trained(adapted, tmp_path / str(seed) / "adapter", record)
    folders = [tmp_path / str(seed) / "adapter" for seed in (1, 2)]
    first = load_recoverer(run, folders[0])
    alone = answers_of(first, PAIRS)
    second = answers_of(first.with_adapter(folders[1], "llama"), PAIRS)
    assert second == answers_of(load_recoverer(run, folders[1]), PAIRS)
    assert second != alone
    assert answers_of(first.with_adapter(folders[0], "llama"), PAIRS) == alone
    with pytest.raises(InputError, match="trained on another base"):
        load_recoverer(small_run(model_folder("mistral")), None).with_adapter(folders[0], "mistral")
