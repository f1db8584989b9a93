"""Other ways to ask for the same, written by a chat model: which replies are taken, mended, dropped."""

from collections import Counter

import pytest
from faulty_server import faulty_server, finish

from prompt_recovery.config import ChatServer, Prompts, Rewriter
from prompt_recovery.data.prompts.own_prompts import Prompt, own_prompts
from prompt_recovery.data.prompts.prompt_variations import is_request, variation_or_reason, varied_prompts
from prompt_recovery.data.rewriters.chat_models import ChatModels
from prompt_recovery.data.rewriters.writing import writer_in_shards
from prompt_recovery.data.texts.text_tidying import letters
from prompt_recovery.engines.reply import Reply
from prompt_recovery.errors import InputError

ALL = ("longer", "shorter", "formal", "informal", "extra_element", "focused")
SOURCE = "Turn this text into a limerick about the sea."
PROMPTS = [Prompt(f"Turn this text into a limerick about {n} cats.", f"f{n % 4}", f"limerick {n}", 1 / (n + 1))
           for n in range(40)]  # fmt: skip


def source_of(message: str) -> str:
    return message.split("Request: ")[1]


def obliging(message: str) -> str:
    """Vary as asked: shorter when it says briefly, else longer, in words of the message."""
    subject = source_of(message).split("about ")[1].rstrip(".")
    if "briefly" in message:
        return f"Make it a limerick, {subject}."
    return f"Could you ({len(message)}) turn this text into a limerick that tells of {subject}, please, thank you?"


def write(messages):
    return [Reply(obliging(message)) for message in messages]


def vary(writer=write, prompts=PROMPTS, seed=0, **settings):
    return varied_prompts(prompts, Prompts(**{"variations": ALL, "variations_of": 10, **settings}), seed, writer)


def complaint(writer, **options) -> str:
    with pytest.raises(InputError) as error:
        vary(writer, **options)
    return str(error.value)


def test_each_of_the_drawn_prompts_is_varied_in_each_way_and_keeps_its_family():
    taken, dropped = vary()
    assert dropped == {} and len(taken) == 60
    families = {prompt.text.split("about ")[1].rstrip("."): prompt for prompt in PROMPTS}
    for prompt in taken:
        source = next(own for cats, own in families.items() if f" {cats}" in prompt.text)
        assert (prompt.family, prompt.phrasing, prompt.weight) == (source.family, prompt.text, source.weight / 2)


def test_the_model_is_told_the_prompt_and_the_way():
    asked = []
    vary(lambda messages: asked.extend(messages) or write(messages), prompts=PROMPTS[:1])
    assert [source_of(message) for message in asked] == [PROMPTS[0].text] * 6
    told = [message.split("\n")[0] for message in asked]
    for words, message in zip(
        ("twice as many", "briefly", "courteous", "casual", "one more", "narrower"), told, strict=True
    ):
        assert words in message


def test_the_draw_depends_on_the_seed_alone_and_follows_the_weights():
    assert vary() == vary()
    drawn = Counter()
    for seed in range(60):
        taken, _ = vary(seed=seed, variations=("formal",), variations_of=4)
        assert len(taken) == 4
        drawn.update(prompt.weight for prompt in taken)
    assert vary(seed=1) != vary(seed=2)
    usual, odd = (
        sum(times for weight, times in drawn.items() if (weight > 0.5 / 11) is side) for side in (True, False)
    )
    assert usual > 1.5 * odd > 0  # 10 prompts of weight 1 to 1/10, 30 of less


def test_no_variation_equals_its_source_another_prompt_or_another_variation():
    replies = [
        "TURN this text into a limerick about {n} cats!",
        "Make this about seven cats.",
        "Turn this into a limerick.",
    ]

    def parrot(messages):
        return [
            Reply(replies[place % 6].format(n=source_of(message).split()[-2]) if place % 6 < 3 else obliging(message))
            for place, message in enumerate(messages)
        ]

    prompts = [*PROMPTS, Prompt("Make this about seven cats!", "other", "other", 1e-9)]
    taken, dropped = vary(parrot, prompts=prompts, variations=("formal", "informal", "focused", *ALL[:2], ALL[4]))
    assert dropped == {"formal: unchanged": 10, "informal: duplicate": 10, "focused: duplicate": 9}
    texts = [letters(prompt.text) for prompt in (*prompts, *taken)]
    assert len(set(texts)) == len(texts)


def test_a_prompt_of_three_words_is_not_asked_to_be_shorter():
    asked = []
    vary(lambda messages: asked.extend(messages) or [Reply("Please reword this text for me, kindly.")] * len(messages),
         prompts=[Prompt("Reword this, please.", "f", "p")], variations=("shorter", "longer"))  # fmt: skip
    assert len(asked) == 1 and "twice as many" in asked[0]


@pytest.mark.parametrize(
    "reply",
    [
        "Convert this passage into a limerick of the sea.",
        '"Convert this passage into a limerick of the sea."',
        "\u201cConvert this passage into a limerick of the sea.\u201d\n",
        "Sure, here is a more formal version:\n\nConvert this passage into a limerick of the sea.",
        "Here is the request in formal language: Convert this passage into a limerick of the sea.",
        "**New request:** Convert this passage into a limerick of the sea.",
        "Formal version:\nConvert this passage into a limerick of the sea.",
        "Certainly! I can rewrite that for you.\n\nConvert this passage into a limerick of the sea.",
        "Convert this passage\ninto a limerick\nof the sea.",
        "Convert this passage into a limerick of the sea.\n\nThis version is more formal because of the verb.",
    ],
)
def test_a_reply_is_mended(reply):
    expected = "Convert this passage into a limerick of the sea."
    assert variation_or_reason(SOURCE, "formal", Reply(reply)) == (expected, None)


def test_quotation_marks_that_belong_to_the_prompt_stay():
    text = '"Cat" is to be turned into "dog" in this text, "cats" into "dogs"'
    assert variation_or_reason(SOURCE, "formal", Reply(text)) == (text, None)


@pytest.mark.parametrize(
    ("variation", "reply", "reason"),
    [
        ("formal", Reply("", "timeout"), "failed: timeout"),
        ("formal", Reply(' "" '), "empty"),
        ("formal", Reply("turn THIS text into a limerick about the sea"), "unchanged"),
        ("formal", Reply("Make limerick."), "too_short"),
        ("formal", Reply("Turn this into a limerick" + " about the sea" * 20), "too_long"),
        ("formal", Reply("Turn this into a \x07 limerick."), "control_character"),
        ("formal", Reply("I'm sorry, but I cannot fulfill this request."), "refusal"),
        ("formal", Reply("Please provide the text you would like me to rewrite."), "refusal"),
        ("formal", Reply("There once was a sailor from Rye,\nWho gazed at the sea and the sky."), "no_request"),
        ("longer", Reply("Turn this text into a limerick on the sea."), "not_longer"),
        ("shorter", Reply("Turn this text into a limerick on the sea."), "not_shorter"),
    ],
)
def test_a_reply_that_is_no_variation_has_its_reason(variation, reply, reason):
    assert variation_or_reason(SOURCE, variation, reply) == (None, reason)


def test_a_prompt_that_reads_like_a_refusal_may_be_varied_alike():
    source, varied = "Please give the passage a creative twist.", "Please give the text a twist that is creative."
    assert variation_or_reason(source, "formal", Reply(varied)) == (varied, None)


def test_the_projects_prompts_are_requests_and_texts_are_not():
    prompts = [prompt.text for prompt in own_prompts()[::20]]
    prompts += ["I'd love to see this turned into a song.", "Would you mind cutting it to a line?", "Re-word this, ta."]
    assert [text for text in prompts if not is_request(text)] == []
    texts = ["Dear Ms Orr, the parcel never came.", "Its roof is red and its door is blue.", "Soft rain on the roof."]
    assert not any(map(is_request, texts))


def test_a_writer_that_always_refuses_is_found_out_after_a_hundred_replies():
    asked = []

    def refuse(messages):
        asked.extend(messages)
        return [Reply("I cannot assist with that.")] * len(messages)

    message = complaint(refuse, variations_of=40)
    assert len(asked) == 100
    assert "prompts.variations: 100 of 100 variations are unusable ({'longer: refusal': 17" in message
    assert "a reply: 'I cannot assist with that.'. Choose another model in [writer]" in message


@pytest.mark.slow
def test_variations_of_a_server_are_kept_and_its_failures_counted(tmp_path):
    def plan(message, attempt):
        return (
            finish("length") if "briefly" in message else finish("stop", obliging(message) if "\n" in message else "Hi")
        )

    with faulty_server(plan) as server:
        settings = Rewriter(kind="openai", server=ChatServer(base_url=server.base_url, model="echo"))
        first = vary(writer_in_shards(settings, ChatModels().answerer(settings), tmp_path))
    assert first[1] == {"shorter: failed: cut_off": 10} and len(first[0]) == 50
    assert vary(writer_in_shards(settings, ChatModels().answerer(settings), tmp_path)) == first  # the server is gone
