"""scripts/upload.py as a process of its own: what it shows of credentials, and what is left of it when it is killed."""

import os
import signal
import subprocess
import sys

import pytest
from conftest import PROJECT
from kaggle_server import TOKEN, KaggleServer, kaggle_server, refused
from small_submission import make_output, make_submission

ARGUMENTS = ["--run", "runs/tiny", "--submit", "--poll-seconds", "0.02", "--limit-hours", "0.0002"]  # 0.7 s


@pytest.fixture
def server():
    with kaggle_server() as server:
        yield server
        assert server.strangers == []


@pytest.fixture
def project(tmp_path, server):
    (tmp_path / "home").mkdir()
    server.output = make_output(make_submission(tmp_path / "project"))
    return tmp_path / "project"


def start(project, server: KaggleServer, *more: str, **variables: str) -> subprocess.Popen:
    """Start the script with nothing of this process's environment but where programs and the package are."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    environment = kept | server.environment(str(project.parent / "home")) | variables
    command = [sys.executable, PROJECT / "scripts" / "upload.py", *ARGUMENTS, *more]
    return subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def files_under(folder) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.slow
def test_the_script_uploads_submits_and_never_shows_or_writes_the_credentials(project, server):
    for fault in (None, refused(401, "Unauthenticated")):
        server.faults["list_submissions"] = [fault]
        process = start(project, server, VERBOSE="1")  # the package would print each request with its headers
        said, _ = process.communicate(timeout=60)
        assert process.returncode == (2 if fault else 0), said
        assert "Traceback" not in said
        assert TOKEN not in said and "Bearer" not in said
    assert "does not take your credentials" in said
    assert TOKEN.encode() not in files_under(project.parent)
    assert (len(server.versions), len(server.kernels), len(server.submissions)) == (1, 1, 1)


def test_another_config_than_the_bundles_is_an_error(project, server):
    config = project / "runs" / "tiny" / "config.json"
    config.write_text(config.read_text().replace('"hidden_rows": 2000', '"hidden_rows": 1000'))
    process = start(project, server)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and "Run `make submit RUN=tiny` again" in said
    assert not server.calls


CHANGES = ("start_blob_upload", "put", "create_dataset", "save_kernel", "create_code_submission")
QUESTIONS = ("get_dataset_status", "get_kernel_session_status", "list_kernel_session_output", "list_submissions")


@pytest.mark.slow
def test_killed_at_every_step_it_goes_on_and_does_everything_once(project, server):
    """The process is killed before Kaggle does something, and again when it has done it and not yet said so."""
    moments = [(name, done) for name in CHANGES for done in (False, True)] + [(name, True) for name in QUESTIONS]
    running = []

    def killing(done: bool):
        def fault(handler, answer):
            if done:
                answer()
            running[0].send_signal(signal.SIGKILL)
            running[0].wait()
            handler.close_connection = True

        return fault

    for name, done in sorted(moments, key=lambda moment: [*CHANGES, *QUESTIONS].index(moment[0])):
        server.faults[name].append(killing(done))
    for _ in range(len(moments) + 1):
        running[:] = [start(project, server)]
        said, _ = running[0].communicate(timeout=60)
        if running[0].returncode != -signal.SIGKILL:
            break
    assert running[0].returncode == 0, said
    assert not any(server.faults.values()), "each moment was reached"
    assert (len(server.versions), len(server.kernels), len(server.submissions)) == (1, 1, 1)
    here = {file.name: file.read_bytes() for file in (project / "submissions" / "tiny" / "bundle").iterdir()}
    assert server.remote_files() == {name: data for name, data in here.items() if name != "dataset-metadata.json"}
    rows = [row for row in (project / "submissions" / "LOG.md").read_text().splitlines() if row.startswith("| 20")]
    assert len(rows) == 1
