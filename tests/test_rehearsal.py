"""The rehearsal's parts: what stands for Kaggle, what is injected, and what of a notebook's ending is taken."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from prompt_recovery.config import RunConfig
from prompt_recovery.config.run import Submit
from prompt_recovery.errors import InputError
from prompt_recovery.submit.rehearsal.cases import (
    SCORED,
    Case,
    Measured,
    chosen,
    few_batch,
    few_rows,
    first_cases,
    other_cases,
)
from prompt_recovery.submit.rehearsal.defects import DEFECTS, with_settings
from prompt_recovery.submit.rehearsal.ending import check_ending
from prompt_recovery.submit.rehearsal.execution import Executed
from prompt_recovery.submit.rehearsal.given_tables import hidden_rows, odd_rows, scored_rows, visible_row
from prompt_recovery.submit.rehearsal.isolation import Isolation, find_isolation
from prompt_recovery.submit.rehearsal.layouts import Mounted, make_tree, replace_file, snapshot
from prompt_recovery.submit.rehearsal.outcomes import Outcome, projection, projection_line, table, without_folders
from prompt_recovery.submit.rehearsal.scored_answers import require_same_scores

PAIRS = pd.DataFrame({"id": list("abc"), "original_text": ["x", "y", "z"], "rewritten_text": "t"})


# --- what stands for test.csv -----------------------------------------------------------------------------------------


def test_whole_batches_are_scored_in_another_order():
    test = pd.DataFrame({"id": list("abcdefgh")})
    predictions = pd.DataFrame({"id": list("abcdefgh"), "batch": [0, 1, 0, 1, 2, 2, 3, 3]})
    assert set(scored_rows(test, predictions, 3, seed=0)["id"]) == set("abcd")
    assert set(scored_rows(test, predictions, 4, seed=0)["id"]) == set("abcd")
    everything = list(scored_rows(test, predictions, 100, seed=0)["id"])
    assert sorted(everything) == list("abcdefgh") != everything


def test_the_hidden_run_has_as_many_rows_as_asked_each_text_about_as_often_and_new_ids():
    rows = hidden_rows(PAIRS, 8, seed=1)
    assert sorted(map(int, rows["id"])) == list(range(8)) and list(rows["id"]) != sorted(rows["id"])
    assert rows["original_text"].value_counts().between(2, 3).all()
    assert list(rows["original_text"]) != list(hidden_rows(PAIRS, 8, seed=2)["original_text"])


def test_odd_rows_hold_the_given_ones_and_two_repeated_ids():
    pairs = hidden_rows(PAIRS, 6, seed=1)
    odd = odd_rows(pairs)
    assert len(pairs.merge(odd)) >= len(pairs) and odd["id"].duplicated().sum() == 2
    assert {"", "NaN", "not", "👍🏽👩‍👩‍👧‍👦🇨🇦"} & set(odd["original_text"]) == {"", "NaN", "👍🏽👩‍👩‍👧‍👦🇨🇦"}
    assert odd["original_text"].str.len().max() >= 100_000
    assert len(visible_row(PAIRS)) == 1


# --- mounts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path):
    bundle, model = tmp_path / "bundle", tmp_path / "model"
    bundle.mkdir()
    model.mkdir()
    files = {"runs--the-run--adapter--adapter_model.safetensors": b"\x01\x02", "p-1-py3-none-any.whl": b"w"}
    files["runs--tiny--config.json"] = json.dumps({"submit": {"time_limit_hours": 8.5, "owner": "me"}}).encode()
    for name, content in files.items():
        (bundle / name).write_bytes(content)
    marker = {"bundle_id": "abc", "files": {name: {"sha256": "", "bytes": 1} for name in files}}
    (bundle / "prompt-recovery-bundle.json").write_text(json.dumps(marker))
    (model / "config.json").write_text("{}")
    return Mounted(bundle, "me", "the-run", "the-competition", {"owner/base/framework/small/1": model})


@pytest.mark.parametrize(
    ("layout", "places"),
    [
        ("nested", ("datasets/me/the-run", "competitions/the-competition", "models/owner/base/framework/small/1")),
        ("flat", ("the-run", "the-competition", "base/framework/small/1")),
    ],
)
def test_everything_is_mounted_where_kaggle_does(mounted, tmp_path, layout, places):
    root = tmp_path / "kaggle"
    bundle = make_tree(root, mounted, PAIRS, ["other"], layout, is_read_only=True)
    own, competition, model = (root / "input" / place for place in places)
    assert bundle == own and (own / "p-1-py3-none-any.whl").read_bytes() == b"w"
    assert pd.read_csv(competition / "test.csv", dtype=str).equals(PAIRS)
    assert list(pd.read_csv(competition / "sample_submission.csv")["id"]) == ["other"]
    assert (model / "config.json").read_text() == "{}" and list((root / "working").iterdir()) == []


def test_a_change_of_the_input_is_seen_and_one_of_a_copy_spares_the_bundle(mounted, tmp_path):
    bundle = make_tree(tmp_path / "kaggle", mounted, PAIRS, ["a"], "flat", is_read_only=True)
    before = snapshot(tmp_path / "kaggle" / "input")
    assert snapshot(tmp_path / "kaggle" / "input") == before
    replace_file(bundle / "p-1-py3-none-any.whl", lambda content: content + b"!")
    assert snapshot(tmp_path / "kaggle" / "input") != before
    assert (mounted.bundle / "p-1-py3-none-any.whl").read_bytes() == b"w"


# --- cases and defects ------------------------------------------------------------------------------------------------


def test_every_defect_is_rehearsed_in_both_runs_and_names_differ():
    cases = first_cases() + other_cases(Measured(10.0, 4.0, 2.0), 5)
    assert len({case.name for case in cases}) == len(cases)
    assert {case.defect for case in cases if case.must_stop} == DEFECTS.keys()
    assert {case.defect for case in cases if case.defect and case.is_rerun} == DEFECTS.keys() - {"a run for a GPU"}
    assert {case.fault.get("kind") for case in cases} >= {"killed", "hangs", "slow", "out of memory"}
    assert {case.layout for case in cases} == {"nested", "flat"}
    (late,) = (case for case in cases if case.defaults == "some")
    batches = few_rows(5) / late.settings["generation"]["batch_size"]
    seconds, limit = late.fault["seconds"], 3600 * late.settings["submit"]["time_limit_hours"]
    assert batches * seconds > limit > 1.7 * 10 + seconds  # all never end in time, and one does after a slower start
    with_faults = [case for case in cases if case.fault or case.table == "odd"]
    assert {case.settings["generation"]["batch_size"] for case in with_faults} == {5, 1}
    assert {case.settings["submit"]["cpu_workers"] for case in with_faults} == {1}
    assert [case.name for case in chosen(cases, ["killed"])] == ["a worker is killed"]
    assert chosen(cases, None) == cases


@pytest.mark.parametrize(("own", "few"), [(1, 1), (3, 3), (8, 8), (32, 8)])
def test_a_batch_of_the_faults_is_small_and_never_larger_than_the_runs_own(own, few):
    assert few_batch(RunConfig(name="tiny", data="some", method="nearest", generation={"batch_size": own})) == few
    assert "7" in set(hidden_rows(PAIRS, few_rows(few), seed=0)["id"])  # the row for which memory always runs out


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_in_the_copy_alone_and_tells_what_must_be_named(mounted, tmp_path, defect):
    before = snapshot(mounted.bundle)
    contents = {name: (mounted.bundle / name).read_bytes() for name in before}
    bundle = make_tree(tmp_path / "kaggle", mounted, PAIRS, ["a"], "nested", is_read_only=True)
    clean = snapshot(tmp_path / "kaggle" / "input")
    assert DEFECTS[defect](bundle)
    assert snapshot(tmp_path / "kaggle" / "input") != clean
    assert {name: (mounted.bundle / name).read_bytes() for name in snapshot(mounted.bundle)} == contents


def test_a_bundle_without_what_a_defect_needs_is_refused(mounted):
    (mounted.bundle / "p-1-py3-none-any.whl").unlink()
    with pytest.raises(InputError, match=r"no \*.whl, expected one in a bundle. Run `make submit` again"):
        DEFECTS["missing wheel"](mounted.bundle)


def test_other_settings_are_sealed_in_the_marker(mounted, tmp_path):
    import hashlib

    bundle = make_tree(tmp_path / "kaggle", mounted, PAIRS, ["a"], "nested", is_read_only=True)
    with_settings(bundle, {"submit": {"time_limit_hours": 0.1}})
    config, marker = (bundle / name for name in ("runs--tiny--config.json", "prompt-recovery-bundle.json"))
    assert json.loads(config.read_text())["submit"] == {"time_limit_hours": 0.1, "owner": "me"}
    entry = json.loads(marker.read_text())["files"]["runs--tiny--config.json"]
    assert entry["sha256"] == hashlib.sha256(config.read_bytes()).hexdigest()


# --- isolation and injected faults ------------------------------------------------------------------------------------


@pytest.fixture(params=["namespace", "socket block"])
def isolation(request):
    if request.param == "socket block":
        return Isolation(())
    found = find_isolation()
    if not found.namespace:
        pytest.skip("namespaces are not permitted here")
    return found


def isolated(isolation: Isolation, root: Path, code: str, fault=()) -> subprocess.CompletedProcess:
    (root / "input").mkdir(exist_ok=True)
    (root / "input" / "test.csv").write_text("id")
    variables = isolation.environment(dict(fault), root)
    command = [*isolation.command(root), sys.executable, "-c", code]
    return subprocess.run(command, env={"PATH": "/usr/bin:/bin"} | variables, capture_output=True, text=True)


def test_in_isolation_loopback_answers_and_nothing_else_does(isolation, tmp_path):
    loopback = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname(), 5)"
    assert isolated(isolation, tmp_path, loopback).returncode == 0
    outside = isolated(isolation, tmp_path, "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)")
    assert outside.returncode == 1
    assert "unreachable" in outside.stderr or "the rehearsal has no network" in outside.stderr


def test_in_a_namespace_the_input_is_read_only(isolation, tmp_path):
    finished = isolated(isolation, tmp_path, f"open({str(tmp_path / 'input' / 'test.csv')!r}, 'a')")
    assert ("Read-only file system" in finished.stderr) == bool(isolation.namespace)


def test_without_unshare_sockets_are_blocked_in_python(monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = find_isolation()
    assert not found.namespace and "sockets blocked in Python only" in found.description
    assert find_isolation().environment({}, Path("x"))["PYTHONPATH"]


ANSWERS_TWICE = """
import sys
sys.path.insert(0, {package!r})
from prompt_recovery.recover.answering import load_answerer
import pickle
assert pickle.loads(pickle.dumps(load_answerer)) is load_answerer  # as a worker gets it
answer = load_answerer()
print(answer({{"id": ["7", "8"]}})["id"], flush=True)
print(answer({{"id": ["9"]}})["id"], flush=True)
"""


@pytest.fixture
def twice(tmp_path):
    """The code of a process that answers two batches by a door that stands where stage 3's does."""
    door = tmp_path / "package" / "prompt_recovery" / "recover"
    door.mkdir(parents=True)
    (door / "answering.py").write_text("def load_answerer():\n    return lambda pairs: pairs\n")
    for folder in (door, door.parent):
        (folder / "__init__.py").touch()
    return ANSWERS_TWICE.format(package=str(tmp_path / "package"))


def test_a_worker_is_killed_at_its_batch_counted_over_all_processes(tmp_path, twice):
    fault = {"kind": "killed", "batch": 1}
    first, second = (isolated(Isolation(()), tmp_path, twice, fault) for _ in range(2))
    assert (first.returncode, first.stdout) == (-9, "['7', '8']\n"), first.stderr
    assert (second.returncode, second.stdout) == (0, "['7', '8']\n['9']\n"), second.stderr


def test_memory_runs_out_of_large_batches_and_of_one_row_always(tmp_path, twice):
    fault = {"kind": "out of memory", "rows": 2, "id": "9"}
    finished = isolated(Isolation(()), tmp_path, twice, fault)
    assert finished.stdout == "['7', '8']\n" and "OutOfMemoryError: CUDA out of memory" in finished.stderr


def test_without_a_fault_nothing_is_changed(tmp_path, twice):
    assert isolated(Isolation(()), tmp_path, twice).stdout == "['7', '8']\n['9']\n"


# --- endings ----------------------------------------------------------------------------------------------------------

REPORT = {"bundle_id": "abc", "mode": "rerun", "rows": 3, "answered": {"model": 3, "default": 0}, "workers": []}
REPORT |= {
    "default_reasons": {},
    "problems": [],
    "seconds": 1.0,
    "rows_per_second": 3.0,
    "peak_memory_bytes": 1,
    "libraries": {},
}


def ended(tmp_path, case, error="", named="", submission="id,rewrite_prompt\na,x\nb,y\nc,z\n", **report):
    (tmp_path / "working").mkdir(exist_ok=True)
    (tmp_path / "working" / "submission.csv").write_text(submission)
    (tmp_path / "working" / "run_report.json").write_text(json.dumps(REPORT | report))
    return check_ending(case, Executed(tmp_path / "n", 1.0, error), tmp_path, list("abc"), named)


HIDDEN = Case("hidden", "few")
DEFECT = Case("defect", "few", is_rerun=False, defect="missing wheel", defaults="all")
ALL_DEFAULT = {"answered": {"model": 0, "default": 3}}


def test_what_ended_well_is_taken(tmp_path):
    answers, report = ended(tmp_path, HIDDEN)
    assert list(answers["rewrite_prompt"]) == ["x", "y", "z"] and report["rows"] == 3
    ended(tmp_path, DEFECT, "ValueError: p.whl", "p.whl", mode="commit", problems=["p.whl"], **ALL_DEFAULT)


@pytest.mark.parametrize(
    ("case", "given", "message"),
    [
        (HIDDEN, {"error": "KeyError: x"}, "expected it to end without an error, found:\nKeyError: x"),
        (HIDDEN, {"submission": "id,rewrite_prompt\na,x\nb,y\n"}, "expected the 3 ids of test.csv"),
        (HIDDEN, {"mode": "commit"}, "expected mode 'rerun' and 3 rows"),
        (HIDDEN, {"answered": {"model": 2, "default": 0}}, "3 rows, 2 of them answered"),
        (HIDDEN, {"answered": {"model": 2, "default": 1}}, "expected none of 3 rows to get the default, found 1"),
        (HIDDEN, {"problems": ["odd"]}, "expected no problems in the report, found:\nodd"),
        (DEFECT, {"mode": "commit", **ALL_DEFAULT}, "the notebook ended without one"),
        (DEFECT, {"error": "E", "named": "p.whl", "mode": "commit"}, "expected the error to name 'p.whl', found:\nE"),
        (Case("k", "few", names="killed"), {"problems": ["x"]}, "expected the report's problems to name 'killed'"),
        (Case("s", "few", defaults="some"), {}, "expected some of 3 rows to get the default, found 0"),
    ],
)  # fmt: skip
def test_what_ended_otherwise_is_refused(tmp_path, case, given, message):
    with pytest.raises(InputError, match=message):
        ended(tmp_path, case, **given)


def test_a_report_without_its_figures_is_refused(tmp_path):
    ended(tmp_path, HIDDEN)
    (tmp_path / "working" / "run_report.json").write_text('{"rows": 3}')
    with pytest.raises(InputError, match=r"missing: bundle_id, mode, answered"):
        check_ending(HIDDEN, Executed(tmp_path, 1.0, ""), tmp_path, list("abc"), "")


def outcome(case=SCORED.name, rows=100, rate=10.0, **report) -> Outcome:
    workers = [{"gpu": None, "busy_seconds": 8.0, "batches": 4, "load_seconds": 3.0}]
    report = {"workers": workers, "rows_per_second": rate, "seconds": 16.0, "problems": [], **report}
    return Outcome(case, rows, {"model": rows - 1, "default": 1}, 20.0, "well", report)


def test_limits_are_reckoned_from_a_run_without_faults():
    assert outcome().measured == Measured(start_seconds=6.0, load_seconds=3.0, batch_seconds=2.0, processes=1)
    two = [{"gpu": gpu, "busy_seconds": 8.0, "batches": 4, "load_seconds": 3.0} for gpu in (0, 1)]
    assert outcome(workers=two).measured.processes == 2


def test_the_projection_takes_the_gpu_factor_and_says_when_it_is_too_long():
    projected = projection(outcome(), Submit(gpu_factor=0.5, hidden_rows=1800, time_limit_hours=0.1))
    assert projected["hours"] == pytest.approx((1800 / 5 + 6) / 3600, abs=1e-3)
    assert projection_line(projected).endswith("TOO LONG, the rows that are left when the time is up get the default")
    assert "TOO LONG" not in projection_line(projection(outcome(), Submit()))
    assert projection(outcome(rate=0.0), Submit())["hours"] == float("inf")


def test_the_table_has_a_line_a_case():
    lines = table([outcome(), outcome("another")]).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["case", SCORED.name, "another"]
    assert lines[2].split()[1:] == ["100", "99", "model", "1", "20", "well"]


def test_what_a_notebook_told_is_shown_with_names_of_files_alone():
    told = "No such file: '/x/input/data-sets/b/a.whl';\nof runs/tiny, 28 rows/s"
    assert without_folders(told) == "No such file: 'a.whl'; of runs/tiny, 28 rows/s"


# --- the same answers as in stage 4 -----------------------------------------------------------------------------------


def test_other_scores_than_those_of_stage_4_fail(embed_angles):
    truth = pd.DataFrame({"id": ["a", "b"], "rewrite_prompt": ["0", "0"]})
    scored = pd.DataFrame({"id": ["a", "b", "c"], "rewrite_prompt": ["0", "60", "1"], "score": [1.0, 0.125, 0.5]})
    answers = pd.DataFrame({"id": ["b", "a"], "rewrite_prompt": ["60", "0"]})
    same = require_same_scores(answers, truth, scored, embed_angles, is_chosen=False)
    assert (same.score, same.scored, same.same_texts) == pytest.approx((0.5625, 0.5625, 1.0))
    other = answers.assign(rewrite_prompt=["30", "0"])
    with pytest.raises(InputError, match="1 of 2 rehearsed rows score otherwise than in stage 4"):
        require_same_scores(other, truth, scored, embed_angles, is_chosen=False)
    with pytest.raises(InputError, match="1 of 2 rehearsed rows differ from stage 4"):
        require_same_scores(other, truth, scored, embed_angles, is_chosen=True)


def test_a_few_of_many_chosen_answers_may_differ_but_not_their_mean(embed_angles):
    ids = [str(number) for number in range(40)]
    truth = pd.DataFrame({"id": ids, "rewrite_prompt": "0"})
    scored = truth.assign(score=1.0)
    near = truth.assign(rewrite_prompt=["10"] + ["0"] * 39)
    agreement = require_same_scores(near, truth, scored, embed_angles, is_chosen=True)
    assert agreement.same_texts == pytest.approx(39 / 40)
    with pytest.raises(InputError, match="differ from stage 4"):
        far = truth.assign(rewrite_prompt=["90"] * 2 + ["0"] * 38)  # by 1/20 in the mean
        require_same_scores(far, truth, scored, embed_angles, is_chosen=True)
