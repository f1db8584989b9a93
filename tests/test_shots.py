import numpy as np
import pandas as pd
import pytest
from small_models import FAMILIES, make_tokenizer

from prompt_recovery.config import Chat, Embedder, Prompting, RunConfig
from prompt_recovery.engines.chat import ChatFormat
from prompt_recovery.recover.answers import load_answering, neighbour_answers, recover_prompts
from prompt_recovery.recover.shots import fixed_shots, nearest_shots, pair_vectors
from prompt_recovery.tables import ANSWERS, check_frame

TRAIN = pd.DataFrame({
    "original_text": [f"text {n} " + "long " * (n // 10) for n in range(80)],
    "rewritten_text": [f"TEXT {n}" for n in range(80)],
    "rewrite_prompt": [f"prompt {n}" for n in range(80)],
    "family": [f"family {n % 5}" for n in range(80)],
})  # fmt: skip
SHOT = ("Bread is cheap.", "BREAD IS CHEAP.", "Make it upper case.")
ORIGINAL, REWRITTEN = "The kettle sang.", "Arr, the kettle sang!"


def families(shots) -> list[str]:
    return list(TRAIN.set_index("rewrite_prompt").loc[[prompt for *_, prompt in shots], "family"])


def test_fixed_shots_are_short_and_of_many_families():
    shots = fixed_shots(TRAIN, 5, seed=0)
    assert len(set(families(shots))) == 5
    assert {int(prompt.split()[1]) for *_, prompt in shots} <= set(range(20))  # the shortest quarter
    assert len(set(fixed_shots(TRAIN, 8, seed=0))) == 8  # more than there are families


def test_fixed_shots_depend_on_the_seed_alone():
    assert fixed_shots(TRAIN, 4, seed=1) == fixed_shots(TRAIN, 4, seed=1) != fixed_shots(TRAIN, 4, seed=2)


def embed_angles(texts) -> np.ndarray:
    angles = np.radians([float(text) for text in texts])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


ANGLES = pd.DataFrame({
    "original_text": ["0", "0", "90", "180"],
    "rewritten_text": ["10", "60", "150", "240"],
    "rewrite_prompt": ["a", "b", "c", "d"],
})  # fmt: skip
PAIR = pd.DataFrame({"original_text": ["90"], "rewritten_text": ["155"]})


@pytest.mark.parametrize(("by", "order"), [("rewritten", "bdc"), ("pair", "bdc"), ("difference", "bdc")])
def test_the_nearest_stands_last(by, order):
    (shots,) = nearest_shots(ANGLES, PAIR, embed_angles, Prompting(shots=3, nearest_by=by), seed=0)
    assert "".join(prompt for *_, prompt in shots) == order


def test_by_difference_it_is_the_change_that_counts():
    pair = pd.DataFrame({"original_text": ["0"], "rewritten_text": ["180"]})
    train = pd.DataFrame({
        "original_text": ["0", "90"], "rewritten_text": ["90", "180"],
        "rewrite_prompt": ["a", "b"],
    })  # fmt: skip
    near = {by: pair_vectors(pair, embed_angles, by) @ pair_vectors(train, embed_angles, by).T for by in
            ("rewritten", "pair", "difference")}  # fmt: skip
    assert near["rewritten"][0] == pytest.approx([0, 1], abs=1e-6)
    assert near["pair"][0] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert near["difference"][0] == pytest.approx([np.sqrt(0.5)] * 2, abs=1e-6)


def test_vectors_of_pairs_are_unit_vectors_and_no_change_is_none():
    for by in ("rewritten", "pair", "difference"):
        assert np.linalg.norm(pair_vectors(ANGLES, embed_angles, by), axis=1) == pytest.approx(1, abs=1e-6)
    unchanged = pd.DataFrame({"original_text": ["30"], "rewritten_text": ["30"]})
    assert pair_vectors(unchanged, embed_angles, "difference").tolist() == [[0, 0]]


def test_neighbours_are_sought_among_the_candidates_only():
    settings = Prompting(shots=2, candidates=2, nearest_by="rewritten")
    pairs = pd.DataFrame({"original_text": ["0"] * 4, "rewritten_text": ANGLES["rewritten_text"]})
    seen = {prompt for shots in nearest_shots(ANGLES, pairs, embed_angles, settings, seed=0) for *_, prompt in shots}
    assert len(seen) == 2


def test_the_nearest_triples_own_prompt_is_an_answer():
    shots = nearest_shots(ANGLES, PAIR.loc[[0, 0]], embed_angles, Prompting(shots=2), seed=0)
    answers = neighbour_answers(pd.DataFrame({"id": ["x", "y"]}), shots, "the constant")
    assert list(answers["rewrite_prompt"]) == ["c", "c"] and set(answers["answered_by"]) == {"neighbour"}


def test_a_neighbours_prompt_that_is_none_falls_back_to_the_constant():
    shots = [[("o", "r", prompt)] for prompt in (" nan", "Make it\n rhyme.")]
    answers = neighbour_answers(pd.DataFrame({"id": ["x", "y"]}), shots, "the constant")
    check_frame(answers, ANSWERS, where="test")
    assert list(answers["rewrite_prompt"]) == ["the constant", "Make it rhyme."]
    assert list(answers["answered_by"]) == ["constant", "neighbour"]


@pytest.mark.slow
def test_a_run_without_a_base_answers_with_the_runs_embedder():
    run = RunConfig(name="x", data="x", method="nearest", device="cpu", embedder=Embedder(kind="minilm"))
    texts = ["The kettle sang.", "We left at nine."]
    pirate, upper = [f"Arr matey, {text}" for text in texts], [text.upper() for text in texts]
    train = pd.DataFrame({
        "original_text": texts[:1] * 2, "rewritten_text": [pirate[0], upper[0]],
        "rewrite_prompt": ["Like a pirate.", "In upper case."],
    })  # fmt: skip
    pairs = pd.DataFrame({"id": ["p", "u"], "original_text": texts[1:] * 2, "rewritten_text": [pirate[1], upper[1]]})
    answers = load_answering("nearest", run, trained=None, constant="c", train=train)(pairs)
    assert dict(zip(answers["id"], answers["rewrite_prompt"], strict=True))["p"] == "Like a pirate."
    assert set(answers["answered_by"]) == {"neighbour"}


def test_each_pair_is_encoded_with_its_own_shots():
    pairs = pd.DataFrame({"id": ["a", "b"], "original_text": ["x", "yy"], "rewritten_text": ["z", "z"]})
    shots = [[("s", "s", "first")], [("s", "s", "second")]]
    answers = recover_prompts(
        pairs,
        encode=lambda original, rewritten, own: [len(original), len(own[0][2])],
        generate=lambda prompts: [str(prompt) for prompt in prompts],
        constant="c",
        batch_size=2,
        shots=shots,
    )
    assert list(answers["rewrite_prompt"]) == ["[1, 5]", "[2, 6]"]


@pytest.fixture(params=FAMILIES)
def chat(request):
    return ChatFormat(make_tokenizer(request.param), Chat(instruction="Which prompt?"))


def test_a_shot_is_an_earlier_turn_of_the_models_own_template(chat):
    shown = chat.tokenizer.decode(chat.prompt(ORIGINAL, REWRITTEN, [SHOT], 50)).replace("\n", "")
    alone = chat.tokenizer.decode(chat.prompt(ORIGINAL, REWRITTEN)).replace("\n", "")
    whole = chat.tokenizer.decode(chat.examples([SHOT])[0].ids).replace("\n", "")
    whole = whole.replace("<think></think>", "")  # which Qwen 3 keeps for the last answer
    opened, asked = alone.split("Original text:")  # what a conversation opens with, some a system turn, is said once
    second = shown.removeprefix(whole)
    assert second != shown
    assert second.endswith(f"Original text:{asked}") and second.count("Original text:") == 1
    assert opened.endswith(second.split("Original text:")[0])


def test_a_shot_has_a_budget_of_its_own_and_its_answer_is_whole(chat):
    words = " ".join(f"word{number}" for number in range(60))
    prompt = "Make it upper case, and then once more, until nobody can read it any longer at all."
    shown = chat.tokenizer.decode(chat.prompt(words, REWRITTEN, [(words, "short", prompt)], 16))
    assert prompt in shown
    assert shown.count("word30") == 1 and shown.count("word59") == 2  # the question keeps its middle, the shot does not
