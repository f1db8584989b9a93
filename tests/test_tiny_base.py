"""The embedded base, made very small: an ordinary model folder that the common loader takes."""

import pandas as pd
import pytest

from prompt_recovery.config import Base, FromScratch, FullTrain, RunConfig
from prompt_recovery.engines.recoverer import load_recoverer
from prompt_recovery.train.examples import training_rows
from prompt_recovery.train.tiny_base import make_tiny_base

SETTINGS = FromScratch(
    vocabulary=512, hidden_size=64, intermediate_size=64, rows=10, train=FullTrain(batch_tokens=256, validations=1)
)


@pytest.fixture
def run(tmp_path) -> RunConfig:
    return RunConfig(name="x", data="x", device="cpu", base=Base(model=str(tmp_path / "base"), from_scratch=SETTINGS))


@pytest.fixture
def train(triples) -> pd.DataFrame:
    return pd.concat([triples] * 10, ignore_index=True)


def make(train, triples, run, tmp_path):
    return make_tiny_base(train, triples, run, tmp_path / "base", tmp_path / "metrics.jsonl")


@pytest.mark.slow
def test_the_base_is_an_ordinary_folder_that_the_common_loader_takes(run, train, triples, tmp_path):
    make(train, triples, run, tmp_path)
    base = load_recoverer(run, None)
    assert (base.model.config.model_type, base.model.config.num_hidden_layers) == ("llama", 2)
    assert len(base.tokenizer) == base.model.get_input_embeddings().weight.shape[0] <= 512
    assert base.tokenizer.pad_token_id != base.tokenizer.eos_token_id
    (prompt,) = base.tokenizer.batch_decode([base.encode("The kettle sang.", "Arr!")])
    assert prompt.startswith("<s><|user|>Original text:\nThe kettle sang.") and prompt.endswith("<|model|>")


def test_the_base_sees_only_as_many_rows_as_it_is_given(run, train, triples, tmp_path):
    few = make(train, triples, run, tmp_path)
    chat = load_recoverer(run, None).chat
    longest = max(len(row.ids) for row in training_rows(triples, chat))
    assert few.tokens <= 10 * longest
    more = run.model_copy(
        update={"base": run.base.model_copy(update={"from_scratch": SETTINGS.model_copy(update={"rows": 30})})}
    )
    assert make(train, triples, more, tmp_path).tokens > 2 * few.tokens


@pytest.mark.slow
def test_the_seed_alone_decides(run, train, triples, tmp_path):
    weights = []
    for _ in range(2):
        make(train, triples, run, tmp_path)
        weights.append((tmp_path / "base" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]
