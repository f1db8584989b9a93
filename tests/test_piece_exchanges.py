"""What may stand for a piece of a text: pieces as they are read, and gains that the embedder's gradient foretells."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_sentence_t5 import make_sentence_t5

from prompt_recovery.config import Embedder
from prompt_recovery.engines.embedder import load_embedder

pytestmark = pytest.mark.slow  # models are loaded
TEXT = "Rewrite this story as a sad poem"


@pytest.fixture(scope="module", params=["minilm", "sentence-t5"])
def embedder(request, tmp_path_factory):
    if request.param == "minilm":
        return load_embedder(Embedder(kind="minilm"))
    folder = make_sentence_t5(tmp_path_factory.mktemp("t5"))
    return load_embedder(Embedder(kind="sentence-t5", model=str(folder)))


def a_direction(embedder) -> np.ndarray:
    return np.random.default_rng(0).normal(size=embedder([TEXT]).shape[1]).astype(np.float32)


def test_the_pieces_spell_the_text_and_every_other_is_one_of_the_embedders(embedder):
    found = embedder.exchanges(TEXT, a_direction(embedder))
    spelt = "".join(found.pieces).strip()
    assert spelt.lower() == TEXT.lower() and len(found.pieces) == embedder.count_pieces([TEXT])[0]
    np.testing.assert_allclose(embedder([spelt]), embedder([TEXT]), atol=1e-6)
    listed = set(embedder.pieces())
    assert all(set(others) <= listed - {piece} for piece, others in zip(found.pieces, found.others, strict=True))
    assert found.worth.shape == (len(found.pieces), len(found.others[0])) and (np.diff(found.worth) <= 0).all()


def test_the_gain_is_the_one_of_a_small_step_from_a_piece_towards_the_other(embedder):
    direction, exchanges = a_direction(embedder), embedder.exchanges
    found, row = exchanges(TEXT, direction), {text: id_ for id_, text in exchanges.spelt.items()}
    table = exchanges.model[0].model.get_input_embeddings().weight
    before, place, ranks, told = embedder([TEXT])[0], 2, [0, 1, len(found.others[2]) // 2, -1], []
    own = row[found.pieces[place]]
    for rank in ranks:
        kept, step = table[own].clone(), table[row[found.others[place][rank]]] - table[own]
        with torch.no_grad():
            table[own] += 1e-2 * step
            told.append(float((embedder([TEXT])[0] - before) @ direction))
            table[own] = kept
    steepness = np.dot(told, found.worth[place][ranks]) / np.dot(found.worth[place][ranks], found.worth[place][ranks])
    assert steepness > 0 and np.corrcoef(told, found.worth[place][ranks])[0, 1] > 0.99
    np.testing.assert_array_equal(embedder([TEXT])[0], before)


def test_what_is_near_to_a_piece_is_remembered_and_is_the_same_in_every_text(embedder):
    direction = a_direction(embedder)
    first, longer = TEXT, f"Or a story of a poem, {TEXT}"
    alone = [replace(embedder.exchanges)(text, direction).others for text in (first, longer)]
    shared = replace(embedder.exchanges)
    assert [shared(text, direction).others for text in (first, longer, first)] == [*alone, alone[0]]


def test_texts_without_pieces_have_no_exchanges(embedder):
    found = embedder.exchanges("", a_direction(embedder))
    assert found.pieces == found.others == () and found.worth.shape[0] == 0
