import pytest
from small_models import make_tokenizer

from prompt_recovery.config import Chat
from prompt_recovery.engines.chat import ChatFormat
from prompt_recovery.train.examples import Row, make_batch, plan_batches, training_rows

LENGTHS = [5, 90, 17, 17, 40, 3, 64, 12, 8, 33] * 10


def rows_of(lengths) -> list[Row]:
    return [Row([1] * length, answer_length=2) for length in lengths]


def test_only_the_answer_and_its_end_carry_loss(triples):
    chat = ChatFormat(make_tokenizer("qwen2"), Chat())
    for row, prompt in zip(training_rows(triples, chat), triples["rewrite_prompt"], strict=True):
        batch = make_batch([row], pad_id=0)
        assert chat.tokenizer.decode(batch.targets[batch.is_answer]) == f"{prompt}<|im_end|>"


def test_a_row_without_an_answer_is_refused(triples):
    chat = ChatFormat(make_tokenizer("qwen2"), Chat())
    with pytest.raises(ValueError, match="no answer or no end of turn"):
        training_rows(triples.assign(rewrite_prompt=""), chat)


def test_every_row_is_in_one_batch_within_the_budget():
    plan = plan_batches(rows_of(LENGTHS), 128, seed=0)
    assert sorted(row for batch in plan for row in batch) == list(range(len(LENGTHS)))
    assert max(len(batch) * max(LENGTHS[row] for row in batch) for batch in plan) <= 128


def test_the_largest_batch_comes_first():
    plan = plan_batches(rows_of(LENGTHS), 128, seed=0)
    sizes = [len(batch) * max(LENGTHS[row] for row in batch) for batch in plan]
    assert sizes[0] == max(sizes)


def test_like_lengths_go_together():
    plan = plan_batches(rows_of(LENGTHS), 128, seed=0)
    padded = sum(len(batch) * max(LENGTHS[row] for row in batch) for batch in plan)
    assert sum(LENGTHS) / padded > 0.9


def test_batches_depend_on_the_seed_alone():
    rows = rows_of(LENGTHS)
    assert plan_batches(rows, 128, seed=1) == plan_batches(rows, 128, seed=1)
    assert plan_batches(rows, 128, seed=1) != plan_batches(rows, 128, seed=2)


def test_a_row_over_the_budget_is_a_batch_of_its_own():
    assert [1] in plan_batches(rows_of([3, 500, 3]), 128, seed=0)


def test_padding_is_on_the_left_masked_and_without_loss():
    batch = make_batch([Row([7, 8, 9], 2), Row([5], 1)], pad_id=0)
    assert batch.ids.tolist() == [[7, 8, 9], [0, 0, 5]]
    assert batch.mask.tolist() == [[1, 1, 1], [0, 0, 1]]
    assert batch.position_ids.tolist() == [[0, 1, 2], [0, 0, 0]]
    assert batch.targets.tolist() == [[8, 9], [0, 5]]
    assert batch.is_answer.tolist() == [[True, True], [False, True]]
    assert (batch.tokens, batch.answer_tokens) == (4, 3)


def test_packed_rows_stand_in_one_line_and_begin_anew():
    batch = make_batch([Row([7, 8, 9], 2), Row([4, 5], 1)], pad_id=0, packed=True)
    assert batch.ids.tolist() == [[7, 8, 9, 4, 5]]
    assert batch.position_ids.tolist() == [[0, 1, 2, 0, 1]]
    assert batch.mask is None
    assert batch.targets.tolist() == [[8, 9, 5]]
    assert (batch.tokens, batch.answer_tokens) == (5, 3)
