import json

import pytest
from small_submission import COMMIT, RUN, bundle_id_of, make_submission

from prompt_recovery.config import Submit
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import write_json
from prompt_recovery.submit.upload.rehearsed import read_rehearsed


@pytest.fixture
def folder(tmp_path):
    return make_submission(tmp_path)


def change(path, **values):
    write_json(path, json.loads(path.read_text()) | values)


def test_a_rehearsed_bundle_is_known_by_its_id_its_names_and_its_commit(folder):
    found = read_rehearsed(RUN, folder)
    assert found.bundle_id == bundle_id_of(folder)
    assert (found.dataset, found.kernel) == ("ada/prompt-recovery-tiny", "ada/prompt-recovery-tiny-notebook")
    assert (found.commit, found.competition) == (COMMIT, "llm-prompt-recovery")
    assert found.message == f"tiny {found.bundle_id}"


def test_a_rehearsal_without_cases_counts_by_its_bundle_alone(folder):
    write_json(folder / "rehearsal.json", {"bundle_id": bundle_id_of(folder)})
    assert read_rehearsed(RUN, folder).bundle_id == bundle_id_of(folder)


BAD = {
    "never rehearsed": (lambda f: (f / "rehearsal.json").unlink(), "rehearsal.json: not found.*make rehearse RUN=tiny"),
    "another rehearsed": (
        lambda f: change(f / "rehearsal.json", bundle_id="0ld"),
        "is of bundle 0ld, not of .*rehearse",
    ),
    "a case that failed": (
        lambda f: change(f / "rehearsal.json", cases=[{"name": "worker killed", "ended": "no file"}, {"name": "x"}]),
        "did not end as expected in: worker killed, x",
    ),
    "a changed file": (
        lambda f: (f / "bundle" / "config.json").write_text("{ }"),
        "changed: config.json. Run `make sub",
    ),
    "a missing file": (lambda f: (f / "bundle" / "config.json").unlink(), "missing: config.json"),
    "a file too much": (lambda f: (f / "bundle" / ".env").write_text("KEY=1"), r"not in its marker: \.env"),
    "a folder": (lambda f: (f / "bundle" / "sub").mkdir(), "not in its marker: sub"),
    "no bundle": (lambda f: (f / "bundle" / "prompt-recovery-bundle.json").unlink(), "not found.*make submit RUN=tiny"),
    "another notebook": (
        lambda f: change(f / "notebook.ipynb", cells=[{"source": 'BUNDLE_ID = "0ld"'}]),
        "is not the notebook of bundle",
    ),
    "another owner": (lambda f: change(f / "kernel-metadata.json", id="bob/prompt-recovery-tiny-notebook"), "ada, bob"),
    "the internet": (lambda f: change(f / "kernel-metadata.json", enable_internet=True), "expected no internet"),
    "another machine": (lambda f: change(f / "kernel-metadata.json", machine_shape="P100"), "NvidiaTeslaT4.*P100"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_just_as_it_was_rehearsed_is_not_uploaded(folder, case):
    spoil, said = BAD[case]
    spoil(folder)
    with pytest.raises(InputError, match=said):
        read_rehearsed(RUN, folder)


def test_an_owner_must_be_named(folder):
    run = RUN.model_copy(update={"submit": Submit(base_source=RUN.submit.base_source)})
    for path in (folder / "kernel-metadata.json", folder / "bundle" / "dataset-metadata.json"):
        change(path, id="your-kaggle-name/prompt-recovery-tiny")
    with pytest.raises(InputError, match=r"found your-kaggle-name. Set submit.owner in configs/run/tiny.toml to yours"):
        read_rehearsed(run, folder)


def test_a_run_on_a_cpu_asks_for_no_machine(folder):
    without = {"enable_gpu": False, "machine_shape": None}
    change(folder / "kernel-metadata.json", **without)
    assert read_rehearsed(RUN, folder).kernel_metadata["enable_gpu"] is False
