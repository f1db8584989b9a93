"""An error class of Kaggle's: each cause shows by its own trace and by no other, and those that show come first."""

import json
from datetime import timedelta

import pytest
from small_submission import MODEL, bundle_id_of, make_submission

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import write_json
from prompt_recovery.submit.doctor import evidence
from prompt_recovery.submit.doctor.after import diagnosis, error_class
from prompt_recovery.submit.doctor.causes import CAUSES
from prompt_recovery.submit.doctor.machine import GIB
from prompt_recovery.submit.doctor.submitted import read_submitted
from prompt_recovery.submit.wheels.image import read_image

PROJECTION = {"rows": 2_000, "measured_rows_per_second": 0.2, "gpu_factor": 1.0, "hours": 2.8, "limit_hours": 8.5}
EXACT = {name: version for name, version in read_image().packages.items() if not version.startswith(">=")}
WORKERS = [{"gpu": gpu, "peak_gpu_bytes": 6 * GIB, "peak_memory_bytes": 2 * GIB} for gpu in (0, 1)]
FINE = {
    "answered": {"model": 2, "default": 0},
    "default_reasons": {},
    "problems": [],
    "rows": 2,
    "peak_memory_bytes": 2 * GIB,
}


@pytest.fixture
def folder(tmp_path):
    """A submission whose commit run on Kaggle went well."""
    folder = make_submission(tmp_path)
    bundle_id = bundle_id_of(folder)
    case = FINE | {"name": "hidden run", "ended": "as expected"}
    libraries = {"scikit_learn": EXACT["scikit-learn"], "torch": EXACT["torch"], "python": "3.12.1"}
    rehearsal = {"bundle_id": bundle_id, "libraries": libraries, "projection": PROJECTION, "cases": [case]}
    write_json(folder / "rehearsal.json", rehearsal)
    report = FINE | {"bundle_id": bundle_id, "rows_per_second": 0.5, "workers": WORKERS, "libraries": libraries}
    write_json(folder / "output" / "run_report.json", report)
    (folder / "output" / "submission.csv").write_text("id,rewrite_prompt\n1,Make it rhyme.\n2,Shorten it.\n")
    state = {"kernel": {"version": 1, "complete": True}, "output": {"version": 1}}
    write_json(folder / "upload.json", {"bundle_id": bundle_id} | state)
    return folder


def changed(path, **values):
    write_json(path, json.loads(path.read_text()) | values)


def test_a_run_that_went_well_shows_nothing_but_an_old_image(folder):
    traces = {cause.what: cause.shown(read_submitted(folder)) for causes in CAUSES.values() for cause in causes}
    assert {what for what, trace in traces.items() if trace} <= {"Kaggle's image has changed since it was recorded"}
    assert "Not there" not in diagnosis("Notebook Timeout", folder)


def _case(**values):
    return [FINE | {"name": "hidden run", "ended": "as expected"} | values]


REPORT, REHEARSAL, UPLOAD, KERNEL = "output/run_report.json", "rehearsal.json", "upload.json", "kernel-metadata.json"
CPU = [one | {"gpu": None, "peak_gpu_bytes": 0} for one in WORKERS]
FULL = [one | {"peak_gpu_bytes": 14 * GIB} for one in WORKERS]
TRACES = [  # what is changed in which file; the check that shows it, and with which words
    (REHEARSAL, {"projection": PROJECTION | {"hours": 8.0}}, "projected_too_long", "projects 8.00 h of 8.5 h"),
    (REHEARSAL, {"projection": PROJECTION | {"hours": 4.3}}, "unmeasured_speed", "projected with gpu_factor 1:"),
    (KERNEL, {"machine_shape": "Tpu1VmV38"}, "without_gpu", "the machine Tpu1VmV38"),
    (REPORT, {"workers": CPU}, "without_gpu", "saw no GPU"),
    (REPORT, {"problems": ["2 times: a worker hung for 900 s"]}, "hung", "a worker hung for 900 s"),
    (REPORT, {"answered": {"model": 1, "default": 1}, "default_reasons": {"out of time": 1}}, "fell_to_default",
     "Kaggle's commit run: 1 of 2 rows got the default (out of time)"),
    (REHEARSAL, {"cases": _case(answered={"model": 1, "default": 1})}, "fell_to_default", "the rehearsed hidden run"),
    (REPORT, {"libraries": {"torch": "2.11.0", "scikit_learn": "1.6.1"}}, "other_libraries",
     "not the recorded one: torch 2.11.0 instead of 2.10.0+cu128"),
    (REPORT, {"bundle_id": "other"}, "other_bundle", "output/run_report.json is of bundle other"),
    (UPLOAD, {"bundle_id": "another"}, "other_bundle", "upload.json is of bundle another"),
    (KERNEL, {"model_sources": []}, "other_sources", f"does not ask for {MODEL}"),
    (KERNEL, {"competition_sources": []}, "other_sources", "does not ask for llm-prompt-recovery"),
    (REHEARSAL, {"bundle_id": "older"}, "unrehearsed", "the rehearsal was of bundle older"),
    (REHEARSAL, {"cases": _case(ended="badly")}, "unrehearsed", "did not end as expected in the rehearsal: hidden run"),
    (UPLOAD, {"kernel": {"failed": [4]}}, "uploaded_halfway", "version 4 failed"),
    (KERNEL, {"enable_internet": True}, "internet_on", "has the internet on"),
    (REPORT, {"workers": FULL}, "gpu_memory_full", "held 14.0 GiB of a T4's 15 GiB"),
    (REPORT, {"events": {"out of memory": 3}}, "gpu_memory_full", "out of memory"),
    (REPORT, {"peak_memory_bytes": 15 * GIB}, "main_memory_full", "15.0 GiB of main memory, and 2 run at once"),
    (REPORT, {"problems": ["no GPU is visible"]}, "problems_reported", "no GPU is visible"),
    (REPORT, {"rows": 3}, "bad_output", "3 rows, 2 of them answered"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "values", "check", "said"), TRACES, ids=[f"{one[2]}-{one[3][:20]}" for one in TRACES])
def test_a_cause_shows_by_its_trace(folder, file, values, check, said):
    shown = getattr(evidence, check)
    assert shown(read_submitted(folder)) == ""
    changed(folder / file, **values)
    assert said in shown(read_submitted(folder))


def test_a_file_that_the_scorer_would_refuse(folder):
    (folder / "output" / "submission.csv").write_text("id,rewrite_prompt\n1,null\n2,Shorten it.\n")
    assert "row 0" in evidence.bad_output(read_submitted(folder))


def test_on_a_cpu_as_many_processes_fill_the_memory_as_the_run_asks_for(folder):
    changed(folder / KERNEL, enable_gpu=False)
    changed(folder / REPORT, peak_memory_bytes=15 * GIB)
    manifest = json.loads((folder / "manifest.json").read_text())
    for processes, said in ((1, ""), (2, "and 2 run at once")):
        manifest["config"]["submit"]["cpu_workers"] = processes
        write_json(folder / "manifest.json", manifest)
        found = evidence.main_memory_full(read_submitted(folder))
        assert said in found and bool(found) == bool(said)


def test_settings_and_files_that_no_report_speaks_of(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["config"]["submit"]["time_limit_hours"] = 8.9
    write_json(folder / "manifest.json", manifest)
    assert "leaves 6 min" in evidence.limit_too_near(read_submitted(folder))
    marker = folder / "bundle" / "prompt-recovery-bundle.json"
    changed(marker, files={"weights": {"bytes": 15 * 10**9}}, mounted=[{"path": "x", "source": "ada/embedder"}])
    assert "14.0 GiB" in evidence.large_bundle(read_submitted(folder))
    assert "does not ask for ada/embedder" in evidence.other_sources(read_submitted(folder))


def test_a_rehearsal_on_other_versions_shows_while_kaggles_own_are_not_known(folder):
    (folder / "output" / "run_report.json").unlink()
    changed(folder / "rehearsal.json", libraries={"transformers": "5.23.0"})
    assert "rehearsed with other versions" in evidence.other_libraries(read_submitted(folder))


def test_the_images_age(folder):
    recorded = read_image().date
    for days, is_old in ((60, False), (61, True)):
        assert bool(evidence.old_image(read_submitted(folder), recorded + timedelta(days))) is is_old


def test_every_check_is_some_causes(folder):
    changed(folder / REPORT, problems=["no GPU is visible"], workers=CPU)
    listed = diagnosis("Notebook Threw Exception", folder)
    assert listed.index("what the commit run complained of") < listed.index("no GPU was there")
    used = {cause.shown.__name__ for causes in CAUSES.values() for cause in causes} | {"old_image"}
    assert used - {"<lambda>"} == {one[2] for one in TRACES} | {"limit_too_near", "large_bundle", "old_image"}


def test_causes_that_show_come_first_each_in_the_order_of_weight(folder):
    untouched = [cause.what for cause in CAUSES["Notebook Timeout"]]
    changed(folder / REHEARSAL, projection=PROJECTION | {"hours": 4.3})
    changed(folder / REPORT, problems=["1 times: a worker hung for 900 s"])
    listed = diagnosis("Notebook Timeout", folder)
    places = [listed.index(what) for what in untouched]
    assert sorted(range(6), key=places.__getitem__) == [1, 3, 0, 2, 4, 5]
    assert listed.startswith(f"Notebook Timeout, run tiny, bundle {bundle_id_of(folder)}: 2 of 6 causes left a trace")
    assert listed.count("shown:") == 2 and listed.count("->") == 6


def test_what_is_not_there_is_said(folder):
    changed(folder / REHEARSAL, projection=None)
    assert "looked at: its projection (`make rehearse`)." in " ".join(diagnosis("Notebook Timeout", folder).split())
    (folder / "rehearsal.json").unlink()
    (folder / "upload.json").unlink()
    said = " ".join(diagnosis("Submission Scoring Error", folder).split())
    assert "Not there, so not looked at: rehearsal.json (`make rehearse`), upload.json" in said
    assert "upload.json (`make upload`)." in said and "run_report.json" not in said


@pytest.mark.parametrize("words", ["notebook  TIMEOUT", "NotebookTimeout", "failed: Notebook Timeout."])
def test_a_class_is_known_whatever_its_case_and_spaces(words):
    assert error_class(words) == "Notebook Timeout"


def test_an_unknown_class_is_an_error_that_lists_those_that_are(folder):
    with pytest.raises(InputError) as error:
        diagnosis("Notebook", folder)
    assert all(name in str(error.value) for name in CAUSES)


def test_nothing_packaged_is_an_error(tmp_path):
    with pytest.raises(InputError, match="make submit RUN=none"):
        diagnosis("Notebook Timeout", tmp_path / "none")
