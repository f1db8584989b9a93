import pandas as pd
import pytest

from prompt_recovery.recover.answers import constant_answers, recover_prompts
from prompt_recovery.tables import ANSWERS, check_frame

PAIRS = pd.DataFrame({
    "id": ["a", "b", "c", "d", "e"],
    "original_text": ["x", "xxxx", "xx", "xxxxx", "xxx"],
    "rewritten_text": ["y"] * 5,
})  # fmt: skip


def recover(pairs, replies=lambda prompt: f"prompt of {len(prompt)}", batch_size=2):
    seen = []

    def generate(prompts):
        seen.append([len(prompt) for prompt in prompts])
        return [replies(prompt) for prompt in prompts]

    answers = recover_prompts(
        pairs,
        encode=lambda original, rewritten, shots: [1] * (len(original) + len(rewritten)),
        generate=generate,
        constant="Improve the text.",
        batch_size=batch_size,
    )
    check_frame(answers, ANSWERS, where="test")
    return answers, seen


def test_answers_come_in_the_order_of_the_pairs():
    answers, _ = recover(PAIRS)
    assert list(answers["id"]) == list("abcde")
    assert list(answers["rewrite_prompt"]) == [f"prompt of {length}" for length in (2, 5, 3, 6, 4)]


def test_batches_hold_like_lengths_the_longest_first():
    answers, seen = recover(PAIRS)
    assert seen == [[6, 5], [4, 3], [2]]
    assert list(answers["batch"]) == [2, 0, 1, 0, 1]


def test_the_order_of_the_rows_plays_no_part():
    shuffled = recover(PAIRS.sample(frac=1, random_state=1))[0]
    assert shuffled.sort_values("id").to_dict("list") == recover(PAIRS)[0].to_dict("list")


@pytest.mark.parametrize("reply", ["", "  \n", "nan", "NA", "None", "null"])
def test_an_answer_that_is_none_falls_back_to_the_constant(reply):
    answers, _ = recover(PAIRS, replies=lambda prompt: reply if len(prompt) == 4 else "Make it rhyme.")
    assert list(answers["answered_by"]) == ["model"] * 4 + ["constant"]
    assert answers["rewrite_prompt"].iloc[4] == "Improve the text."


def test_an_answer_is_one_line():
    assert (
        recover(PAIRS, replies=lambda prompt: " Make it\n  rhyme. ")[0]["rewrite_prompt"].unique() == "Make it rhyme."
    )


def test_constant_answers_have_the_same_form():
    answers = constant_answers(PAIRS, "Improve the text.")
    check_frame(answers, ANSWERS, where="test")
    assert set(answers["rewrite_prompt"]) == {"Improve the text."}
    assert set(answers["answered_by"]) == {"constant"}
