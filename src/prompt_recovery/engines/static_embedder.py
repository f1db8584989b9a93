"""Texts in, WordLlama's unit vectors out: means of token vectors, from weights that lie in its package."""

from collections.abc import Callable, Sequence
from importlib import resources

import numpy as np


def static_embedding() -> Callable[[Sequence[str]], np.ndarray]:
    """Return the function from texts to unit vectors, shape (n, 256), float32. An empty text is taken for a space."""
    from wordllama import WordLlama  # half a second to import

    # its own search looks in a folder `tokenizer`, where the package has `tokenizers`
    folder = str(resources.files("wordllama"))
    model = WordLlama.load(cache_dir=folder, disable_download=True)
    return lambda texts: model.embed([text or " " for text in texts], norm=True)
