from collections.abc import Sequence

import pytest
from test_splitting import ORIGINALS, PROMPTS, SETTINGS

from prompt_recovery.config import Cleaning, DataConfig
from prompt_recovery.data.triples import make_triples
from prompt_recovery.errors import InputError
from prompt_recovery.tables import TRIPLES, check_frame

CONFIG = DataConfig(name="test", split=SETTINGS)


def rewrite(tasks: Sequence) -> list[str]:
    return [f"{prompt.family}: {original.text}" for original, prompt in tasks]


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
        return [
            text if n % 10 else "" if n % 20 else task[0].text
            for n, (task, text) in enumerate(zip(tasks, rewrite(tasks), strict=True))
        ]

    triples = make_triples(CONFIG, ORIGINALS, PROMPTS, lazy)
    kept, dropped = triples.counts["kept"], triples.counts["dropped"]
    assert dropped["empty"] == 43 and dropped["unchanged"] == 44
    assert sum(kept.values()) + sum(dropped.values()) == 870


def test_s0_rows_whose_prompt_left_training_are_dropped_and_counted():
    gone = "Frame 0"

    def picky(tasks):
        return [
            "" if i < 600 and t[1].text.startswith(gone) else x
            for i, (t, x) in enumerate(zip(tasks, rewrite(tasks), strict=True))
        ]

    config = CONFIG.model_copy(update={"cleaning": Cleaning(max_dropped_share=0.9)})
    triples = make_triples(config, ORIGINALS, PROMPTS, picky)
    assert triples.counts["dropped"]["prompt_left_training"] > 0
    test = triples.parts["test"]
    assert not test.loc[test["split"] == "S0", "rewrite_prompt"].str.startswith(gone).any()


def test_too_much_dropped_is_an_error():
    with pytest.raises(InputError, match=r"870 of 870 rewrites were dropped \(\{'empty': 870\}\)"):
        make_triples(CONFIG, ORIGINALS, PROMPTS, lambda tasks: [" "] * len(tasks))


def test_stripped_texts_are_counted_and_written_without_their_opening():
    def chatty(tasks):
        return [
            f"Sure, here is the rewritten text:\n\n{text}" if n % 10 else text for n, text in enumerate(rewrite(tasks))
        ]

    triples = make_triples(CONFIG, ORIGINALS, PROMPTS, chatty)
    assert triples.counts["changed"] == {"opening": 783}
    assert not any(frame["rewritten_text"].str.contains("Sure").any() for frame in triples.parts.values())


def test_openings_that_drop_are_counted_by_reason():
    def chatty(tasks):
        return [
            ("" if n % 10 else "Certainly! Here is the revised text:\n") + text for n, text in enumerate(rewrite(tasks))
        ]

    config = CONFIG.model_copy(update={"cleaning": Cleaning(openings="drop")})
    assert make_triples(config, ORIGINALS, PROMPTS, chatty).counts["dropped"] == {"opening": 87}
