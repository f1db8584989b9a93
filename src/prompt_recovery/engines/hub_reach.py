"""Nothing in, whether the hub answers and where its token is kept out; apart, for Kaggle's image lacks httpx2."""

import os
from pathlib import Path

import httpx2
from huggingface_hub import constants


def silence_of_hub(seconds: float) -> str | None:
    """Return why the hub does not answer within `seconds`, None when it does. Afterwards nothing waits for it.

    With HF_HUB_OFFLINE set it is not asked.
    """
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set, so that it is not asked"
    try:
        httpx2.head(constants.ENDPOINT, timeout=seconds)
    except httpx2.HTTPError as error:
        constants.HF_HUB_OFFLINE = True  # else each model that is looked for waits for a time-out of its own
        return f"{constants.ENDPOINT} does not answer within {seconds:g} s ({type(error).__name__})"
    return None


def place_of_token() -> str | None:
    """Return where a token of the hub is kept, which is not read; None where there is none."""
    if os.environ.get("HF_TOKEN"):
        return "HF_TOKEN"
    return "the file that `hf auth login` wrote" if Path(constants.HF_TOKEN_PATH).is_file() else None
