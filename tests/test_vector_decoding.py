from itertools import pairwise

import numpy as np
import pytest

from prompt_recovery.config import Decoding
from prompt_recovery.errors import InputError
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.composing import Bounds, _joined, compose
from prompt_recovery.recover.vector.prompt_bank import PromptBank, bank_of
from prompt_recovery.recover.vector.vector_decoding import chosen, decode
from prompt_recovery.recover.vector.wording import wording_of

PROMPTS = [
    "Rewrite the text as a poem.",
    "Rewrite the text as a letter.",
    "Turn the story into a sad poem.",
    "Turn the story into a formal letter.",
    "Make it formal.",
    "Make it sad.",
]
AXES = {word: place for place, word in enumerate("rewrite turn make text story poem letter sad formal it".split())}


def embed_words(texts) -> np.ndarray:
    """A sum of one axis a known word, as unit vectors."""
    vectors = np.full((len(texts), len(AXES)), 0.01)
    for row, text in enumerate(texts):
        for word in text.lower().replace(".", "").split():
            if word in AXES:
                vectors[row, AXES[word]] += 1
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def count_words(text: str) -> int:
    return len(text.split())


BANK = bank_of(PROMPTS, embed_words)


def decoded(means, bank=BANK, track="clean", max_pieces=127, **settings):
    limit = PieceLimit(lambda texts: [count_words(text) for text in texts], max_pieces)
    return decode(means, bank, embed_words, limit=limit, settings=Decoding(**settings), track=track)


def test_what_no_prompt_says_is_composed_of_their_words():
    wanted = embed_words(["Turn the text into a sad letter."])
    best = chosen(decoded(wanted)).iloc[0]
    assert best["kind"] == "decoded" and best["rewrite_prompt"] not in PROMPTS
    nearest = BANK.nearest(wanted, 1)[1][0, 0]
    assert float(embed_words([best["rewrite_prompt"]])[0] @ wanted[0]) > nearest + 0.05


def test_a_prompt_that_is_meant_stays_as_it_is():
    best = chosen(decoded(embed_words(PROMPTS)))
    assert list(best["rewrite_prompt"]) == PROMPTS
    assert set(best["kind"]) == {"retrieved"}


def test_two_neighbours_were_neighbours_in_a_prompt_or_a_sentence_follows():
    wording = wording_of(BANK.prompts, BANK.vectors)
    texts = decoded(embed_words(["turn sad letter text", "make it poem", "story formal rewrite"]))["rewrite_prompt"]
    seen = {pair for prompt in PROMPTS for pair in pairwise(prompt.split())}
    for text in texts:
        words = text.split()
        assert wording.read(text) and not wording.repeats(wording.read(text))
        pairs = set(pairwise(words)) - seen
        assert all(first.endswith(".") and second in ("Rewrite", "Turn", "Make") for first, second in pairs)


def test_the_leaderboard_track_is_bound_by_nothing_and_comes_nearer():
    wanted = embed_words(["turn letter letter letter sad"])
    clean, leaderboard = (chosen(decoded(wanted, track=track)).iloc[0] for track in ("clean", "leaderboard"))
    assert leaderboard["utility"] > clean["utility"]


@pytest.mark.parametrize("track", ["clean", "leaderboard"])
def test_no_answer_is_over_the_cap(track):
    texts = decoded(embed_words(["Turn the text into a sad formal letter."]), track=track, max_pieces=4)[
        "rewrite_prompt"
    ]
    assert max(map(count_words, texts)) <= 4 and min(map(len, texts)) > 0


def test_where_all_prompts_are_too_long_the_shortest_is_cut():
    bank = bank_of(["one two three four five six", "one two three four five six seven"], embed_words)
    (text,) = decoded(embed_words(["one"]), bank, max_pieces=3, rounds=0)["rewrite_prompt"]
    assert text and count_words(text) <= 3 and "one two three four five six".startswith(text)


def test_a_bank_of_one_prompt_answers_every_row():
    bank = bank_of(["Make it sad."], embed_words)
    best = chosen(decoded(embed_words(["poem", "Make it sad."]), bank))
    assert list(best["row"]) == [0, 1] and best["rewrite_prompt"].str.len().min() > 0
    assert best["rewrite_prompt"][1] == "Make it sad."


def test_a_row_without_any_direction_is_answered_without_confidence():
    best = chosen(decoded(np.zeros((1, len(AXES)), dtype=np.float32)))
    assert best["rewrite_prompt"][0] and best["utility"][0] == 0


def test_the_utility_is_the_sharpened_cosine_to_be_expected():
    best = chosen(decoded(np.float32(0.5) * embed_words(PROMPTS[:1])))
    assert best["utility"][0] == pytest.approx(0.125, abs=1e-3)


def test_the_same_input_gives_the_same_hypotheses():
    wanted = embed_words(["turn sad letter text", "make poem"])
    assert decoded(wanted).equals(decoded(wanted))


def test_another_embedder_and_no_numbers_are_refused():
    wanted = embed_words(["poem"])
    with pytest.raises(InputError, match="embedder minilm: got embed_words"):
        decoded(wanted, PromptBank(BANK.prompts, BANK.vectors, "minilm"))
    with pytest.raises(InputError, match="no number"):
        decoded(wanted * np.nan)
    with pytest.raises(InputError, match="expected"):
        decoded(wanted[:, :3])


def test_the_words_shares_add_up_to_the_texts_own_vector():
    wording = wording_of(BANK.prompts, BANK.vectors)
    text = wording.read(BANK.prompts[0])
    assert wording.shares(text, BANK.vectors[0]).sum(axis=0) == pytest.approx(BANK.vectors[0], abs=1e-6)


def test_a_run_that_no_prompt_has_is_odd():
    wording = wording_of(BANK.prompts, BANK.vectors)
    assert all(wording.oddity(wording.read(prompt)) == 0 for prompt in PROMPTS)
    assert wording.oddity(wording.read("Make it sad. Make it formal.")) == 0
    assert wording.oddity(wording.read("Turn the text as a sad poem.")) > 0


def test_composed_texts_are_new_short_and_few():
    wording = wording_of(BANK.prompts, BANK.vectors)
    parents = [wording.read(prompt) for prompt in BANK.prompts]
    wanted = embed_words(["Turn the text into a sad letter."])[0]
    texts = compose(parents, BANK.vectors, wanted, wording, 5, Bounds(max_words=7, edited=2, odd_weight=0.0))
    assert 0 < len(texts) <= 5 and not set(texts) & set(parents)
    assert max(map(len, texts)) <= 7


def test_a_join_is_estimated_from_the_shares_of_its_words():
    wording = wording_of(BANK.prompts, BANK.vectors)
    parents = [wording.read("Rewrite the text as a poem."), wording.read("Turn the story into a sad poem.")]
    vectors = embed_words([wording.spell(text) for text in parents])
    shares = [wording.shares(text, vector) for text, vector in zip(parents, vectors, strict=True)]
    wanted = embed_words(["Rewrite sad poem."])[0]
    found = {text: cosine for cosine, text in _joined(parents, shares, wanted, wording, 100, 9)}
    total = shares[0][:5].sum(axis=0) + shares[1][5:].sum(axis=0)
    joined = wording.read("Rewrite the text as a sad poem.")
    assert found[joined] == pytest.approx(total @ wanted / np.linalg.norm(total), abs=1e-5)


def test_a_word_may_not_stand_twice_unless_it_is_one_of_the_commonest():
    prompts = [
        f"Turn the {both[0]} into the {both[1]}."
        for both in map(str.split, ["sea sky", "day night", "cat dog", "sun moon"])
    ]
    wording = wording_of(prompts, np.eye(4, dtype=np.float32))
    assert not wording.repeats(wording.read("Turn the sea into the moon."))
    assert wording.repeats(wording.read("Turn the sea into the sea sky."))
    assert wording.repeats(wording.read("Turn the moon. Turn the dog."))
