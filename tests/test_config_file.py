import pytest
from conftest import PROJECT

from prompt_recovery.config import STAGE_SETTINGS, DataConfig, RunConfig, stage_settings
from prompt_recovery.config_file import load_toml, validate
from prompt_recovery.errors import InputError
from prompt_recovery.places import RunFolder, TriplesFolder

CONFIGS = PROJECT / "configs"
TINY = CONFIGS / "run" / "tiny.toml"


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_config_loads_and_its_data_exists(path):
    kind = {"run": RunConfig, "data": DataConfig}[path.parent.name]
    config = load_toml(kind, path)
    assert config.name == path.stem
    if kind is RunConfig:
        assert (CONFIGS / "data" / f"{config.data}.toml").exists()


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_json_brings_the_config_back(path):
    kind = {"run": RunConfig, "data": DataConfig}[path.parent.name]
    config = load_toml(kind, path)
    assert validate(kind, config.model_dump(mode="json"), where="json") == config


def test_three_layers_the_last_one_wins():
    assert load_toml(RunConfig, TINY).lora.rank != RunConfig.model_fields["lora"].default.rank
    assert load_toml(RunConfig, TINY).train.learning_rate != RunConfig.model_fields["train"].default.learning_rate
    changed = load_toml(
        RunConfig, TINY, ["lora.rank=8", "chat.instruction=Which one?", "lora.target_modules=['q_proj']"]
    )
    assert (changed.lora.rank, changed.chat.instruction, changed.lora.target_modules) == (8, "Which one?", ("q_proj",))


def faults(*overrides: str) -> str:
    with pytest.raises(InputError) as error:
        load_toml(RunConfig, TINY, overrides)
    return str(error.value)


def test_a_mistyped_key_is_named_with_the_nearest():
    assert "tiny.toml: lora.rnak: no such key; did you mean 'rank'?" in faults("lora.rnak=8")
    assert "tiny.toml: base.from_scratch.hiden_size: no such key; did you mean 'hidden_size'?" in faults(
        "base.from_scratch.hiden_size=64"
    )


def test_a_rank_of_minus_one_says_found_and_expected():
    assert "tiny.toml: lora.rank: found -1, expected: Input should be greater than or equal to 1." in faults(
        "lora.rank=-1"
    )


def test_all_faults_come_at_once():
    message = faults("lora.rank=-1", "train.epochs=abc", "embedder.kind=bert", "colour=1")
    assert message.startswith("4 setting(s) to mend:")
    assert all(key in message for key in ("lora.rank", "train.epochs", "embedder.kind", "colour"))


def test_a_missing_config_names_those_that_are_there():
    with pytest.raises(InputError, match=r"tony.toml: no such config. In .*: .*mistral-7b, .*tiny"):
        load_toml(RunConfig, TINY.with_name("tony.toml"))


def test_what_is_not_toml_is_refused(tmp_path):
    (tmp_path / "x.toml").write_text("rank = = 3")
    with pytest.raises(InputError, match=r"x.toml: is not TOML: .*line 1"):
        load_toml(RunConfig, tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text("seed = 3")
    with pytest.raises(InputError, match=r"data: missing, and it has no default"):
        load_toml(RunConfig, tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text("name = 'y'")
    with pytest.raises(InputError, match=r"name: is the file's own name"):
        load_toml(DataConfig, tmp_path / "x.toml")


@pytest.mark.parametrize("override", ["lora.rank", "=3"])
def test_an_override_without_key_or_value_is_refused(override):
    assert f"--set {override}: expected section.key=value" in faults(override)


def test_a_stage_reads_only_its_settings():
    config = load_toml(RunConfig, TINY)
    other = load_toml(RunConfig, TINY, ["generation.max_new_tokens=5"])
    changed = [stage for stage in STAGE_SETTINGS if stage_settings(config, stage) != stage_settings(other, stage)]
    assert changed == ["choose", "recover", "merge"]


def test_places_read_back_their_configs(tmp_path):
    run = load_toml(RunConfig, TINY)
    (tmp_path / "config.json").write_text(run.model_dump_json())
    assert RunFolder(tmp_path).read_config() == run
    with pytest.raises(InputError, match=r"missing/config.json: not found. It is made by `make train RUN=missing`"):
        RunFolder(tmp_path / "missing").read_config()
    with pytest.raises(InputError, match=r"config.json: not found. It is made by `make data"):
        TriplesFolder(tmp_path / "missing").read_config()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["rewriter.kind=transformers"], 'rewriter: expected rewriter.model with kind = "transformers".'),
        (["prompts.kind=all"], "expected prompts.kind = "),
        (["rewriter.kind=openai"], 'rewriter: expected a section [rewriter.server] with kind = "openai".'),
    ],
)
def test_a_rewriter_needs_its_model_and_its_prompts(overrides, message):
    with pytest.raises(InputError) as error:
        load_toml(DataConfig, CONFIGS / "data" / "tiny.toml", overrides)
    assert f"tiny.toml: {message}" in str(error.value)


def test_a_key_that_was_pasted_for_its_variable_is_not_shown():
    server = ["rewriter.kind=openai", "rewriter.server.base_url=http://localhost:1/v1", "rewriter.server.model=m"]
    with pytest.raises(InputError) as error:
        load_toml(DataConfig, CONFIGS / "data" / "tiny.toml", [*server, "rewriter.server.api_key_variable=sk-secret"])
    assert "rewriter.server.api_key_variable: found a value that is not shown" in str(error.value)
    assert "sk-secret" not in str(error.value)


def test_a_profile_sets_what_the_file_leaves_open(tmp_path):
    file = tmp_path / "big.toml"
    file.write_text('data = "d"\nprofile = "141gb"\n[base]\nmodel = "m"\n[train]\nbatch_tokens = 999\n')
    run = load_toml(RunConfig, file)
    assert (run.train.batch_tokens, run.train.activation_checkpointing) == (999, False)
    assert run.base.attention == "flex_attention"
    assert validate(RunConfig, run.model_dump(mode="json"), where="again") == run
    plain = load_toml(RunConfig, file, ["profile=t4", "train.activation_checkpointing=false"])
    assert (plain.base.attention, plain.train.activation_checkpointing) == ("sdpa", False)
