"""The decoded labels of each family's template, to the letter."""

import pytest
from small_models import FAMILIES, make_tokenizer

from prompt_recovery.config import Chat
from prompt_recovery.engines.chat import ChatFormat
from prompt_recovery.errors import InputError

ORIGINAL, REWRITTEN, PROMPT = "The kettle sang.", "Arr, the kettle sang!", "Rewrite this text like a pirate."
QUESTION = "Original text:\nThe kettle sang.\n\nRewritten text:\nArr, the kettle sang!\n\nWhich prompt?"
GIVEN = {
    "mistral": f"<s>[INST] {QUESTION} [/INST]",
    "gemma2": f"<bos><start_of_turn>user\n{QUESTION}<end_of_turn>\n<start_of_turn>model\n",
    "qwen2": f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n",
    "llama": (
        f"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{QUESTION}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
}
SAID = {
    "mistral": f" {PROMPT}</s>",
    "gemma2": f"{PROMPT}<end_of_turn>",
    "qwen2": f"{PROMPT}<|im_end|>",
    "llama": f"{PROMPT}<|eot_id|>",
}


@pytest.fixture(params=FAMILIES)
def chat(request):
    return ChatFormat(make_tokenizer(request.param), Chat(instruction="Which prompt?"))


@pytest.fixture
def family(request, chat):
    return request.node.callspec.params["chat"]


def test_given_and_said_decode_to_the_template(chat, family):
    example = chat.examples([(ORIGINAL, REWRITTEN, PROMPT)])[0]
    given, said = example.ids[: example.prompt_length], example.ids[example.prompt_length :]
    assert chat.tokenizer.decode(given) == GIVEN[family]
    assert chat.tokenizer.decode(said) == SAID[family]


def test_generation_starts_from_the_very_ids_that_training_gave(chat):
    example = chat.examples([(ORIGINAL, REWRITTEN, PROMPT)])[0]
    assert chat.prompt(ORIGINAL, REWRITTEN) == example.ids[: example.prompt_length]


def test_there_is_one_bos_at_most(chat):
    ids = chat.prompt(ORIGINAL, REWRITTEN)
    assert ids.count(chat.tokenizer.bos_token_id) == (0 if chat.tokenizer.bos_token is None else 1)


def test_stop_ids_are_eos_and_the_end_of_turn(chat, family):
    tokens = set(chat.tokenizer.convert_ids_to_tokens(chat.stop_ids()))
    assert tokens == {FAMILIES[family].eos, FAMILIES[family].turn_end}


def test_a_long_text_keeps_head_and_tail_and_the_answer_is_whole(chat, family):
    chat = ChatFormat(chat.tokenizer, Chat(max_text_tokens=16))
    words = " ".join(f"word{number}" for number in range(60))
    example = chat.examples([(words, "short", PROMPT)])[0]
    text = chat.tokenizer.decode(example.ids[: example.prompt_length])
    assert example.trimmed
    assert "word0" in text and "word59" in text and "word30" not in text
    assert chat.tokenizer.decode(example.ids[example.prompt_length :]) == SAID[family]


def test_a_text_within_its_budget_is_not_touched(chat):
    assert not chat.examples([(ORIGINAL, REWRITTEN, PROMPT)])[0].trimmed


def test_a_tokeniser_without_a_template_is_refused():
    tokenizer = make_tokenizer("llama")
    tokenizer.chat_template = None
    with pytest.raises(InputError, match="has no chat template; choose a chat model"):
        ChatFormat(tokenizer, Chat())


def test_a_template_that_changes_the_prompt_later_is_refused():
    tokenizer = make_tokenizer("llama")
    tokenizer.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(InputError, match="changes the prompt once an answer follows"):
        ChatFormat(tokenizer, Chat()).examples([(ORIGINAL, REWRITTEN, PROMPT)])
