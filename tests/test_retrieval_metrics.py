import numpy as np
import pytest

from prompt_recovery.score.retrieval_metrics import draw_bank, ranks_in_bank


def ranks(embed, predicted, truths, bank):
    vectors = (embed(texts) for texts in (predicted, truths, bank.prompts))
    return ranks_in_bank(*vectors, bank.places(truths)).tolist()


def test_a_bank_holds_each_prompt_once_whatever_its_case_and_punctuation():
    bank = draw_bank(["Make it rhyme.", "make it rhyme", "Make it rhyme!", "Make it sad.", "?", "!"], 100, seed=0)
    assert len(bank) == 4
    assert bank.places(["MAKE IT RHYME", "?"]).tolist() == [
        next(place for place, prompt in enumerate(bank.prompts) if "rhyme" in prompt),
        bank.prompts.index("?"),
    ]


def test_the_drawing_depends_on_seed_and_prompts_only():
    prompts = [str(number) for number in range(500)]
    assert draw_bank(prompts, 50, seed=1) == draw_bank(prompts[::-1] * 2, 50, seed=1)
    assert draw_bank(prompts, 50, seed=1) != draw_bank(prompts, 50, seed=2)
    assert len(set(draw_bank(prompts, 50, seed=1).prompts)) == 50


def test_the_rank_counts_the_prompts_that_are_nearer_than_the_true_one(embed_angles):
    bank = draw_bank(["0", "10", "30", "60", "90"], 5, seed=0)
    assert ranks(embed_angles, ["0", "12", "90", "34"], ["0", "0", "0", "60"], bank) == [1, 2, 5, 3]
    assert ranks(embed_angles, ["35"], ["60"], bank) == [3]  # 30 is nearer, 10 as near


def test_a_truth_that_was_not_drawn_takes_the_place_of_the_last_that_was(embed_angles):
    bank = draw_bank([str(angle) for angle in range(90)], 10, seed=0)
    absent = next(str(angle) for angle in range(90) if str(angle) not in bank.prompts)
    (last,) = bank.places([absent])
    assert last == 9
    assert ranks(embed_angles, [absent, bank.prompts[9]], [absent, absent], bank) == [1, 1 + _nearer(bank, absent)]


def _nearer(bank, absent) -> int:
    target = float(bank.prompts[9])
    return sum(abs(float(other) - target) <= abs(float(absent) - target) for other in bank.prompts[:9])


def test_what_says_nothing_wins_nothing(embed_angles):
    bank = draw_bank(["10", "20", "30"], 3, seed=0)
    truths, vectors = embed_angles(["10", "20"]), embed_angles(bank.prompts)
    nothing = np.array([[0.0, 0.0], [np.nan, np.nan]])
    assert ranks_in_bank(nothing, truths, vectors, bank.places(["10", "20"])).tolist() == [3, 3]


def test_random_vectors_recall_what_chance_does():
    rng = np.random.default_rng(0)
    bank, predicted = (rng.normal(size=(rows, 16)) for rows in (100, 3_000))
    places = rng.integers(100, size=3_000)
    found = ranks_in_bank(predicted, bank[places], bank, places)
    assert (found <= 10).mean() == pytest.approx(0.10, abs=0.02)
    assert (found.min(), found.max()) == (1, 100)
