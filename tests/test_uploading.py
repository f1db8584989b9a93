"""Uploads with the real kaggle package to a server on loopback: each ends as it should, and does nothing twice."""

import os
import sys
import tempfile

import pytest
from kaggle_server import kaggle_server, lost_after, lost_before, refused, says, unavailable
from small_submission import KERNEL, MODEL, RUN, bundle_id_of, make_output, make_submission

from prompt_recovery.errors import InputError
from prompt_recovery.submit.upload import dataset_step
from prompt_recovery.submit.upload.patience import Patience
from prompt_recovery.submit.upload.rehearsed import read_rehearsed
from prompt_recovery.submit.upload.uploading import Wanted, upload

SUBMIT = Wanted(submit=True)


@pytest.fixture(scope="module", autouse=True)
def imported_anew():
    """The package reads where to go to while it is imported: here for the first time, and not kept for others."""
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("kaggle", "kagglesdk")]:
        del sys.modules[name]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that nothing of this process can pass by, and a home without anybody's credentials."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [*os.environ]:
        if name.startswith(("KAGGLE_", "VERBOSE")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    with kaggle_server() as server:
        for name, value in server.environment(str(home)).items():
            monkeypatch.setenv(name, value)
        yield server
        assert server.strangers == []


@pytest.fixture
def folder(tmp_path, server):
    folder = make_submission(tmp_path)
    server.output = make_output(folder)
    return folder


def run(folder, wanted=Wanted(), limit_seconds=0.3):  # noqa: B008
    patience = Patience(first_seconds=0.005, longest_seconds=0.01, limit_seconds=limit_seconds)
    rehearsed = read_rehearsed(RUN, folder)
    upload(rehearsed, wanted, patience, log=folder.parent / "LOG.md", local_score="minilm; S0 0.500")


def done(server) -> tuple[int, int, int]:
    """Return how many versions of the dataset and of the kernel there are, and how many submissions."""
    return len(server.versions), len(server.kernels), len(server.submissions)


def test_a_bundle_goes_all_the_way_once(server, folder, capsys):
    server.processing = ["NOT_YET_PERSISTED", "BLOBS_RECEIVED"]
    server.run_states = ["QUEUED", "RUNNING", "COMPLETE"]
    run(folder, SUBMIT)
    assert done(server) == (1, 1, 1)
    here = {file.name: file.read_bytes() for file in (folder / "bundle").iterdir()}
    del here["dataset-metadata.json"]  # which speaks to the package
    assert server.remote_files() == here
    asked = server.kernels[0]["asked"]
    assert (asked["enableInternet"], asked["enableGpu"], asked["machineShape"]) == (False, True, "NvidiaTeslaT4")
    assert asked["modelDataSources"] == [MODEL]
    said = capsys.readouterr().out
    for url in (
        "datasets/ada/prompt-recovery-tiny",
        f"code/{KERNEL['id']}",
        "competitions/llm-prompt-recovery/submissions",
    ):
        assert f"https://www.kaggle.com/{url}" in said
    assert "kernel ada/prompt-recovery-tiny-notebook, version 1: RUNNING" in said
    assert (folder / "output" / "submission.csv").read_bytes() == server.output["submission.csv"]
    assert not (folder / "output" / "answers.jsonl").exists()


def test_a_second_upload_does_nothing_and_a_lost_state_is_found_on_kaggle(server, folder):
    run(folder, SUBMIT)
    for forgotten in (False, True):
        if forgotten:
            (folder / "upload.json").unlink()
        calls = server.calls.copy()
        run(folder, SUBMIT)
        assert done(server) == (1, 1, 1)
        new = server.calls - calls
        assert not new.keys() & {"put", "start_blob_upload", "save_kernel", "create_code_submission"}


def test_another_bundle_becomes_a_version_of_the_same_dataset(server, folder, tmp_path):
    run(folder)
    make_submission(tmp_path, changed=" ")
    server.output = make_output(folder)
    run(folder)
    assert done(server) == (2, 2, 0)
    assert bundle_id_of(folder) in server.versions[1]["notes"]
    assert server.remote_files()["config.json"] == b"{} "


def test_an_upload_goes_on_at_the_byte_where_it_was_cut(server, folder):
    server.faults["put"] = ["half", None, unavailable]
    run(folder)
    assert server.remote_files()["adapter--weights.safetensors"] == b"w" * 300_000
    assert len(server.blobs) == 3  # none was begun anew


def test_what_is_uploaded_when_kaggle_stays_out_of_order_is_kept(server, folder):
    server.faults["put"] = [None] + [unavailable] * 100
    with pytest.raises(InputError, match=r"Upload unsuccessful: .*what was uploaded is kept"):
        run(folder)
    assert done(server) == (0, 0, 0)
    server.faults["put"] = []
    run(folder)
    assert done(server) == (1, 1, 0)
    assert len(server.blobs) == 3


def stale_for(looks):
    """Do what was asked for; for so many looks the version before it is shown, ready."""

    def fault(handler, answer):
        said = answer()
        handler.server.stale_looks = looks
        handler.send_json(said)

    return fault


def test_a_dataset_that_is_ready_in_its_old_version_is_waited_for(server, folder, tmp_path):
    run(folder)
    make_submission(tmp_path, changed=" ")
    server.output = make_output(folder)
    left = []
    server.faults["create_dataset_version"] = [stale_for(5)]
    server.faults["save_kernel"] = [
        lambda handler, answer: (left.append(server.stale_looks), handler.send_json(answer()))
    ]
    run(folder)
    assert done(server) == (2, 2, 0) and left == [0]


def test_a_dataset_that_stays_stale_is_an_error_in_time_and_then_goes_on(server, folder, monkeypatch):
    server.faults["create_dataset"] = [stale_for(10**6)]
    with pytest.raises(InputError, match=r"version 0 is not there, version 1 is waited for after .* goes on from here"):
        run(folder, limit_seconds=0.05)
    assert done(server) == (1, 0, 0)
    server.stale_looks = 2
    monkeypatch.setattr(dataset_step, "_APPEARING_SECONDS", 0.0)  # Kaggle said that it has it: it is not sent anew
    run(folder)
    assert done(server) == (1, 1, 0)


def test_a_dataset_of_which_nothing_was_heard_is_looked_for_by_the_next_upload_too(server, folder):
    def late_and_lost(handler, answer):
        answer()
        server.stale_looks = 10**6
        handler.close_connection = True

    server.faults["create_dataset"] = [late_and_lost]
    with pytest.raises(InputError, match="the new version did not arrive"):
        run(folder, limit_seconds=0.05)
    server.stale_looks = 3
    run(folder)
    assert done(server) == (1, 1, 0)


def test_a_dataset_that_kaggle_cannot_process_stops_before_the_notebook_and_is_sent_anew(server, folder):
    server.processing = ["BLOBS_RECEIVED", "FAILED"]
    with pytest.raises(InputError, match=r"could not process version 1 \(FAILED\).*uploads the bundle anew"):
        run(folder)
    assert done(server) == (1, 0, 0)
    # what is said of version 1, before version 2 is sent and once after
    server.processing = ["FAILED", "FAILED"]
    server.faults["create_dataset_version"] = [stale_for(1)]
    run(folder)
    assert done(server) == (2, 1, 0)


def test_a_version_that_somebody_else_sent_in_between_is_not_taken_for_the_bundle(server, folder):
    other = {"files": [], "notes": "by hand", "description": "by hand"}
    server.processing = ["BLOBS_RECEIVED"]
    server.faults["get_dataset"] = [
        None,
        lambda handler, answer: (server.versions.append(other), handler.send_json(answer())),
    ]
    with pytest.raises(InputError, match=r"version 2 is not of bundle .* something else was uploaded in between"):
        run(folder)
    run(folder)
    assert done(server) == (3, 1, 0)
    assert len(server.remote_files()) == 3


@pytest.mark.parametrize("lost", [lost_before, lost_after])
def test_a_lost_reply_makes_no_second_version_and_no_second_submission(server, folder, lost):
    sent = lost is lost_after
    for method in ("create_dataset", "save_kernel", "create_code_submission"):
        server.faults[method] = [lost]
        if sent:
            continue
        with pytest.raises(InputError, match="the same command again"):
            run(folder, SUBMIT, limit_seconds=0.05)
    run(folder, SUBMIT)
    assert done(server) == (1, 1, 1)


def test_a_submission_that_shows_late_is_looked_for_before_anything_is_sent_again(server, folder):
    run(folder)
    server.faults["create_code_submission"] = [lost_after]
    server.faults["list_submissions"] = [None] + [says(submissions=[])] * 3
    run(folder, SUBMIT)
    assert (server.calls["create_code_submission"], len(server.submissions)) == (1, 1)


def test_questions_are_asked_again_and_an_outage_is_an_error_that_goes_on(server, folder):
    server.faults["get_dataset"] = [unavailable, lost_before]
    server.faults["get_competition"] = [unavailable] * 5
    with pytest.raises(InputError, match=r"Kaggle answered 503. Run the same command again later: it goes on"):
        run(folder)
    run(folder)
    assert done(server) == (1, 1, 0)


# words of Kaggle's, and what is to be done
CAP = "Maximum batch GPU session count of 2 reached."
QUOTA = "Maximum weekly GPU quota of 30.00 hours reached."
PHONE = "Please verify your phone number to use a GPU."
RULES = "You must accept this competition's rules before you can submit."


@pytest.mark.parametrize(
    ("method", "fault", "said", "nothing_of"),
    [
        ("save_kernel", says(error=CAP), "two batch sessions .* wait until one has ended, or cancel one", "kernels"),
        ("save_kernel", says(error=QUOTA), "The week's hours are used up", "kernels"),
        ("save_kernel", says(error=PHONE), "Verify your phone number at https://www.kaggle.com/settings", "kernels"),
        ("save_kernel", says(error="The title is taken"), "refused: The title is taken", "kernels"),
        ("save_kernel", says(), "refused: it gave no version number", "kernels"),
        ("save_kernel", refused(409, "Conflict"), r"refused \(409\): Conflict", "kernels"),
        ("save_kernel", refused(429, "Too many requests"), "Wait some minutes", "kernels"),
        ("create_dataset", says(status="error", error="No such licence"), "Accept the licence", "versions"),
        ("create_dataset", says(status="pending"), "refused: status 'pending'", "versions"),
        ("create_code_submission", refused(403, RULES), "competitions/llm-prompt-recovery/rules", "submissions"),
        ("get_submission_limits", says(numTotal=9, numAllowedNow=0), "no submission is left today", "submissions"),
    ],
)
def test_what_kaggle_refuses_is_an_error_that_says_what_to_do_and_then_goes_on(
    server, folder, method, fault, said, nothing_of
):
    server.faults[method] = [fault]
    with pytest.raises(InputError, match=said):
        run(folder, SUBMIT)
    assert not getattr(server, nothing_of)
    run(folder, SUBMIT)
    assert done(server) == (1, 1, 1)


def test_rules_that_were_not_accepted_are_known_before_anything_is_uploaded(server, folder):
    server.entered = False
    with pytest.raises(
        InputError, match=r"ada has not accepted its rules. Accept the rules at .*/llm-prompt-recovery/rules"
    ):
        run(folder)
    assert not server.blobs


@pytest.mark.parametrize("source", [MODEL, KERNEL["dataset_sources"][0]])
def test_a_source_that_kaggle_does_not_take_is_an_error_although_the_push_succeeded(server, folder, source):
    server.unknown_sources = {source}
    with pytest.raises(InputError, match=f"version 1 runs without .* source {source}, not accepted"):
        run(folder, SUBMIT)
    server.unknown_sources = set()
    run(folder, SUBMIT)
    assert done(server) == (1, 2, 1)  # the version that lacks a source is not taken for ours


def test_a_source_that_is_dropped_without_a_word_is_an_error_too(server, folder):
    server.unknown_sources = {MODEL}
    server.faults["save_kernel"] = [lambda handler, answer: handler.send_json(answer() | {"invalidModelSources": []})]
    with pytest.raises(InputError, match=f"is not what was pushed .*missing: {MODEL}"):
        run(folder)


def test_a_version_that_runs_with_the_internet_is_not_taken_for_ours(server, folder):
    run(folder)
    (folder / "upload.json").unlink()
    server.kernels[0]["internet"] = True  # switched on by hand
    run(folder)
    assert done(server) == (1, 2, 0)


@pytest.mark.parametrize("state", ["ERROR", "CANCEL_ACKNOWLEDGED"])
def test_a_notebook_that_fails_is_shown_with_its_reason_and_pushed_anew(server, folder, state):
    server.run_states, server.failure_message = ["RUNNING", state], "Notebook Timeout"
    with pytest.raises(
        InputError, match=f"ended as {state}: Notebook Timeout. .*make doctor RUN=tiny ERROR=.Notebook Timeout"
    ):
        run(folder, SUBMIT)
    server.run_states = ["COMPLETE"]
    run(folder, SUBMIT)
    assert done(server) == (1, 2, 1)


OUTPUTS = {
    "a row without an answer": ({"submission.csv": b"id,rewrite_prompt\nx1,nan\nx2,b\n"}, {}, "reads as null"),
    "a repeated id": ({"submission.csv": b"id,rewrite_prompt\nx1,a\nx1,b\n"}, {}, "x1"),
    "another column": ({"submission.csv": b"id,prompt\nx1,a\n"}, {}, "rewrite_prompt"),
    "a row too few": ({"submission.csv": b"id,rewrite_prompt\nx1,a\n"}, {}, "rows is 2, expected 1"),
    "another bundle": ({}, {"bundle_id": "0ld"}, "bundle_id is '0ld', expected"),
    "a rerun": ({}, {"mode": "rerun"}, "mode is 'rerun', expected 'commit'"),
    "a problem": ({}, {"problems": ["worker 0 died"]}, "worker 0 died"),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_an_output_that_is_not_right_is_never_submitted(server, folder, case):
    files, report, said = OUTPUTS[case]
    server.output = make_output(folder, **report) | files
    with pytest.raises(InputError, match=f"{said}.*nothing was submitted. Run `make doctor RUN=tiny`"):
        run(folder, SUBMIT)
    server.output = make_output(folder)
    run(folder, SUBMIT)
    assert done(server) == (1, 2, 1)


def test_an_output_without_a_submission_says_so(server, folder):
    del server.output["submission.csv"]
    with pytest.raises(InputError, match=r"the notebook left no submission.csv\."):
        run(folder)


def test_the_score_comes_into_the_row_of_its_submission(server, folder, tmp_path):
    run(folder, SUBMIT)
    first = bundle_id_of(folder)
    row = (folder.parent / "LOG.md").read_text().splitlines()[-1]
    assert row.endswith(f"| tiny | c0ffee00c0ff+dirty | {first} | minilm; S0 0.500 | - |")
    make_submission(tmp_path, changed=" ")
    server.output = make_output(folder)
    server.submissions[0] |= {"status": "COMPLETE", "publicScore": "0.61"}
    run(folder, SUBMIT)  # of another bundle
    rows = (folder.parent / "LOG.md").read_text().splitlines()[-2:]
    assert rows[0] == row.removesuffix("- |") + "0.61 |" and rows[1].endswith("| - |")
    server.faults["list_submissions"] = [None] * 2 + [
        lambda handler, answer: (
            server.submissions[0].update(status="COMPLETE", publicScore="0.62"),
            handler.send_json(answer()),
        )
    ]
    run(folder, Wanted(score=True))
    assert (folder.parent / "LOG.md").read_text().splitlines()[-1].endswith("| 0.62 |")
    assert done(server) == (2, 2, 2)


def test_a_submission_that_cannot_be_scored_is_told_and_not_sent_again(server, folder):
    run(folder, SUBMIT)
    server.submissions[0] |= {"status": "ERROR", "errorDescription": "Notebook Timeout"}
    for _ in range(2):
        with pytest.raises(InputError, match=r"could not score it: Notebook Timeout. .*make doctor RUN=tiny ERROR="):
            run(folder, SUBMIT)
    assert len(server.submissions) == 1
    assert "| error: Notebook Timeout |" in (folder.parent / "LOG.md").read_text()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"KAGGLE_API_TOKEN": ""},
            "no credentials that Kaggle takes .* Make a token at https://www.kaggle.com/settings",
        ),
        ({"KAGGLE_API_TOKEN": "expired"}, "no credentials that Kaggle takes"),
        ({"KAGGLE_API_TOKEN": "", "KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "old"}, "does not take your credentials"),
    ],
)
def test_missing_and_wrong_credentials_are_told_apart(server, folder, monkeypatch, variables, said):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=said) as caught:
        run(folder)
    assert not {"expired", "old"} & set(str(caught.value).replace(",", " ").split())
    assert not server.blobs


def test_another_users_credentials_upload_nothing(server, folder):
    server.faults["introspect_token"] = [says(active=True, username="bob")] * 2
    with pytest.raises(InputError, match=r"submit.owner = 'ada': the credentials are those of 'bob'"):
        run(folder)
    assert not server.blobs
