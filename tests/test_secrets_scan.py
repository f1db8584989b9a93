"""No secret of the machine on which a run was made is uploaded with it; the error names file and kind, never it."""

import json

import pandas as pd
import pytest
from small_wheels import make_wheel

from prompt_recovery.errors import InputError
from prompt_recovery.submit.secrets_scan import require_no_secrets
from prompt_recovery.tables import TRUTH, write_table

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
SECRETS = {
    "a Hugging Face token": "hf_" + LETTERS[:34],
    "a Kaggle token": "KGAT_" + "0123456789abcdef" * 2,
    "a kaggle.json": json.dumps({"username": "ada", "key": "0123456789abcdef" * 2}),
    "a key of an API": "sk-proj-" + LETTERS,
    "a GitHub token": "ghp_" + LETTERS,
    "an AWS key": "AKIA" + "ABCDEFGH12345678",
    "a Google key": "AIza" + LETTERS[:35],
    "a private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "a setting of an .env file": "x=1\nMY_API_KEY=" + LETTERS,
}


def refused(*files) -> str:
    with pytest.raises(InputError, match="not bundled, for it would be uploaded") as error:
        require_no_secrets(files)
    return str(error.value)


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("name", ["runs--x--adapter--README.md", "config.json", "tokenizer.model", "w.safetensors"])
def test_a_secret_is_found_and_not_repeated(tmp_path, kind, name):
    file = tmp_path / name
    file.write_text(f"before \n{SECRETS[kind]}\n after")
    said = refused(file)
    assert f"{name}: {kind}" in said and SECRETS[kind] not in said and LETTERS[:20] not in said


def test_a_kaggle_json_is_known_in_either_order_and_layout(tmp_path):
    file = tmp_path / "notes.json"
    file.write_text(json.dumps({"key": "0123456789abcdef" * 2, "username": "ada"}, indent=2))
    assert "a kaggle.json" in refused(file)


@pytest.mark.parametrize("name", [".env", ".env.local", "kaggle.json", "runs--x--.netrc", "server.pem", "id_ed25519"])
def test_a_file_that_is_made_for_secrets_is_refused_by_its_name(tmp_path, name):
    (tmp_path / name).write_text("")
    assert f"{name}: a file that is made to hold secrets" in refused(tmp_path / name)


@pytest.mark.parametrize("path", ["/home/ada/models/x", "/Users/ada/x", "/root/x", "C:\\Users\\ada\\x"])
@pytest.mark.parametrize("name", ["x--adapter--adapter_config.json", "config.json", "x--adapter--base.json"])
def test_a_setting_that_tells_whose_home_it_was_is_refused(tmp_path, path, name):
    (tmp_path / name).write_text(json.dumps({"base_model_name_or_path": path}))
    assert f"{name}: a path in somebody's home" in refused(tmp_path / name)


def test_secrets_are_found_in_compressed_tables_and_in_the_projects_own_wheel(tmp_path):
    token = "hf_" + "0123456789abcdef" * 2  # whose second half the compression leaves out
    texts = ["Make it rhyme.", f"My token is {token}, keep it.", "Zigzag."]  # neither first nor last in order
    write_table(pd.DataFrame({"id": list("abc"), "rewrite_prompt": texts}), tmp_path / "train.parquet", TRUTH)
    assert token.encode() not in (tmp_path / "train.parquet").read_bytes()
    assert "train.parquet: a Hugging Face token" in refused(tmp_path / "train.parquet")
    own = make_wheel(tmp_path, "prompt_recovery", files={"prompt_recovery/.env": "X=1", "a.py": SECRETS["an AWS key"]})
    said = refused(own)
    assert ".whl: prompt_recovery/.env: a file that is made" in said and ".whl: a.py: an AWS key" in said


def test_all_files_with_secrets_are_named_at_once(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(SECRETS["an AWS key"])
    assert "a.txt: an AWS key; b.txt: an AWS key" in refused(tmp_path / "a.txt", tmp_path / "b.txt")


def test_ordinary_texts_pass(tmp_path):
    texts = [
        "Rewrite it as if /home/ada were yours.", "sk-etch the scene", "hf_hub_download(x)", "The API_KEY=secret joke",
        '{"username": "ada", "key": "C major"}', "task-oriented-prompts-are-long-and-hyphenated", "AKIAN", "KGAT_short",
        "-----BEGIN PUBLIC KEY-----",
    ]  # fmt: skip
    (tmp_path / "prompts.json").write_text(json.dumps(texts))
    (tmp_path / "config.json").write_text(json.dumps({"base": "data/models/tiny", "to": "sentence-t5"}))
    other = make_wheel(tmp_path, "bitsandbytes", files={"tests.py": SECRETS["an AWS key"]})  # public as it is
    require_no_secrets([tmp_path / "prompts.json", tmp_path / "config.json", other])
