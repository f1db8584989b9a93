import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import Base, RunConfig, Score
from prompt_recovery.engines.embedder import Embedder
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import write_json
from prompt_recovery.methods import METHODS
from prompt_recovery.places import RunFolder
from prompt_recovery.score.comparison import comparison_table, paired_differences, read_ladder
from prompt_recovery.score.comparison_report import render_comparison
from prompt_recovery.score.scoring import score_predictions
from prompt_recovery.tables import ROW_SCORES, TRIPLES, write_table

RUN = RunConfig(name="x", data="x", base=Base(model="a/base"))
ROWS = 12


@pytest.fixture
def test_part(tmp_path):
    rows = [str(number) for number in range(ROWS)]
    frame = pd.DataFrame(dict.fromkeys(TRIPLES.names, rows)).assign(
        rewrite_prompt="0", family=[f"f{n % 4}" for n in range(ROWS)], split=[f"S{n % 2}" for n in range(ROWS)]
    )
    write_table(frame, tmp_path / "test.parquet", TRIPLES)
    return tmp_path / "test.parquet", frame


@pytest.fixture
def folders(tmp_path, test_part, embed_angles):
    """The ladder's run folders as the stages leave them; the angle of all answers falls from rung to rung."""
    made = {}
    for place, method in enumerate(METHODS):
        folder = made[method] = RunFolder(tmp_path / method)
        answers = pd.DataFrame({"id": test_part[1]["id"], "answered_by": "model"})
        by = {"constant": "60", method: str(70 - 10 * place)}
        predictions = pd.concat([answers.assign(method=name, rewrite_prompt=angle) for name, angle in by.items()])
        rows, document = score_predictions(predictions, test_part[1], lambda: Embedder("minilm", embed_angles), Score())
        write_json(folder.score, document)
        write_table(rows, folder.row_scores, ROW_SCORES, key=("method", "id"))
        counts = {"trainable_parameters": 1_000 * place, "peak_gpu_bytes": 0}
        write_json(folder.manifest("train"), {"counts": counts, "seconds": 90.0, "peak_memory_bytes": 2 * 10**9})
        counts = {"seconds": {"constant": 0.0, method: 0.6 * place}, "peak_gpu_bytes": 5 * 10**8 * (method == "full")}
        write_json(folder.manifest("recover"), {"counts": counts, "seconds": 30.0, "peak_memory_bytes": 10**9})
    return made


@pytest.fixture
def read(folders, test_part):
    return read_ladder(folders, RUN, test_part[0])


def test_a_rung_holds_what_a_method_scored_and_cost(read):
    rungs, facts = read
    assert [rung.method for rung in rungs] == list(METHODS)
    full = rungs[3]
    assert full.scores["S0"].score == pytest.approx(np.cos(np.radians(40)) ** 3)
    assert (full.trainable_parameters, full.training_seconds, full.training_bytes) == (3_000, 90.0, 2 * 10**9)
    assert full.answering_seconds_a_row == pytest.approx(1.8 / ROWS)
    assert facts["embedder"] == "minilm" and facts["constant"]["S1"].score == pytest.approx(0.125)


def test_memory_is_the_gpus_where_there_is_one(read):
    assert {rung.method: rung.answering_bytes for rung in read[0]}["full"] == 5 * 10**8
    assert {rung.method: rung.answering_bytes for rung in read[0]}["lora"] == 10**9


def test_where_nothing_is_trained_training_costs_nothing(read):
    zero_shot = read[0][0]
    assert zero_shot.training_seconds is None and zero_shot.training_bytes is None


def test_the_table_has_a_row_a_method_and_the_best_in_bold(read):
    lines = comparison_table(*read).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| constant", *(f"| {method}" for method in METHODS)]
    assert len({line.count("|") for line in lines}) == 1
    assert [line for line in lines if "**" in line] == [lines[-1]]
    assert "| 3,000 | 90 | 2.00 | 150 | 0.50 |" in lines[6]


def test_a_method_that_is_not_finished_says_what_to_do(folders, test_part):
    folders["lora"].score.unlink()
    with pytest.raises(InputError, match=r"lora/score.json: not found. It is made by `make compare RUN=x`"):
        read_ladder(folders, RUN, test_part[0])


def test_a_difference_is_taken_row_by_row_not_between_means():
    noise = np.random.default_rng(0).normal(0, 1, size=200)
    rows = pd.DataFrame({
        "split": "S0", "family": [f"f{n % 20}" for n in range(200)],
        "constant": noise, "lora": noise + 0.1, "qlora": -noise,
    })  # fmt: skip
    found = paired_differences(rows, "lora", Score())
    steady, noisy = found["constant", "S0"], found["qlora", "S0"]
    assert (steady.low, steady.mean, steady.high) == pytest.approx((0.1, 0.1, 0.1))
    assert steady.is_clear and not noisy.is_clear
    assert noisy.high - noisy.low > 0.2


def test_nothing_is_held_against_itself(read):
    assert {reference for reference, _ in {rung.method: rung.against for rung in read[0]}["qlora"]} == {"constant"}


def test_a_part_of_the_ladder_is_compared_too(folders, test_part):
    few = {method: folders[method] for method in ("zero_shot", "lora")}
    rungs, facts = read_ladder(few, RUN, test_part[0])
    assert [rung.method for rung in rungs] == ["zero_shot", "lora"]
    page = render_comparison(RUN, rungs, facts)
    assert "Difference to constant" in page and "Difference to qlora" not in page


def test_the_page_stands_alone(read):
    page = render_comparison(RUN, *read)
    assert page.count("<svg") == 2
    assert all(f"<td>{method}</td>" in page for method in ("constant", *METHODS))
    assert "Difference to constant" in page and "Difference to qlora" in page
    assert "src=" not in page and 'href="http' not in page
    assert page == render_comparison(RUN, *read)
