import numpy as np
import pytest

from prompt_recovery.errors import InputError
from prompt_recovery.recover.vector.prompt_bank import PromptBank, bank_of, load_bank


def at(*degrees) -> np.ndarray:
    return np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)


def test_the_nearest_come_first_whatever_the_length_of_the_vector():
    bank = PromptBank(("0", "30", "90"), at(0, 30, 90), "angles")
    rows, cosines = bank.nearest(0.1 * at(25, 80), 2)
    assert rows.tolist() == [[1, 0], [2, 1]]
    assert cosines[0] == pytest.approx(np.cos(np.radians([5, 25])))


def test_a_bank_of_one_prompt_gives_that_one():
    rows, _ = PromptBank(("0",), at(0), "angles").nearest(at(10, 170), 5)
    assert rows.tolist() == [[0], [0]]


def test_equal_prompts_stand_in_the_bank_once_and_null_never(embed_angles):
    bank = bank_of(["30", " 30\n", "0", "", "nan"], embed_angles)
    assert bank.prompts == ("0", "30")


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (np.zeros((2, 2)), "length 0.000"),
        (np.full((2, 2), np.nan), "vector 0 has length nan"),
        (at(0), "expected one each"),
    ],
)
def test_vectors_that_are_not_the_prompts_own_are_refused(vectors, told):
    with pytest.raises(InputError, match=told):
        PromptBank(("a", "b"), vectors, "angles")


def test_an_empty_bank_is_refused(embed_angles):
    with pytest.raises(InputError, match="has no prompts"):
        bank_of(["", "  "], embed_angles)


def test_a_query_of_another_width_or_without_numbers_is_refused():
    bank = PromptBank(("a",), at(0), "angles")
    with pytest.raises(InputError, match=r"expected \(n, 2\).*embedder is angles"):
        bank.nearest(np.ones((1, 3)), 1)
    with pytest.raises(InputError, match="vector 1 holds"):
        bank.nearest(np.array([[1, 0], [np.nan, 0]]), 1)


def test_another_embedder_is_refused(embed_angles):
    with pytest.raises(InputError, match="embedder angles: got embed"):
        PromptBank(("a",), at(0), "angles").require(embed_angles)


def test_a_saved_bank_comes_back_and_half_of_one_is_refused(tmp_path):
    bank = PromptBank(("0", "30"), at(0, 30), "angles")
    bank.save(tmp_path / "bank")
    read = load_bank(tmp_path / "bank", made_by="make vector")
    assert (read.prompts, read.embedder) == (bank.prompts, bank.embedder) and (read.vectors == bank.vectors).all()
    (tmp_path / "bank/vectors.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"vectors.npy: cannot be read .* Run `make vector` again"):
        load_bank(tmp_path / "bank", made_by="make vector")
