import zipfile

import nbformat
import pytest
from conftest import PROJECT

from prompt_recovery.errors import InputError
from prompt_recovery.submit.notebook import render_notebook
from prompt_recovery.submit.submission_file import check_submission
from prompt_recovery.submit.wheels.wheel import build_wheel


def test_the_notebook_holds_its_bundle_id_and_a_kernel(tmp_path):
    render_notebook(
        PROJECT / "submissions" / "notebook.py", tmp_path / "notebook.ipynb", bundle_id="abc123", default="Improve it."
    )
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    sources = "\n".join(cell.source for cell in notebook.cells)
    assert 'BUNDLE_ID = "abc123"' in sources and "DEFAULT = 'Improve it.'" in sources
    assert "set by make submit" not in sources
    assert {cell.cell_type for cell in notebook.cells} == {"markdown", "code"}


def test_a_source_without_the_id_line_is_refused(tmp_path):
    (tmp_path / "n.py").write_text("# %%\nprint(1)\n")
    with pytest.raises(InputError, match="expected the line 'BUNDLE_ID = "):
        render_notebook(tmp_path / "n.py", tmp_path / "n.ipynb", bundle_id="abc", default="x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,rewrite_prompt\n2,x\n1,y\n", r"expected the 2 ids of test.csv in order, found 2, other from row 0"),
        ("id,rewrite_prompt\n1,x\n", r"found 1, other from row 1"),
        ("id,rewrite_prompt\n1,x\n2,NA\n", r"row 1: 'NA' reads as null"),
        ("id,rewrite_prompt\n1,x\n2,\n", r"row 1: '' reads as null"),
        ("id,rewrite_prompt,x\n1,x,y\n2,x,y\n", r"expected the columns \['id', 'rewrite_prompt'\]"),
        ("id,rewrite_prompt\n1,x\n1,y\n", r"column id, row 1: '1' occurs a second time"),
    ],
)
def test_a_submission_that_kaggle_would_refuse_is_refused(tmp_path, text, message):
    (tmp_path / "submission.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        check_submission(tmp_path / "submission.csv", ["1", "2"])


def test_every_word_that_pandas_reads_as_null_is_refused(tmp_path):
    from pandas._libs.parsers import STR_NA_VALUES

    from prompt_recovery.tables import READS_AS_NULL

    assert STR_NA_VALUES <= READS_AS_NULL


def test_ids_that_repeat_in_test_csv_must_repeat_in_the_submission(tmp_path):
    (tmp_path / "submission.csv").write_text("id,rewrite_prompt\n1,x\n2,y\n1,z\n")
    assert list(check_submission(tmp_path / "submission.csv", ["1", "2", "1"])["rewrite_prompt"]) == ["x", "y", "z"]
    with pytest.raises(InputError, match=r"expected the 4 ids of test.csv in order, found 3, other from row 3"):
        check_submission(tmp_path / "submission.csv", ["1", "2", "1", "1"])


def test_a_good_submission_is_read(tmp_path):
    (tmp_path / "submission.csv").write_text('id,rewrite_prompt\n1,"Make it, rhyme."\n2,x\n')
    assert list(check_submission(tmp_path / "submission.csv", ["1", "2"])["rewrite_prompt"]) == ["Make it, rhyme.", "x"]


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_texts(tmp_path):
    wheel = build_wheel(PROJECT, tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    source = PROJECT / "src"
    wanted = {str(file.relative_to(source)) for file in (source / "prompt_recovery").rglob("*")
              if file.suffix in {".py", ".toml", ".txt", ".j2"}}  # fmt: skip
    assert wanted <= names
    assert not any("test" in name for name in names)
