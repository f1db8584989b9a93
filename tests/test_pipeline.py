"""`make` from end to end on a very small run: the whole chain, what is done again and what is not."""

import json
import subprocess
import sys
import time

import pandas as pd
import pytest
from small_project import RUN_FOLDER, copied, due, make, predictions, times

from prompt_recovery.tables import PREDICTIONS, read_table

pytestmark = pytest.mark.slow


def test_the_whole_chain_ends_with_a_table_and_the_paths(done):
    project, printed = done
    table = printed[printed.index("SCS with minilm") :].splitlines()
    assert [line.split()[0] for line in table[2:9]] == [
        "constant", "base", "qlora", "vector", "choice", "leaderboard", "leaderboard",
    ]  # fmt: skip
    assert all(f"{split} (24 rows" in table[1] for split in ("S0", "S1", "S2"))
    for path in ("runs/micro/report.html", "submissions/micro/bundle", "submissions/micro/notebook.ipynb"):
        assert path in printed and (project / path).exists()


def test_every_case_of_the_rehearsal_ended_as_it_must_and_its_answers_are_those_of_stage_4(done):
    project, printed = done
    result = json.loads((project / "submissions/micro/rehearsal.json").read_text())
    cases = {case["name"]: case for case in result["cases"]}
    assert len(cases) == 17 and {case["ended"] for case in cases.values()} == {"as expected"}
    assert all(name in printed for name in cases)
    hidden = cases["hidden run"]
    assert hidden["rows"] == 40 and hidden["answered"]["default"] == 0 and hidden["rows_per_second"] > 0
    assert cases["a wheel is missing, hidden run"]["answered"] == {"default": 24}
    assert 0 < cases["deadline 20 s after the start"]["answered"]["default"] < 24
    assert cases["a worker is killed"]["problems"] == ["1 times: a worker ended by SIGKILL"]
    submission = pd.read_csv(
        project / "submissions/micro/rehearsal/commit-run-as-scored/working/submission.csv", dtype=str
    )
    answers = predictions(project).query("method == 'choice'").set_index("id")["rewrite_prompt"]
    assert len(submission) == 16
    assert (submission["rewrite_prompt"].to_numpy() == answers[submission["id"]].to_numpy()).mean() >= 0.6  # as it asks


def test_every_ingredient_of_the_answers_is_in_the_report(done):
    project, _ = done
    page = (project / RUN_FOLDER.report).read_text()
    assert "Ingredients by minilm, track clean" in page and "Ingredients by minilm, track leaderboard" in page
    variants = read_table(project / RUN_FOLDER.variants, PREDICTIONS, key=("method", "id"))
    assert {"choice", "choice - model samples", "choice - decoded", "leaderboard", "leaderboard constant"} <= set(
        variants["method"]
    )
    hypotheses = pd.read_parquet(project / RUN_FOLDER.hypotheses("test"))
    assert set(hypotheses.loc[hypotheses["kind"] == "model", "opening"]) == {"", "Make"}
    assert hypotheses.groupby("kind")["log_probability"].count()["model"] > 0


def test_receipts_hold_config_commit_hashes_and_counts(done):
    project, _ = done
    receipt = json.loads((project / RUN_FOLDER.manifest("train")).read_text())
    assert receipt["config"]["lora"]["rank"] == 16
    assert set(receipt["outputs"]) == {"adapter", "metrics.jsonl"}
    assert receipt["counts"]["rows"] == 200 and receipt["counts"]["trimmed"] == 0
    data = json.loads((project / "data/triples/micro/manifest.json").read_text())
    assert data["counts"]["kept"]["train"] + sum(data["counts"]["dropped"].values()) >= 200


def test_a_second_make_does_nothing_in_under_5_seconds(done):
    project, printed = done
    before, started = times(project), time.monotonic()
    again = make(project)
    assert time.monotonic() - started < 5
    assert times(project) == before
    assert again.splitlines()[-8:] == printed.splitlines()[-8:]


def test_touching_a_config_without_changing_it_does_nothing(done):
    project, _ = done
    before = times(project)
    (project / "configs/run/micro.toml").touch()
    (project / "configs/data/micro.toml").touch()
    make(project)
    assert times(project) == before


@pytest.mark.parametrize(
    ("old", "new", "redone"),
    [
        ("max_new_tokens = 24", "max_new_tokens = 20", ["choose", "recover", "score_run", "submit", "rehearse"]),
        ("units = 400", "units = 300", ["constant", "vector", "choose", "recover", "score_run", "submit", "rehearse"]),
        ("oracle_prompts = 50", "oracle_prompts = 40", ["score_run", "submit", "rehearse"]),
        ("hidden_rows = 40", "hidden_rows = 30", ["submit", "rehearse"]),
    ],
)
def test_a_changed_setting_redoes_just_what_depends_on_it(done, tmp_path, old, new, redone):
    project = copied(done[0], tmp_path / "project")
    config = project / "configs/run/micro.toml"
    config.write_text(config.read_text().replace(old, new))
    make(project, "configure")
    assert due(project) == redone


def test_any_file_of_pairs_is_served(done):
    project, _ = done
    rows = pd.read_parquet(project / "data/triples/micro/test.parquet").head(5)
    rows[["id", "original_text", "rewritten_text"]].to_csv(project / "pairs.csv", index=False)
    script = [
        sys.executable,
        "scripts/recover.py",
        "--run",
        "runs/micro",
        "--pairs",
        "pairs.csv",
        "--output",
        "out.csv",
    ]
    subprocess.run(script, cwd=project, check=True, capture_output=True)
    answers = pd.read_csv(project / "out.csv", dtype={"id": str})
    assert list(answers["id"]) == list(rows["id"]) and set(answers["method"]) == {"choice"}
    assert answers["confidence"].between(0, 1).all()
    assert json.loads((project / "out.receipt.json").read_text())["stage"] == "recover"


def test_the_merged_model_is_scored_against_the_unmerged_one(done):
    project, _ = done
    printed = make(project, "merge")
    document = json.loads((project / RUN_FOLDER.merge).read_text())
    assert document["embedder"] == "minilm" and document["merged_in"] == "float32" and document["method"] == "qlora"
    scores = {(score["method"], score["split"]): score["score"] for score in document["scores"]}
    for one in document["differences"]:
        gain = scores["merged", one["split"]] - scores["unmerged", one["split"]]
        assert one["low"] <= one["mean"] <= one["high"] and one["mean"] == pytest.approx(gain, abs=1e-6)
        assert f"merged - unmerged, {one['split']}: {one['mean']:+.3f} [" in printed
    in_stage_4 = json.loads((project / RUN_FOLDER.score).read_text())["scores"]
    for score in in_stage_4:
        if score["method"] == "qlora":
            assert scores["unmerged", score["split"]] == pytest.approx(score["score"], abs=1e-6)
    assert (project / RUN_FOLDER.merged / "model.safetensors").exists()
