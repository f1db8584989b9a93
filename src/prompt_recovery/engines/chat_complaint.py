"""A failure that concerns all calls in, the `InputError` that says what to do about it out."""

from pydantic import SecretStr

from prompt_recovery import config
from prompt_recovery.engines.chat_call import OUT_OF_CREDIT, CallFailed
from prompt_recovery.errors import InputError

TRIVIAL_MESSAGE = "Hello"
LONGEST_PAUSE_SECONDS = 600.0  # a server that asks for more is out of quota for the day
_QUOTED_CHARACTERS = 300


def complaint(failure: CallFailed, settings: config.ChatServer, key: SecretStr | None, models: str) -> InputError:
    """Say where, what was found and what to do; the key is blotted out where the server repeats it."""
    found, advice = (_without(key, text) for text in (failure.found, _advice(failure, settings, key, models)))
    quoted = " ".join(found.split())[:_QUOTED_CHARACTERS] or "no more was said"
    return InputError(f"base_url {settings.base_url}, model {settings.model}: {failure.reason}: {quoted}. {advice}")


def _without(key: SecretStr | None, text: str) -> str:
    return text.replace(key.get_secret_value(), "***") if key else text


def _advice(failure: CallFailed, settings: config.ChatServer, key: SecretStr | None, models: str) -> str:
    if failure.wait_seconds > LONGEST_PAUSE_SECONDS:
        return f"The server asks to wait {failure.wait_seconds:.0f} s. Run again after that."
    if failure.reason == "timeout":
        return "Raise time_limit_seconds, or find out what keeps the server busy."
    match failure.status:
        case None:
            return "Start the server, or mend base_url (a local one is often like http://127.0.0.1:8000/v1)."
        case 401 | 403 if key is None:
            return f"No key was sent: the environment variable {settings.api_key_variable} is not set. Set it."
        case 401 | 403:
            return (
                f"The key in the environment variable {settings.api_key_variable} was refused: put a valid one there."
            )
        case status if status == OUT_OF_CREDIT:
            return "Add credit with the provider, then run again."
        case 404:
            return (
                f"Set model to one that the server has (it lists: {models}), and base_url to all that comes before "
                "/chat/completions (often it ends in /v1)."
            )
        case 400 | 422:
            return (
                f'Even "{TRIVIAL_MESSAGE}" was refused: choose a chat model that the server has (it lists: {models}), '
                "or leave out what it does not know (seed, length_parameter)."
            )
        case 429 | 503:
            return "Run again when the server has room, or lower max_concurrency."
    return (
        "Look into the server's log: does it have this model, and is it a chat model? Is base_url all that comes "
        "before /chat/completions?"
    )
