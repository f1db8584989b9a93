"""A trained run's folder in, what answers new pairs out, loaded once: stage 3's door for batches that come in turn."""

from pathlib import Path

import numpy as np
import pandas as pd

from prompt_recovery.manifest import read_json
from prompt_recovery.places import RunFolder
from prompt_recovery.recover.answers import Answering, load_answering
from prompt_recovery.tables import ANSWERS


def load_answerer(folder: Path) -> Answering:
    """Load all with which the run answers new pairs: by its first track, or by its method where it has no tracks.

    What is returned takes some rows of schema PAIRS and gives a frame of schema ANSWERS in their order.
    Raises InputError for what the folder lacks, and what does not fit together.
    """
    own = RunFolder(folder)
    run = own.read_config()
    if not run.recover.tracks:
        constant = read_json(own.constant, made_by=f"make constant RUN={run.name}")["rewrite_prompt"]
        from prompt_recovery.recover.sources import training_triples  # seconds to import

        trained, train = own.trained(run.method), training_triples(run)
        return load_answering(run.method, run, trained=trained, constant=constant, train=train)
    from prompt_recovery.recover.predictions import load_drawing  # seconds to import

    draw, track = load_drawing(run, own, alone=True), run.answering[-1]

    def answer(pairs: pd.DataFrame) -> pd.DataFrame:
        chosen = draw(pairs).answers[track].set_index("id").loc[list(pairs["id"])].reset_index()
        return chosen.assign(batch=np.zeros(len(chosen), dtype="int32"))[ANSWERS.names]

    return answer


def question_lengths(folder: Path, pairs: pd.DataFrame) -> np.ndarray:
    """Return by how much each pair's question costs its batch, shape (n,): its tokens, without what shots add.

    Of a run that asks no model it is the characters of both texts.
    """
    run = RunFolder(folder).read_config()
    if run.base is None:
        return (pairs["original_text"].str.len() + pairs["rewritten_text"].str.len()).to_numpy()
    from prompt_recovery.engines.chat import ChatFormat  # seconds to import
    from prompt_recovery.engines.tokenizer import load_tokenizer

    chat = ChatFormat(load_tokenizer(run.base.model, run.base.revision), run.chat)
    texts = zip(pairs["original_text"], pairs["rewritten_text"], strict=True)
    return np.array([len(chat.prompt(*own)) for own in texts])
