"""`make compare` on a very small run: methods side by side, one stage against two."""

import pytest
from small_project import RUN, RUN_FOLDER, copied, make

from prompt_recovery.places import RunFolder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(done, tmp_path_factory):
    return copied(done[0], tmp_path_factory.mktemp("compared") / "project")


def test_methods_are_compared_on_one_code_path_and_none_is_run_twice(project):
    compare = ["METHODS=retrieval last_layers", "compare"]
    assert [line.split(" | ")[0] for line in make(project, *compare).splitlines() if line.startswith("| ")][1:] == [
        "| constant", "| retrieval", "| last_layers",
    ]  # fmt: skip
    ladder = project / RUN_FOLDER.comparison
    assert "Difference to constant" in (ladder / "report.html").read_text()
    assert (ladder / "last_layers/weights/weights.safetensors").exists() and not (ladder / "retrieval/adapter").exists()
    before = {path: path.stat().st_mtime_ns for path in ladder.glob("*/manifests/*.json")}
    assert len(before) == 8
    make(project, *compare)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_one_stage_is_compared_with_two(project):
    scratch = RUN[RUN.index("[base.from_scratch]") : RUN.index("[train]")]
    second = RUN.replace(scratch, "").replace('data = "micro"', 'data = "micro"\ninit_from = "micro"')
    (project / "configs/run/second.toml").write_text(second)
    printed = make(project, "compare", "METHODS=first_stage two_stages", run="second")
    assert [line.split(" | ")[0] for line in printed.splitlines() if line.startswith("| ")][1:] == [
        "| constant", "| first_stage", "| two_stages",
    ]  # fmt: skip
    rungs = RunFolder(project / "runs/compare/second")
    first, own, two = (
        (folder / "adapter/adapter_model.safetensors").read_bytes()
        for folder in (project / RUN_FOLDER.path, rungs.path / "first_stage", rungs.path / "two_stages")
    )
    assert own == first != two
    assert "one stage against two" in (rungs.path / "report.html").read_text()
