import pytest
from test_splitting import ORIGINALS, PROMPTS, SETTINGS

from prompt_recovery.config import Cleaning, DataConfig
from prompt_recovery.data.rewriting import Task
from prompt_recovery.data.triples import make_triples
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError
from prompt_recovery.tables import TRIPLES, check_frame

CONFIG = DataConfig(name="test", split=SETTINGS)


def rewritten(task: Task) -> str:
    return f"{task[1].family}: {task[0].text}"


def rewrite(tasks: dict[str, Task]) -> dict[str, Reply]:
    return {key: Reply(rewritten(task)) for key, task in tasks.items()}


def test_parts_have_the_schema_and_the_receipt_counts_them():
    triples = make_triples(CONFIG, ORIGINALS, PROMPTS, rewrite)
    for frame in triples.parts.values():
        check_frame(frame, TRIPLES, where="test")
    assert triples.counts["kept"] == {
        "train": 600, "valid S0": 30, "valid S1": 30, "valid S2": 30, "test S0": 60, "test S1": 60, "test S2": 60,
    }  # fmt: skip
    assert triples.counts["dropped"] == triples.counts["changed"] == {}
    assert triples.counts["distinct"]["family"] == 7


def test_a_row_is_what_its_rewriter_made_of_it():
    row = make_triples(CONFIG, ORIGINALS, PROMPTS, rewrite).parts["test"].iloc[0]
    assert row["rewritten_text"] == f"{row['family']}: {row['original_text']}"
    assert row["rewriter"] == "rules"


def test_dropped_rows_are_counted_by_reason():
    def lazy(tasks):
        replies = rewrite(tasks)
        for n, (key, task) in enumerate(tasks.items()):
            if n % 10 == 0:
                replies[key] = (Reply(""), Reply(task[0].text), Reply("", "timeout"))[n // 10 % 3]
        return replies

    triples = make_triples(CONFIG, ORIGINALS, PROMPTS, lazy)
    kept, dropped = triples.counts["kept"], triples.counts["dropped"]
    assert (dropped["empty"], dropped["unchanged"], dropped["failed: timeout"]) == (29, 29, 29)
    assert sum(kept.values()) + sum(dropped.values()) == 870


def test_s0_rows_whose_prompt_left_training_are_dropped_and_counted():
    gone = "Frame 0"

    def picky(tasks):
        empty = [key for key, task in list(tasks.items())[:600] if task[1].text.startswith(gone)]
        return rewrite(tasks) | dict.fromkeys(empty, Reply(""))

    config = CONFIG.model_copy(update={"cleaning": Cleaning(max_dropped_share=0.9)})
    triples = make_triples(config, ORIGINALS, PROMPTS, picky)
    assert triples.counts["dropped"]["prompt_left_training"] > 0
    test = triples.parts["test"]
    assert not test.loc[test["split"] == "S0", "rewrite_prompt"].str.startswith(gone).any()


def test_too_much_dropped_is_an_error():
    with pytest.raises(InputError, match=r"870 of 870 rewrites were dropped \(\{'empty': 870\}\)"):
        make_triples(CONFIG, ORIGINALS, PROMPTS, lambda tasks: dict.fromkeys(tasks, Reply(" ")))


def with_opening(tasks: dict[str, Task], opening: str) -> dict[str, Reply]:
    """Every tenth reply begins with `opening`."""
    replies = enumerate(rewrite(tasks).items())
    return {key: Reply(("" if n % 10 else opening) + reply.text) for n, (key, reply) in replies}


def test_stripped_texts_are_counted_and_written_without_their_opening():
    opening = "Sure, here is the rewritten text:\n\n"
    triples = make_triples(CONFIG, ORIGINALS, PROMPTS, lambda tasks: with_opening(tasks, opening))
    assert triples.counts["changed"] == {"opening": 87}
    assert not any(frame["rewritten_text"].str.contains("Sure").any() for frame in triples.parts.values())


def test_openings_that_drop_are_counted_by_reason():
    opening = "Certainly! Here is the revised text:\n"
    config = CONFIG.model_copy(update={"cleaning": Cleaning(openings="drop")})
    triples = make_triples(config, ORIGINALS, PROMPTS, lambda tasks: with_opening(tasks, opening))
    assert triples.counts["dropped"] == {"opening": 87}
