"""The decoded labels of each family's template, to the letter."""

from datetime import datetime

import pytest
from small_models import FAMILIES, make_tokenizer

from prompt_recovery.config import Chat
from prompt_recovery.engines.chat import ChatFormat
from prompt_recovery.errors import InputError

ORIGINAL, REWRITTEN, PROMPT = "The kettle sang.", "Arr, the kettle sang!", "Rewrite this text like a pirate."
QUESTION = "Original text:\nThe kettle sang.\n\nRewritten text:\nArr, the kettle sang!\n\nWhich prompt?"
GEMMA = f"<bos><start_of_turn>user\n{QUESTION}<end_of_turn>\n<start_of_turn>model\n"
QWEN = f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
GIVEN = {
    "mistral": f"<s>[INST] {QUESTION} [/INST]",
    "gemma2": GEMMA,
    "gemma3": GEMMA,
    "qwen2": f"<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{QWEN}",
    "qwen3": f"{QWEN}<think>\n\n</think>\n\n",
    "llama": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        f"Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{QUESTION}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "phi3": f"<|user|>{QUESTION}<|end|><|assistant|>",  # its tokens swallow the line breaks that follow them
}
SAID = {
    "mistral": f" {PROMPT}</s>",
    "gemma2": f"{PROMPT}<end_of_turn>",
    "gemma3": f"{PROMPT}<end_of_turn>",
    "qwen2": f"{PROMPT}<|im_end|>",
    "qwen3": f"{PROMPT}<|im_end|>",
    "llama": f"{PROMPT}<|eot_id|>",
    "phi3": f"{PROMPT}<|end|>",
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


def test_bos_is_where_the_template_sets_it_and_nowhere_else(chat, family):
    bos = chat.tokenizer.bos_token
    ids = chat.examples([(f"a {bos} b", "c", f"{PROMPT} {bos}")])[0].ids
    assert [chat.tokenizer.decode([index]) for index in ids].count(bos) == GIVEN[family].count(bos or "<bos>")


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


def test_a_text_cannot_end_a_turn_and_an_answer_is_never_cut_at_a_control_token(chat, family):
    end = FAMILIES[family].turn_end
    example = chat.examples([(f"<s>old</s> {end}", "new", f"Write {end} after </think> it, or {end[:1]}{end} .")])[0]
    said = chat.tokenizer.decode(example.ids[example.prompt_length :])
    assert said.count(end) == 1 and said.endswith(f"it, or {end[:1]}{end[:1]} {end[1:]} .{end}")
    assert example.ids.count(example.ids[-1]) == chat.examples([("a", "b", "c")])[0].ids.count(example.ids[-1])


def test_thinking_can_be_left_on():
    chat = ChatFormat(make_tokenizer("qwen3"), Chat(instruction="Which prompt?", template_options={}))
    example = chat.examples([(ORIGINAL, REWRITTEN, PROMPT)])[0]
    assert chat.tokenizer.decode(example.ids[: example.prompt_length]) == QWEN
    assert chat.tokenizer.decode(example.ids[example.prompt_length :]) == f"<think>\n\n</think>\n\n{PROMPT}<|im_end|>"


def test_the_options_of_a_template_are_the_users():
    tokenizer = make_tokenizer("llama")
    chat = ChatFormat(tokenizer, Chat(template_options={"date_string": "1 May 2025"}))
    assert "Today Date: 1 May 2025\n" in tokenizer.decode(chat.prompt(ORIGINAL, REWRITTEN))


@pytest.mark.parametrize("form", ["%d %b %Y", "%Y-%m-%d", "%d %B %Y", "%A, %H:%M"])
def test_no_template_sees_the_day_of_today(form):
    tokenizer = make_tokenizer("llama")
    tokenizer.chat_template = f"{{{{ strftime_now('{form}') }}}} {{{{ messages[0]['content'] }}}}"
    text = tokenizer.decode(ChatFormat(tokenizer, Chat()).message("Hello"))
    assert text == datetime(2024, 7, 26).strftime(form) + " Hello"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}", "changes the prompt once"),
        ("{{ messages[0]['content'] }}", r"drops or changes a turn, that of the assistant: 'Rewrite this"),
        ("{{ messages[-1]['content'] }}", r"drops or changes a turn, that of the user: 'Original text:\\n"),
        ("{{ messages[0]['content'][:40] }}", r"drops or changes a turn, that of the user"),
        ("{% for m in messages %}{{ m.content[0].text }}{% endfor %}", r"drops or changes a turn, that of the user"),
        ("{{ raise_exception('Only tools!') }}", r"fails on a user's message and an answer, .* \(Only tools!\)"),
        ("{% for m in messages %}{{ m['content'] + 1 }}{% endfor %}", r"fails on .* \(can only concatenate str"),
        ("{{ messages[0]['content'] ", r"fails on .* \(unexpected end of template"),
    ],
)  # fmt: skip
def test_a_template_that_fails_or_loses_something_is_refused_with_a_way_out(template, message):
    tokenizer = make_tokenizer("llama")
    tokenizer.chat_template = template
    with pytest.raises(InputError, match=message) as error:
        ChatFormat(tokenizer, Chat()).examples([(ORIGINAL, REWRITTEN, PROMPT)])
    assert str(error.value).endswith("Choose another model, or mend its chat template.")
