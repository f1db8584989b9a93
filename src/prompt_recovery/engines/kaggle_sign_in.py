"""The user's own credentials in, a signed-in client of Kaggle's API out."""

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from prompt_recovery.engines.kaggle_client import KaggleClient
from prompt_recovery.engines.kaggle_complaint import TOKEN_PAGE, translated
from prompt_recovery.errors import InputError


def sign_in(competition: str, *, pause_seconds: float = 2.0) -> KaggleClient:
    """Sign in with the credentials that the kaggle package finds; they are never shown.

    `pause_seconds`: before a question without an answer is asked again; it doubles each time.
    Raises InputError when there are no credentials, or when Kaggle does not take them, and `Unanswered`.
    """
    # the package signs in while it is imported, says so at length, and swallows what goes wrong
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        import kaggle

        api = kaggle.api
        api.args = [one for one in api.args if one != "--verbose"]  # would print every header, the token among them
        try:
            with translated("signing in", competition=competition):
                api.authenticate()
        except SystemExit:
            raise InputError(
                "no credentials that Kaggle takes were found (none, or expired). Make a token at "
                f"{TOKEN_PAGE}, save it as ~/.kaggle/access_token or set KAGGLE_API_TOKEN, then run the same command "
                "again: it goes on from here."
            ) from None
    return KaggleClient(api, api.config_values[api.CONFIG_NAME_USER], competition, pause_seconds)


def place_of_credentials() -> str | None:
    """Return where the credentials are that `sign_in` would take, in its order; None where there are none.

    They are not tried, nothing of them is kept, and nobody is asked: `import kaggle` would sign in.
    """
    from kagglesdk import get_access_token_from_env

    token, variable = get_access_token_from_env()
    if token:
        return "~/.kaggle/access_token" if variable == "access_token" else variable
    if os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"):
        return "KAGGLE_USERNAME and KAGGLE_KEY"
    folder, home = os.environ.get("KAGGLE_CONFIG_DIR"), Path.home() / ".kaggle"
    elsewhere = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kaggle"
    settings = (Path(folder) if folder else home if home.is_dir() else elsewhere) / "kaggle.json"
    wanted = {settings: {"username", "key"}, home / "credentials.json": {"refresh_token"}}
    return next((str(path) for path, keys in wanted.items() if _holds(path, keys)), None)


def _holds(path: Path, keys: set[str]) -> bool:
    try:
        return keys <= json.loads(path.read_text(encoding="utf-8")).keys()
    except (OSError, ValueError, AttributeError):  # not there, or nothing that the package could read
        return False
