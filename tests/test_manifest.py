import json
import shutil
import subprocess
import sys

import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.manifest import (
    read_json,
    require_same_config,
    sha256,
    stage_receipt,
    whole_or_absent,
    write_json,
    write_json_if_changed,
)


def names(folder) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_whole_or_what_stood_there_before(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("before")
    with pytest.raises(RuntimeError), whole_or_absent(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert target.read_text() == "before"
    with whole_or_absent(target) as partial:
        partial.write_text("after")
    assert target.read_text() == "after"
    assert names(tmp_path) == ["a.txt"]


def test_what_a_killed_process_left_is_not_used(tmp_path):
    (tmp_path / ".model.partial").mkdir()
    (tmp_path / ".model.partial" / "half").touch()
    with whole_or_absent(tmp_path / "model") as partial:
        partial.mkdir()
        (partial / "whole").touch()
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["whole"]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    target = tmp_path / "model"
    for name in ("old", "new"):
        with whole_or_absent(target) as partial:
            partial.mkdir()
            (partial / name).touch()
    assert names(target) == ["new"]
    assert names(tmp_path) == ["model"]


FILL_THE_DISK = """
import sys
from pathlib import Path
import pandas as pd
from prompt_recovery.errors import readable_exit
from prompt_recovery.tables import TRUTH, write_table

with readable_exit():
    ids = [str(number) for number in range(50_000)]
    rows = pd.DataFrame({"id": ids, "rewrite_prompt": [f"prompt {number}" for number in ids]})
    write_table(rows, Path(sys.argv[1]), TRUTH)
"""


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_a_full_disk_is_named_and_leaves_the_old_file(tmp_path, name):
    mount = f"mount -t tmpfs -o size=128k tmpfs {tmp_path} && printf before > {tmp_path}/{name}"
    check = f"code=$?; cat {tmp_path}/{name}; ls -A {tmp_path} | wc -l; exit $code"
    script = f'{mount} && {{ "$0" -c "$1" {tmp_path}/{name}; {check}; }}'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, FILL_THE_DISK]
    if not shutil.which("unshare") or subprocess.run([*command[:3], "true"], capture_output=True).returncode:
        pytest.skip("a small file system of our own needs unshare --map-root-user --mount")
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 2
    assert f"{name}: could not be written (" in finished.stderr
    assert "No space left on device" in finished.stderr
    assert "What stood there before is unchanged" in finished.stderr
    assert finished.stdout == "before1\n"  # the old contents, and no second file


def test_the_manifest_is_written_last_and_only_on_success(tmp_path):
    manifest, output = tmp_path / "manifest.json", tmp_path / "out.txt"
    manifest.write_text("{}")
    with pytest.raises(RuntimeError), stage_receipt(manifest, stage="data", config={}, inputs={}):
        assert not manifest.exists()
        raise RuntimeError
    assert not manifest.exists()
    with stage_receipt(manifest, stage="data", config={"seed": 1}, inputs={"me": output.parent / "in.txt"}) as receipt:
        (tmp_path / "in.txt").write_text("abc")
        output.write_text("abc")
        receipt.outputs.append(output)
        receipt.counts["kept"] = 3
    written = json.loads(manifest.read_text())
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert written["inputs"] == {"me": abc}
    assert written["outputs"] == {"out.txt": abc}
    assert written["config"] == {"seed": 1}
    assert written["counts"] == {"kept": 3}
    assert written["libraries"]["torch"].startswith("2.")


def test_hash_of_a_folder_depends_on_names_and_contents(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    first = sha256(tmp_path / "a")
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    second = sha256(tmp_path / "a")
    (tmp_path / "a" / "y").write_text("2")
    assert len({first, second, sha256(tmp_path / "a")}) == 3


def test_json_that_says_the_same_is_not_touched(tmp_path):
    path = tmp_path / "settings.json"
    write_json(path, {"a": 1})
    before = path.stat().st_mtime_ns
    write_json_if_changed(path, {"a": 1})
    assert path.stat().st_mtime_ns == before
    write_json_if_changed(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 2}


def test_missing_and_broken_json_say_what_makes_them(tmp_path):
    with pytest.raises(InputError, match=r"x.json: not found. It is made by `make train`"):
        read_json(tmp_path / "x.json", made_by="make train")
    (tmp_path / "x.json").write_text('{"a": ')
    with pytest.raises(InputError, match=r"x.json: expected JSON.*Run `make train` again"):
        read_json(tmp_path / "x.json", made_by="make train")


def test_a_stage_of_another_config_is_refused(tmp_path):
    manifest = tmp_path / "train.json"
    write_json(manifest, {"config": {"lora": {"rank": 8}, "seed": 0}})
    require_same_config(manifest, {"lora": {"rank": 8}, "seed": 0}, made_by="make train")
    with pytest.raises(
        InputError, match=r"comes from another config: lora: made with \{'rank': 8\}, now \{'rank': 16\}"
    ):
        require_same_config(manifest, {"lora": {"rank": 16}, "seed": 0}, made_by="make train")


def test_a_receipt_holds_the_most_memory_that_the_process_had_at_once(tmp_path):
    code = (
        "from pathlib import Path; from prompt_recovery.manifest import stage_receipt\n"
        "for name, size in (('small', 1), ('large', 300_000_000), ('after', 1)):\n"
        "    with stage_receipt(Path(name + '.json'), stage='x', config={}, inputs={}):\n"
        "        b'x' * size\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    small, large, after = (
        read_json(tmp_path / f"{name}.json", made_by="x")["peak_memory_bytes"] for name in ("small", "large", "after")
    )
    assert 10_000_000 < small < 250_000_000 < 300_000_000 < large == pytest.approx(after, rel=0.01)
