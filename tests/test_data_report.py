import re

import numpy as np
import pandas as pd
import pytest

from prompt_recovery import config
from prompt_recovery.data.calibration.calibrated_validation import CalibratedValidation
from prompt_recovery.data.calibration.weighting import Board, Calibration, Deviations
from prompt_recovery.data.report.data_report import ReportFacts, render_data_report
from prompt_recovery.data.report.prompt_map import PromptMap
from prompt_recovery.tables import TRIPLES, write_table

SETTINGS = config.DataConfig(name="some", seed=7, cleaning=config.Cleaning(keep=("unchanged",)))
ODD = "<script>alert(1)</script> 日本語 😀 $x_1$"
EXAMPLES = pd.DataFrame({
    "reason": ["refusal"] * 5 + ["changed: opening"],
    "original_text": "The kettle.",
    "rewrite_prompt": "Rewrite.",
    "rewritten_text": [f"I cannot, {number} times." for number in range(5)] + ["Sure, here it is: Arr!"],
})  # fmt: skip
COUNTS = {
    "dropped": {"truncated": 1, "refusal": 11},
    "changed": {"opening": 2},
    "originals_dropped": {"empty": 3},
    "distinct": {"rewrite_prompt": 1_234, "original_text": 56, "phrasing": 9},
}
CALIBRATION = CalibratedValidation(
    pd.DataFrame(),
    Board(("Improve <this>.", "Rewrite."), np.array([0.6, 0.5])),
    Calibration(
        weights=np.full(1_200, 1 / 1_200),
        subset=np.arange(500),
        effective_sample_size=987.6,
        regularisation=0.1,
        uncalibrated=Deviations(np.array([0.1, -0.3])),
        fitted=Deviations(np.array([0.001, 0.001])),
        held_out=Deviations(np.array([0.01, -0.02])),
        subset_fitted=Deviations(np.array([0.002, -0.002])),
        subset_held_out=Deviations(np.array([0.02, 0.04])),
    ),
)


def table(rows, **columns):
    filled = dict.fromkeys(TRIPLES.names, "a b c") | {"id": [str(row) for row in range(rows)], "split": "train"}
    return pd.DataFrame(filled | columns, index=range(rows))


def facts(folder, *, counts=None, examples=EXAMPLES, prompt_map=None, calibration=None, **parts):
    files = {part: folder / f"{part}.parquet" for part in parts}
    for part, rows in parts.items():
        write_table(rows, files[part], TRIPLES)
    return ReportFacts("some", SETTINGS, files, counts or {}, examples, prompt_map, calibration)


@pytest.fixture(scope="module")
def whole_facts(tmp_path_factory):
    """Facts of which every section has something to say: 4 rows of train, 4 of test."""
    return facts(
        tmp_path_factory.mktemp("whole"),
        train=table(4, original_source=["story", "story", "news", "news"], rewritten_text="word " * 50_000),
        test=table(4, original_source="story", split=["S0", "S1", "S3", "S4"], family=list("fghi")),
        counts=COUNTS,
        prompt_map=PromptMap(["one", "two\n", ODD], [ODD, ODD, "g"], ["train", "valid", "test"], np.eye(3), total=3),
        calibration=CALIBRATION,
    )


@pytest.fixture(scope="module")
def whole(whole_facts):
    return render_data_report(whole_facts)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The page of one split of odd texts, and of nothing else."""
    rows = table(2, **dict.fromkeys(["family", "rewrite_prompt", "original_source", "rewriter"], ODD))
    rows = rows.assign(original_text="x" * 100_000, rewritten_text=f"a\n\t {ODD}\x00")
    return render_data_report(facts(tmp_path_factory.mktemp("odd"), train=rows, examples=EXAMPLES[:0]))


def text_of(page):
    """The words of a page as one reads them, without tags and style."""
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<title>.*?</title>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_the_page_stands_alone_and_is_the_same_each_time(whole, whole_facts):
    assert whole == render_data_report(whole_facts)
    assert whole.startswith("<!doctype html>") and whole.rstrip().endswith("</html>")
    assert "src=" not in whole and 'href="http' not in whole and "<script" not in whole


def test_the_settings_stand_at_the_top(whole):
    read = text_of(whole)
    assert "rewriter rules originals 6,000 of at most 30 words, from own (weight 1)" in read
    assert "openings: strip; at most 500 words; kept though found: unchanged seed 7" in read


def test_the_numbers_at_the_top_are_the_rows_and_what_the_manifest_counted(whole):
    assert "8 triples 1,234 prompts 5 families 56 originals rewriter" in text_of(whole)


def test_each_split_has_its_meaning_and_its_rows_by_part(whole):
    read = text_of(whole)
    assert "split meaning train test families train what training sees 4 1 S0 prompt seen, text unseen 1 1" in read
    assert "S1 wording unseen 1 1 S3 rewriter unseen 1 1 S4 external data 1 1" in read


def test_bars_are_as_long_as_their_rows_and_stacked_by_part(whole):
    bars = re.findall(r'class="(\w+)" style="width:([\d.]+)%" title="\w+: (\d+)"', whole)
    assert bars[:3] == [("train", "33.333", "2"), ("test", "66.667", "4"), ("train", "33.333", "2")]


def test_of_many_families_the_largest_are_shown_and_the_others_counted(tmp_path):
    names = [f"Rewrite the text in the manner of person number {i:03}, please" for i in range(100) for _ in range(3)]
    page = render_data_report(facts(tmp_path, train=table(301, family=[*names, names[77 * 3]])))
    shown = re.findall(r"person number (\d+), please</span>", page)
    assert shown == ["077", *(f"{i:03}" for i in range(39))]
    assert "100 families. Rows in the largest: 4; in the median one: 3; in the smallest: 3 (99 so small)." in page
    assert "60 more have 180 rows, 59.8 % of all." in page
    assert 'class="bars wide"' in page


def test_lengths_have_a_chart_and_quantiles(whole):
    assert "words 5 % median 95 % longest" in text_of(whole)
    assert "rewritten_text 3 3 50,000 50,000" in text_of(whole)
    assert whole.count(">length ratio<") == 1


def test_what_was_dropped_is_counted_by_reason_with_at_most_three_examples(whole):
    read = text_of(whole)
    assert "12 of 20 rows were dropped." in read and "2 of 20 rows were mended." in read
    assert read.index("refusal 11 55.00 %") < read.index("I cannot, 2 times.") < read.index("truncated 1 5.00 %")
    assert "I cannot, 3 times." not in read
    assert "opening 2 10.00 % prompt original text rewritten text Rewrite. The kettle. Sure, here it is: Arr!" in read
    assert "reason texts empty 3" in read
    assert whole.count("<details>") == 3  # refusal, opening, constants: none for the reason without an example


def test_a_page_of_little_says_what_there_is(odd):
    read = text_of(odd)
    assert "Nothing was dropped." in read and "Nothing was mended." in read
    assert not [title for title in ("Originals left out", "Map of the prompts", "Calibration") if title in read]
    assert "One family." in read and "valid" not in read


def test_odd_texts_are_escaped_and_cut_and_keep_their_white_space(odd):
    assert "<script" not in odd and "&lt;script&gt;alert(1)&lt;/script&gt; 日本語 😀 $x_1$" in odd
    assert "a\n\t &lt;script&gt;" in odd and "\x00" not in odd
    assert max(map(len, re.findall("x+", odd))) == 399


def test_the_map_marks_held_out_prompts_by_shape_and_says_each_prompt(whole):
    drawn = re.search(r'<figure class="map">.*?</svg>', whole, flags=re.DOTALL)[0]
    escaped = ODD.replace("<", "&lt;").replace(">", "&gt;")
    assert re.findall(r"<(circle|path) [^>]*><title>(.*?)</title></(circle|path)>", drawn) == [
        ("circle", f"{escaped}: one", "circle"),
        ("path", f"{escaped}: two", "path"),
        ("path", f"g: {escaped}", "path"),
    ]
    assert "3 of 3 prompts; those that ask for the like stand together (principal components" in whole


def test_the_calibration_says_how_far_each_constant_is_off_before_and_after(whole):
    read = text_of(whole)
    assert "2 constants, 1,200 prompts: their weights are worth 988 equal ones; the subset has 500." in read
    assert "before: every prompt alike 0.2000 0.3000 weighted 0.0010 0.0010" in read
    assert "weighted, constant held out 0.0150 0.0200" in read
    assert "subset 0.0020 0.0020 subset, constant held out 0.0300 0.0400" in read
    assert "Improve &lt;this&gt;. 0.600 0.700 0.620 Rewrite. 0.500 0.200 0.540" in read
    assert "score on the board" in whole and "weights, held out" in whole


def test_sample_rows_name_their_part_split_and_family(whole):
    read = text_of(whole[whole.index("Sample rows") :])
    assert read.count("train a b c a b c") == 4
    assert "test S0 f a b c" in read and "test S4 i a b c" in read
