"""A folder in, a sentence-t5 in it: SentencePiece with T5's ids, encoder, mean, dense, norm; small, random weights."""

import io
import random
from pathlib import Path

from sentencepiece import SentencePieceTrainer

PROMPTS = [
    "Rewrite this text like a pirate.", "Make it shorter, please.", "Turn the poem into a letter.",
    "Improve the tone of that essay.", "Please change the style, keep its meaning!", "Explain this to a child.",
]  # fmt: skip
MARKS = "< / > _ 0 1 2 3 4 5 6 7 8 9"
EXTRA_IDS = 100  # of T5: in its tokeniser, not in its spiece.model


def train_pieces(prompts: list[str] = PROMPTS, size: int = 150) -> bytes:
    """Return a unigram model of SentencePiece with T5's layout (pad 0, eos 1, unk 2), and its normalisation."""
    rng, written = random.Random(0), io.BytesIO()
    words = sorted({word for prompt in prompts for word in prompt.split()})
    lines = [*prompts, *(" ".join(rng.choices(words, k=8)) for _ in range(300)), *[MARKS, "extra id pad"] * 9]
    SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=written, model_type="unigram", vocab_size=size,
        hard_vocab_limit=False, character_coverage=1.0, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        pad_piece="<pad>", eos_piece="</s>", unk_piece="<unk>", minloglevel=2,
    )  # fmt: skip
    return written.getvalue()


def make_sentence_t5(folder: Path) -> Path:
    """Save what sentence-t5-base is on the hub: the same files and modules, weights in float16."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    encoder, pieces = folder / "encoder", train_pieces()
    encoder.mkdir(parents=True)
    (encoder / "spiece.model").write_bytes(pieces)
    tokenizer = T5Tokenizer.from_pretrained(encoder, extra_ids=EXTRA_IDS)
    tokenizer.save_pretrained(encoder)
    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    T5EncoderModel(T5Config(vocab_size=len(tokenizer), **sizes)).half().save_pretrained(encoder)
    dense = Dense(32, 16, bias=False, activation_function=torch.nn.Identity())
    parts = [Transformer(str(encoder), max_seq_length=256), Pooling(32, "mean"), dense, Normalize()]
    model = folder / "sentence-t5"
    SentenceTransformer(modules=parts, device="cpu").half().save(str(model))
    (model / "spiece.model").write_bytes(pieces)
    return model
