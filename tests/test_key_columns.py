import pyarrow as pa
import pytest

from prompt_recovery.data.splits.key_columns import held_out, numbered, repeated, values_of
from prompt_recovery.errors import InputError


def column(*values):
    return pa.chunked_array([values[:1], values[1:]], pa.string())


def test_a_column_becomes_its_values_and_none_where_there_is_none():
    assert list(values_of(column("a", None, "b", "a"))) == ["a", None, "b", "a"]


def test_prompts_that_differ_in_case_and_punctuation_have_one_number_and_the_first_text():
    numbers, texts = numbered(column("Shout it.", "Sing.", "shout it", "!!", "??"))
    assert (list(numbers), texts) == ([0, 1, 0, 2, 3], ["Shout it.", "Sing.", "!!", "??"])


def test_all_but_the_first_of_an_id_are_repeated():
    assert list(repeated(column("a", "b", "a", "c", "a"))) == [False, False, True, False, True]


def test_a_rewriter_is_held_out_in_every_spelling():
    assert list(held_out(column("GPT-4", "gemma", "gpt 4"), ("gpt-4",))) == [True, False, True]
    assert not held_out(column("gpt", "gemma"), ()).any()


def test_a_rewriter_that_nobody_is_is_refused():
    with pytest.raises(InputError, match=r"no row that is left is of claude; found: gemma, gpt\. Name one of these"):
        held_out(column("gpt", "gemma"), ("gpt", "claude"))
