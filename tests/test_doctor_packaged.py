"""A bundle, its wheels, its rehearsal and its upload: whole, and with one thing wrong at a time."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from small_submission import RUN, bundle_id_of, make_submission
from small_wheels import make_wheel

from prompt_recovery.manifest import write_json
from prompt_recovery.submit.doctor import packaged
from prompt_recovery.submit.wheels.image import Image

IMAGE = Image(date(2026, 9, 24), "test", ("3.12", "3.13"), {"numpy": "2.0.2", "torch": "2.10.0+cu128"})
PROJECTION = {"rows": 2_000, "measured_rows_per_second": 0.2, "gpu_factor": 1.0, "hours": 2.8, "limit_hours": 8.5}


@pytest.fixture
def folder(tmp_path):
    folder = make_submission(tmp_path)
    cases = [{"name": "hidden run", "ended": "as expected"}]
    rehearsal = {"bundle_id": bundle_id_of(folder), "cases": cases, "projection": PROJECTION}
    write_json(folder / "rehearsal.json", rehearsal)
    return folder


def changed(path, **values):
    write_json(path, json.loads(path.read_text()) | values)


def found(folder, subject: str):
    return next(one for one in packaged.check_bundle(RUN, folder) if one.subject == subject)


def test_a_rehearsed_bundle_is_fine(folder):
    findings = packaged.check_bundle(RUN, folder)
    assert {one.state for one in findings} == {"ok"}
    assert [one.subject for one in findings] == ["bundle", "notebook", "rehearsal", "hidden run's time", "upload"]
    assert "2.80 h projected for 2000 rows, of 8.5 h" in found(folder, "hidden run's time").found


def test_no_bundle_yet(tmp_path):
    (none,) = packaged.check_bundle(RUN, tmp_path)
    assert none.state == "warning" and "make submit RUN=tiny" in none.remedy


def test_a_changed_file(folder):
    (folder / "bundle" / "config.json").write_text("{ }")
    assert found(folder, "bundle").state == "problem"
    assert "changed: config.json" in found(folder, "bundle").found


def test_another_bundles_notebook(folder):
    notebook = folder / "notebook.ipynb"
    notebook.write_text(notebook.read_text().replace(bundle_id_of(folder), "other"))
    assert found(folder, "notebook").state == "problem"


def test_a_bundle_above_kaggles_limit(folder, monkeypatch):
    monkeypatch.setattr(packaged, "BUNDLE_BYTES", 300_001)  # the small bundle has 300,002
    assert found(folder, "bundle's size").state == "problem"


def test_no_rehearsal_and_one_of_another_bundle(folder):
    changed(folder / "rehearsal.json", bundle_id="other")
    assert found(folder, "rehearsal").state == "problem" and "is of bundle other" in found(folder, "rehearsal").found
    (folder / "rehearsal.json").unlink()
    assert found(folder, "rehearsal").state == "warning"


def test_a_projection_above_the_limit_or_none(folder):
    changed(folder / "rehearsal.json", projection=PROJECTION | {"hours": 8.6})
    late = found(folder, "hidden run's time")
    assert late.state == "problem" and "8.60 h" in late.found and "gpu_factor (now 1)" in late.remedy
    changed(folder / "rehearsal.json", projection=None)
    assert found(folder, "hidden run's time").state == "warning"


@pytest.mark.parametrize(
    ("state", "expected", "said"),
    [
        ({"bundle_id": "other"}, "warning", "of bundle other"),
        ({"dataset": {"answered": True}}, "warning", "the data set is sent"),
        ({"kernel": {"version": 2}}, "warning", "its output not fetched yet"),
        ({"kernel": {"failed": [2]}}, "problem", "notebook version 2 failed"),
        ({"kernel": {"failed": [2], "version": 3}}, "warning", "not fetched yet"),
        ({"kernel": {"version": 3}, "output": {"version": 3}}, "ok", "version 3 ran on Kaggle"),
    ],
)
def test_how_far_the_upload_came(folder, state, expected, said):
    write_json(folder / "upload.json", {"bundle_id": bundle_id_of(folder)} | state)
    upload = found(folder, "upload")
    assert upload.state == expected and said in upload.found


def wheels_of(folder, days: int = 1) -> dict[str, object]:
    findings = packaged.check_wheels(RUN, folder, IMAGE, IMAGE.date + timedelta(days))
    return {one.subject: one for one in findings}


def test_the_recorded_image_grows_old(folder):
    assert [wheels_of(folder, days)["Kaggle's image"].state for days in (60, 61)] == ["ok", "warning"]


def test_wheels_to_come_are_named(tmp_path):
    assert wheels_of(tmp_path)["wheels"].found.endswith("by its hash: bitsandbytes 0.50.2, our own")


def test_a_wheel_that_the_image_has_in_its_version_is_not_wanted(tmp_path):
    image = replace(IMAGE, packages={**IMAGE.packages, "bitsandbytes": "0.50.2"})
    _, wheels = packaged.check_wheels(RUN, tmp_path, image, IMAGE.date)
    assert wheels.found.endswith("by its hash: our own")


def test_wheels_that_the_image_completes_and_one_it_does_not(folder):
    bundle = folder / "bundle"
    make_wheel(bundle, "prompt_recovery", requires=["numpy>=2"])
    assert "no wheel of bitsandbytes" in wheels_of(folder)["wheels"].found
    wheel = make_wheel(bundle, "bitsandbytes", requires=["torch>=2.3"])
    assert wheels_of(folder)["wheels"].state == "ok"
    wheel.unlink()
    make_wheel(bundle, "bitsandbytes", requires=["torch>=2.11", "no-such-package"])
    wheels = wheels_of(folder)["wheels"]
    assert wheels.state == "problem"
    assert "requires torch>=2.11, found 2.10.0" in wheels.found and "no-such-package" in wheels.found
