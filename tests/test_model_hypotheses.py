"""What a model answers becomes hypotheses: all of them, whatever the order, and its own answers among them."""

import pandas as pd
import pytest

from prompt_recovery import config
from prompt_recovery.recover.answers import recover_prompts
from prompt_recovery.recover.model_hypotheses import greedy_answers, load_asking, model_hypotheses
from prompt_recovery.tables import ANSWERS, HYPOTHESES, HYPOTHESIS_KEY, check_frame, read_table, write_table

PAIRS = pd.DataFrame({
    "id": list("abcde"),
    "original_text": ["x", "xxxx", "xx", "xxxxx", "xxx"],
    "rewritten_text": ["y"] * 5,
})  # fmt: skip
ODD = {
    "emoji": "🎉🎉 👩‍👩‍👧",
    "script": "जब तक सूरज चाँद रहेगा, 雨が降る。 مرحبا",
    "long": "word " * 20_000,
    "control": "<s> </s> <|im_end|> [INST]",
    "same": "The kettle sang.",
    "empty": "",
}


class Spoken:
    """One answer, as an engine gives it."""

    def __init__(self, text, opening="", sample=0):
        self.text, self.opening, self.sample = text, opening, sample
        self.log_probability, self.tokens = -0.5 * len(text), len(text)


def spell(prompts, keys):
    return [
        [Spoken(f"{opening} {key}\n{len(prompt)}.{n}", opening, n) for opening in ("", "Make") for n in (0, 1)]
        for prompt, key in zip(prompts, keys, strict=True)
    ]


def ask(pairs=PAIRS, answer=spell, batch_size=2, **others):
    def encode(original, rewritten, shots):
        return [1] * (len(original) + len(rewritten))

    answerers = [("", answer), *others.items()]
    return model_hypotheses(pairs, encode=encode, answerers=answerers, batch_size=batch_size)


def without(key):
    return lambda prompts, keys: [
        [Spoken("NaN" if own == key else "Make it rhyme."), Spoken(f"It {own}", "It", 1)] for own in keys
    ]


def test_every_answer_of_every_adapter_is_a_row_of_one_line(tmp_path):
    table = ask(other=spell).table
    assert len(table) == 5 * 4 * 2
    row = table[(table["id"] == "d") & (table["opening"] == "Make") & (table["sample"] == 1)].iloc[1]
    assert (row["rewrite_prompt"], row["kind"], row["adapter"]) == ("Make d 6.1", "model", "other")
    assert (row["log_probability"], row["tokens"]) == (-5.0, 10.0)
    write_table(table, tmp_path / "hypotheses.parquet", HYPOTHESES, key=HYPOTHESIS_KEY)
    assert len(read_table(tmp_path / "hypotheses.parquet", HYPOTHESES, key=HYPOTHESIS_KEY)) == 40


def test_the_order_of_the_rows_plays_no_part():
    pairs = PAIRS.assign(original_text=["x", "xxxx", "xxxx", "xxxx", "xx"])
    shuffled, own = ask(pairs[::-1]), ask(pairs)
    key = list(HYPOTHESIS_KEY)
    pd.testing.assert_frame_equal(
        shuffled.table.sort_values(key, ignore_index=True), own.table.sort_values(key, ignore_index=True)
    )
    assert shuffled.batches.to_dict() == own.batches.to_dict() == {"a": 2, "b": 0, "c": 0, "d": 1, "e": 1}


def test_an_adapter_is_asked_all_before_the_next_is_put_in_force():
    asked = []

    def in_turn():
        for in_force in ("", "one", "two"):
            asked.append([])
            yield in_force, lambda prompts, keys: asked[-1].extend(keys) or spell(prompts, keys)

    def encode(original, rewritten, shots):
        return [1]

    model_hypotheses(PAIRS, encode=encode, answerers=in_turn(), batch_size=2)
    assert asked == [list("abcde")] * 3


def test_what_repeats_is_kept_and_what_says_nothing_is_dropped_and_counted():
    said = ask(answer=without("c"), other=without("x"))
    assert said.dropped == {"": 1, "other": 0}
    assert len(said.table) == 19
    assert (said.table["rewrite_prompt"] == "Make it rhyme.").sum() == 9


def test_the_greedy_answers_are_the_runs_own_and_a_dropped_one_is_the_constant():
    answers = greedy_answers(ask(answer=without("c"), other=spell), "Improve the text.")
    check_frame(answers, ANSWERS, where="test")
    assert list(answers["id"]) == list("abcde")
    assert list(answers["rewrite_prompt"]) == ["Make it rhyme."] * 2 + ["Improve the text."] + ["Make it rhyme."] * 2
    assert list(answers["answered_by"]) == ["model", "model", "constant", "model", "model"]
    assert list(answers["batch"]) == [2, 0, 1, 0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_a_real_models_greedy_answers_are_those_it_gives_alone_and_odd_texts_are_answered(family, model_folder):
    from prompt_recovery.engines.recoverer import load_recoverer

    settings = config.Generation(max_new_tokens=6, batch_size=3, openings=("", "Make"), samples=2)
    base = config.Base(model=str(model_folder(family)))
    options = {"chat": config.Chat(max_text_tokens=100), "generation": settings, "base": base}
    run = config.RunConfig(name="small", data="small", device="cpu", method="zero_shot", **options)
    pairs = pd.DataFrame(
        [(f"{key}{n}", text, (text, "The kettle sang.")[n]) for key, text in ODD.items() for n in (0, 1)],
        columns=["id", "original_text", "rewritten_text"],
    )
    said = load_asking(run, trained=None, adapters={})(pairs)
    assert len(said.table) + said.dropped[""] == len(pairs) * 6
    assert set(said.table["id"]) == set(pairs["id"])
    model = load_recoverer(run, None)
    options = {"encode": model.encode, "generate": model.generate, "constant": "-", "batch_size": 3}
    pd.testing.assert_frame_equal(greedy_answers(said, "-"), recover_prompts(pairs, **options))
    shuffled = load_asking(run, trained=None, adapters={})(pairs.sample(frac=1, random_state=1))
    key = list(HYPOTHESIS_KEY)
    pd.testing.assert_frame_equal(
        shuffled.table.sort_values(key, ignore_index=True), said.table.sort_values(key, ignore_index=True)
    )
