"""What a run takes of a GPU and of a disk, held against the sizes of real weights."""

import pytest
from transformers import AutoModelForCausalLM, MistralConfig

from prompt_recovery.config import Base, Generation, Lora, RunConfig
from prompt_recovery.engines.memory_need import memory_need

MISTRAL_7B = MistralConfig(vocab_size=32_000)  # transformers' defaults are the 7B's


def need_of(folder, **settings):
    return memory_need(RunConfig(name="x", data="x", base=Base(model=str(folder)), **settings))


@pytest.fixture
def mistral(tmp_path):
    MISTRAL_7B.save_pretrained(tmp_path)
    return tmp_path


def test_weights_are_as_many_bytes_as_the_model_has(model_folder):
    folder = model_folder("mistral")
    model = AutoModelForCausalLM.from_pretrained(folder)
    held = sum(own.numel() for own in model.parameters())
    assert need_of(folder, method="lora").weights == 2 * held
    assert need_of(folder, method="qlora").weights < need_of(folder, method="int8_lora").weights < 2 * held


def test_a_7b_in_nf4_has_the_size_that_is_known_of_it(mistral):
    layer = 4_096 * (2 * 4_096 + 2 * 1_024 + 3 * 14_336)  # queries and output, keys and values, three of the MLP
    in_4_bits, in_16_bits = 32 * layer, 2 * 32_000 * 4_096 + 65 * 4_096  # embedding and head, norms
    assert need_of(mistral).weights == pytest.approx(in_4_bits * (4 + 0.127) / 8 + 2 * in_16_bits, rel=0.01)
    assert need_of(mistral, method="lora").weights == 2 * 7_241_732_096


def test_the_adapters_disk_follows_its_rank_and_its_modules(mistral):
    by_rank = [need_of(mistral, lora=Lora(rank=rank)).disk_bytes for rank in (16, 32)]
    assert by_rank[1] == 2 * by_rank[0]
    queries = need_of(mistral, lora=Lora(rank=16, target_modules=("q_proj",))).disk_bytes
    assert queries == 8 * 4 * 16 * 32 * (4_096 + 4_096)
    assert need_of(mistral, method="zero_shot").disk_bytes == 0


def test_the_cache_grows_with_rows_and_samples(mistral):
    needs = [
        need_of(mistral, generation=Generation(batch_size=size, samples=samples)).answering
        for size, samples in ((8, 0), (16, 0), (16, 1))
    ]
    assert needs == sorted(set(needs))
    tokens = 2 * 700 + 64 + 64
    assert needs[2] - needs[1] == 16 * tokens * (2 * 32 * 8 * 128 * 2)  # keys, values; layers; heads; 16 bits


def test_gemma_3_is_known_to_overflow_in_fp16(model_folder):
    assert need_of(model_folder("gemma3")).overflows_in_fp16
    assert not need_of(model_folder("mistral")).overflows_in_fp16


def test_nothing_is_reckoned_of_a_base_that_is_not_here(tmp_path):
    assert need_of(tmp_path / "none") is None
    assert need_of("owner/never-fetched") is None
