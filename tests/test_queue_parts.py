"""The queue's parts without processes: which rows share a batch, what is answered in time, what may be an answer."""

import pandas as pd
import pytest

from prompt_recovery.submit.queue.accepted import accepted
from prompt_recovery.submit.queue.batches import batches_by_length
from prompt_recovery.submit.queue.deadline import Deadline
from prompt_recovery.submit.queue.given_rows import pairs_of
from prompt_recovery.submit.queue.journal import Journal, answers_written


def test_batches_are_of_like_lengths_and_do_not_depend_on_the_order_of_the_rows():
    batches = batches_by_length([3, 9, 3, 5], ["d", "c", "b", "a"], 2)
    assert [(batch.rows, batch.tokens) for batch in batches] == [((1, 3), 18), ((2, 0), 6)]
    again = batches_by_length([5, 3, 9, 3], ["a", "b", "c", "d"], 2)
    assert [[["a", "b", "c", "d"][row] for row in batch.rows] for batch in again] == [["c", "a"], ["b", "d"]]


def test_a_batch_is_halved_without_losing_a_row():
    (batch,) = batches_by_length([4] * 5, list("abcde"), 8)
    assert [half.rows for half in batch.halves] == [(0, 1), (2, 3, 4)]
    assert [single.rows for single in batch.singles] == [(0,), (1,), (2,), (3,), (4,)]
    assert sum(half.tokens for half in batch.halves) == batch.tokens == 20


def test_a_batch_is_begun_only_if_such_batches_ended_in_the_time_that_is_left():
    now = 0.0
    deadline = Deadline(100.0, clock=lambda: now)
    assert deadline.allows(1_000_000)  # nothing is known yet
    for seconds in (10.0,) * 18 + (30.0, 30.0):
        deadline.note(seconds, tokens=1000)
    now = 85.0  # nine in ten took up to 12 s
    assert deadline.allows(1000) and deadline.allows(1_000_000)  # none is reckoned longer than those that were seen
    now = 89.0
    assert not deadline.allows(1000) and not deadline.allows(1_000_000)
    assert deadline.allows(400)
    now = 101.0
    assert deadline.seconds_left == 0 and not deadline.allows(1)


def test_old_batches_are_forgotten():
    deadline = Deadline(10.0, clock=lambda: 0.0)
    deadline.note(60.0, tokens=100)
    assert not deadline.allows(100)
    for _ in range(20):
        deadline.note(1.0, tokens=100)
    assert deadline.allows(100)


def test_missing_texts_are_empty_and_repeated_ids_become_numbers():
    pairs, odd = pairs_of([{"id": "7", "original_text": "a", "rewritten_text": None}, {"id": "7", "original_text": ""}])
    assert pairs.to_dict("list") == {"id": ["0", "1"], "original_text": ["a", ""], "rewritten_text": ["", ""]}
    assert odd == [
        "test.csv: 1 rows have no original_text", "test.csv: 2 rows have no rewritten_text",
        "test.csv: 1 ids occur before in it",
    ]  # fmt: skip
    assert pairs_of([{"id": "7", "original_text": "a", "rewritten_text": "b"}])[1] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "the answer is empty or reads as null"),
        (float("nan"), "the answer is empty or reads as null"),
        (" NaN ", "the answer is empty or reads as null"),
        ("a\u2028b", "the answer has several lines"),
        ("x" * 10_001, "the answer has over 10000 characters"),
    ],
)
def test_what_no_scorer_takes_is_no_answer(text, why):
    frame = pd.DataFrame({"id": ["a"], "rewrite_prompt": [text], "answered_by": ["model"]}, dtype=object)
    assert accepted(frame, ["a"]) == [(None, why)]


def test_answers_of_other_rows_or_another_form_are_refused():
    frame = pd.DataFrame({"id": ["a", "b"], "rewrite_prompt": "x", "answered_by": "model"})
    assert accepted(frame, ["a", "b"]) == [("x", "model")] * 2
    for wrong, ids in ((frame, ["b", "a"]), (frame, ["a"]), (frame.drop(columns="id"), ["a", "b"]), (None, [])):
        with pytest.raises(ValueError, match="answers are"):
            accepted(wrong, ids)


def test_a_torn_journal_is_read_up_to_its_last_whole_line_and_goes_on_there(tmp_path):
    path, rows = tmp_path / "answers.jsonl", [
        {"row": row, "id": str(row), "rewrite_prompt": f"text {row}", "answered_by": "model"} for row in range(3)
    ]  # fmt: skip
    Journal(path, "these").write(rows[:2])
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert answers_written(path, "these").keys() == {0}
    Journal(path, "these").write(rows[2:])
    assert {row: answer.text for row, answer in answers_written(path, "these").items()} == {0: "text 0", 2: "text 2"}
    assert answers_written(path, "others") == {} and Journal(path, "others").answers == {}
    assert answers_written(path, "these") == {}


def test_every_torn_end_of_a_journal_is_survived(tmp_path):
    path = tmp_path / "answers.jsonl"
    Journal(path, "these").write([{"row": 0, "id": "0", "rewrite_prompt": "é\u2028", "answered_by": "model"}])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert answers_written(path, "these").keys() <= {0}
        Journal(path, "these")  # can be gone on with
        assert path.read_bytes().startswith(b'{"answers"')
