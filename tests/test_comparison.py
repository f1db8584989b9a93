import json
import shutil

import numpy as np
import pandas as pd
import pytest

from prompt_recovery.config import STAGES, Base, RunConfig, Score
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
CHAINED = RUN.model_copy(update={"init_from": "first"})
ROWS = 12


@pytest.fixture(scope="module")
def once(tmp_path_factory, embed_angles):
    """The ladder's run folders as the stages leave them; the angle of all answers falls from rung to rung."""
    ladder = tmp_path_factory.mktemp("ladder")
    numbers = [str(number) for number in range(ROWS)]
    test_part = pd.DataFrame(dict.fromkeys(TRIPLES.names, numbers)).assign(
        rewrite_prompt="0", family=[f"f{n % 4}" for n in range(ROWS)], split=[f"S{n % 2}" for n in range(ROWS)]
    )
    write_table(test_part, ladder / "test.parquet", TRIPLES)
    embedder, few = Embedder("minilm", embed_angles), Score(bootstrap_samples=200)
    for place, method in enumerate(METHODS):
        folder = RunFolder(ladder / method)
        answers = pd.DataFrame({"id": numbers, "answered_by": "model"})
        by = {"constant": "60", method: str(80 - 10 * place)}
        predictions = pd.concat([answers.assign(method=name, rewrite_prompt=angle) for name, angle in by.items()])
        rows, document = score_predictions(predictions, test_part, lambda: embedder, few)
        write_json(folder.score, document)
        write_table(rows, folder.row_scores, ROW_SCORES, key=("method", "id"))
        counts = {"trainable_parameters": 1_000 * place, "peak_gpu_bytes": 0}
        write_json(folder.manifest("train"), {"counts": counts, "seconds": 90.0, "peak_memory_bytes": 2 * 10**9})
        counts = {"seconds": {"constant": 0.0, method: 0.6 * place}, "peak_gpu_bytes": 5 * 10**8 * (method == "full")}
        counts |= {method: {"model": ROWS - 1, "constant": 1}}
        write_json(folder.manifest("recover"), {"counts": counts, "seconds": 30.0, "peak_memory_bytes": 10**9})
    return ladder


@pytest.fixture
def folders(tmp_path, once):
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return {method: RunFolder(tmp_path / method) for method in METHODS}


@pytest.fixture
def test_part(tmp_path):
    return tmp_path / "test.parquet"


@pytest.fixture
def read(folders, test_part):
    return read_ladder(folders, RUN, test_part)


def test_a_rung_holds_what_a_method_scored_and_cost(read):
    rungs, facts = read
    assert [rung.name for rung in rungs] == list(METHODS)
    full = rungs[4]
    assert full.scores["S0"].score == pytest.approx(np.cos(np.radians(40)) ** 3)
    assert (full.trainable_parameters, full.training_seconds, full.training_bytes) == (4_000, 90.0, 2 * 10**9)
    assert full.answering_seconds_a_row == pytest.approx(2.4 / ROWS)
    assert facts["embedder"] == "minilm" and facts["constant"]["S1"].score == pytest.approx(0.125)


def test_memory_is_the_gpus_where_there_is_one(read):
    assert {rung.name: rung.answering_bytes for rung in read[0]}["full"] == 5 * 10**8
    assert {rung.name: rung.answering_bytes for rung in read[0]}["lora"] == 10**9


def test_where_nothing_is_trained_training_costs_nothing(read):
    zero_shot = read[0][0]
    assert zero_shot.training_seconds is None and zero_shot.training_bytes is None


def test_the_table_has_a_row_a_method_and_the_best_in_bold(read):
    lines = comparison_table(*read).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| constant", *(f"| {method}" for method in METHODS)]
    assert len({line.count("|") for line in lines}) == 1
    assert [line for line in lines if "**" in line] == [lines[-1]]
    assert "| 4,000 | 90 | 2.00 | 200 | 0.50 |" in lines[7]


def test_where_no_rung_beats_the_constant_the_constant_is_marked(read):
    worst = [rung for rung in read[0] if rung.scores["S0"].score < read[1]["constant"]["S0"].score]
    marked = [line for line in comparison_table(worst, read[1]).splitlines() if "**" in line]
    assert len(worst) > 1 and [line.split(" | ")[0] for line in marked] == ["| constant"]
    assert '<td>constant</td><td><span class="best">' in render_comparison(RUN, worst, read[1])


def test_a_method_that_is_not_finished_says_what_to_do(folders, test_part):
    folders["lora"].score.unlink()
    with pytest.raises(InputError, match=r"lora/score.json: not found. It is made by `make compare RUN=x`"):
        read_ladder(folders, RUN, test_part)


def test_a_rung_is_held_against_each_reference_that_is_there():
    rows = pd.DataFrame({"split": "S0", "family": list("ab"), "constant": 0.1, "qlora": 0.4, "lora": [0.5, 0.7]})
    found = paired_differences(rows, "lora", Score())
    assert {key: own.mean for key, own in found.items()} == pytest.approx(
        {("constant", "S0"): 0.5, ("qlora", "S0"): 0.2}
    )


def test_nothing_is_held_against_itself(read):
    assert {reference for reference, _ in {rung.name: rung.against for rung in read[0]}["qlora"]} == {"constant"}


def test_a_part_of_the_ladder_is_compared_too(folders, test_part):
    few = {method: folders[method] for method in ("zero_shot", "lora")}
    rungs, facts = read_ladder(few, RUN, test_part)
    assert [rung.name for rung in rungs] == ["zero_shot", "lora"]
    page = render_comparison(RUN, rungs, facts)
    assert "Difference to constant" in page and "Difference to qlora" not in page


def test_the_page_stands_alone(read):
    page = render_comparison(RUN, *read)
    assert page.count("<svg") == 2
    assert all(f"<td>{method}</td>" in page for method in ("constant", *METHODS))
    assert "Difference to constant" in page and "Difference to qlora" in page
    assert "src=" not in page and 'href="http' not in page
    assert page == render_comparison(RUN, *read)


@pytest.fixture
def stages(folders):
    """The folders of a chained run's stages, made of three of the ladder's; the first run took 60 s and 4 GB."""
    made = {}
    for name, place in zip(STAGES, ("lora", "last_layers", "qlora"), strict=True):
        folder = made[name] = folders[place]
        rows = folder.row_scores
        write_table(pd.read_parquet(rows).replace({"method": place}, "qlora"), rows, ROW_SCORES, key=("method", "id"))
        write_json(folder.score, json.loads(folder.score.read_text().replace(f'"{place}"', '"qlora"')))
        recover = json.loads(folder.manifest("recover").read_text().replace(f'"{place}"', '"qlora"'))
        write_json(folder.manifest("recover"), recover)
        train = json.loads(folder.manifest("train").read_text())
        before = [{"seconds": 60.0, "peak_bytes": 4 * 10**9}] if name != "one_stage" else []
        write_json(folder.manifest("train"), train | {"counts": train["counts"] | {"runs_before": before}})
    return made


def test_stages_are_held_against_one_stage_and_pay_for_the_runs_before(stages, test_part):
    rungs, _ = read_ladder(stages, CHAINED, test_part)
    first, one, two = rungs
    assert [(rung.name, rung.method) for rung in rungs] == [(name, "qlora") for name in STAGES]
    assert (one.training_seconds, one.training_bytes) == (90, 2 * 10**9)
    assert (two.training_seconds, two.training_bytes) == (150, 4 * 10**9) == (first.training_seconds, 4 * 10**9)
    assert {reference for reference, _ in two.against} == {"constant", "one_stage"}
    gain = two.against["one_stage", "S0"]
    assert gain.mean == pytest.approx(two.scores["S0"].score - one.scores["S0"].score) and gain.is_clear


def test_the_page_of_stages_says_what_each_is(stages, test_part):
    page = render_comparison(CHAINED, *read_ladder(stages, CHAINED, test_part))
    assert "x: one stage against two" in page and "Difference to one_stage" in page
    assert all(f"<dt>{name}</dt><dd>{meaning}".replace("'", "&#39;") in page for name, meaning in STAGES.items())
    assert "that of the runs before" in " ".join(page.split())


def test_a_page_names_the_shots_only_of_methods_that_take_them(folders, test_part):
    few = {method: folders[method] for method in ("nearest", "lora")}
    page = render_comparison(RUN, *read_ladder(few, RUN, test_part))
    assert "of 4,000 training triples, by difference" in page and "of at most 2 x 200 tokens" not in page
