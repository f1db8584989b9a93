import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Calibration, Clustering, DataConfig, Embedder, Rewriter
from prompt_recovery.data.calibration.calibrated_validation import CALIBRATED, calibrate_validation
from prompt_recovery.data.generation import Generated, generate, with_families, with_joint_groups
from prompt_recovery.data.prompts.own_prompts import Prompt
from prompt_recovery.data.report.report_samples import map_prompts, verdict_examples
from prompt_recovery.data.texts.own_originals import Original
from prompt_recovery.errors import InputError
from prompt_recovery.metric import sharpened_cosine_matrix
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import read_table


def no_embedder(texts):
    raise AssertionError("every prompt has a family")


def embed_letters(texts):
    """Two texts are near if they have their letters in common."""
    vectors = np.array([[text.casefold().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_nothing_is_generated_where_nothing_rewrites(tmp_path):
    config = DataConfig(name="test", rewriter=Rewriter(kind="none"), imported=({"path": "brought.csv"},))
    assert generate(config, TriplesFolder(tmp_path), no_embedder) == Generated()


def test_prompts_without_a_family_get_one_and_keep_their_weight():
    known = [Prompt("Make it a pirate's.", "pirate", "a pirate's", 0.5)]
    listed = [Prompt("make it a pirates", "", "", 2.0), Prompt("Summarise.", "", "", 3.0)]
    prompts, clustered = with_families([*known, *listed], embed_letters, Clustering())
    assert prompts == [
        *known,
        Prompt("make it a pirates", "pirate", "a pirate's", 2.0),
        Prompt("Summarise.", "Summarise.", "Summarise.", 3.0),
    ]
    assert clustered == {"Summarise."}
    assert with_families(known, no_embedder, Clustering()) == (known, frozenset())


def test_originals_that_are_near_copies_are_of_one_group_with_all_in_theirs():
    text = "The ferry to the island leaves at nine and it comes back at noon with the mail and the milk"
    originals = [
        Original(f"{text}.", "a", "first"),
        Original("A second text of the first group.", "a", "first"),
        Original("Something else altogether, of nobody.", "a", "other"),
        Original(f"{text} today.", "b", "copy"),
        Original("What stands with the copy.", "b", "copy"),
    ]
    joint = with_joint_groups(originals, 0.7)
    assert [one.group for one in joint] == ["first", "first", "other", "first", "first"]
    assert [one.text for one in joint] == [one.text for one in originals]
    assert with_joint_groups(originals, 0.99) == originals


@pytest.fixture
def calibrated(tmp_path):
    """A folder whose valid part has 26 prompts, a board of 12 constants, and the scores they have on 10 of them."""
    prompts = [f"{chr(97 + n % 26)}{chr(97 + n * 7 % 26)} {chr(97 + n * 3 % 26)}e" for n in range(26)]
    folder = TriplesFolder(tmp_path)
    pd.DataFrame({"rewrite_prompt": prompts * 2, "split": "S0"}).to_parquet(folder.part("valid"))
    constants = [f"{first}{second}e" for first in "aeio" for second in "bkt"]
    scores = sharpened_cosine_matrix(embed_letters(constants), embed_letters(prompts[:10])).mean(axis=1)
    pd.DataFrame({"text": constants, "score": scores}).to_csv(tmp_path / "board.csv", index=False)
    return folder


def board_config(folder, **changes) -> DataConfig:
    calibration = {"board": str(folder.path / "board.csv"), "embedder": Embedder(kind="minilm"), "subset_size": 10}
    return DataConfig(name="test", calibration=Calibration(**calibration | changes))


def test_validation_prompts_are_weighted_by_the_board_and_written(calibrated):
    found = calibrate_validation(board_config(calibrated), calibrated, embed_letters)
    written = read_table(calibrated.calibration, CALIBRATED, key=("rewrite_prompt",))
    assert len(written) == 26 and written["weight"].sum() == pytest.approx(1) and written["chosen"].sum() == 10
    assert found.counts()["constants"] == 12 and found.counts()["prompts"] == 26
    assert found.counts()["mean_deviation_fitted"] < found.counts()["mean_deviation_uncalibrated"]
    assert calibrated.calibration in calibrated.outputs()


def test_without_a_board_nothing_is_weighted_and_an_old_file_goes(calibrated):
    calibrate_validation(board_config(calibrated), calibrated, embed_letters)
    assert calibrate_validation(DataConfig(name="test"), calibrated, no_embedder) is None
    assert not calibrated.calibration.exists()


def test_more_prompts_wanted_than_there_are_is_an_error_that_says_so(calibrated):
    with pytest.raises(InputError, match=r"subset_size = 26: expected fewer than the 26 candidate prompts"):
        calibrate_validation(board_config(calibrated, subset_size=26), calibrated, embed_letters)


def test_the_report_shows_three_rows_of_each_verdict(tmp_path):
    rows = [(str(n), f"original {n}", "prompt", f"text {n}", "rules", "dropped: refusal") for n in range(9)]
    rows.append(("x", "original", "prompt", "Sure: text", "rules", "changed: opening"))
    columns = ["id", "original_text", "rewrite_prompt", "rewritten_text", "rewriter", "verdict"]
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "dropped.parquet")
    examples = verdict_examples(tmp_path / "dropped.parquet")
    assert examples["reason"].tolist() == ["changed: opening", "refusal", "refusal", "refusal"]
    assert (examples["original_text"].str.split().str[-1] == examples["rewritten_text"].str.split().str[-1])[1:].all()
    assert not examples["id"].duplicated().any()


def test_the_map_marks_a_prompt_by_where_it_is_held_out(tmp_path):
    parts = {"train": [("ab", "train")], "valid": [("ab", "S0"), ("cd", "S1")], "test": [("ef", "S2"), ("ab", "S3")]}
    for part, rows in parts.items():
        frame = pd.DataFrame(rows, columns=["rewrite_prompt", "split"]).assign(family="f")
        frame.to_parquet(tmp_path / f"{part}.parquet")
    found = map_prompts({part: tmp_path / f"{part}.parquet" for part in parts}, embed_letters)
    assert dict(zip(found.prompts, found.parts, strict=True)) == {"ab": "train", "cd": "valid", "ef": "test"}
    assert (found.total, found.unit_vectors.shape) == (3, (3, 26))
