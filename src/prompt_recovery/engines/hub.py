"""An error of the hub in, a sentence out that says why a model cannot be had and what to do."""

from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

_REFUSED = (401, 403)


def why_not(error: BaseException, model: str) -> str:
    """Return why `model` cannot be had, from the hub's own error or from one that it caused."""
    cause = error.__cause__ if isinstance(error.__cause__, HfHubHTTPError) else error
    if isinstance(cause, GatedRepoError):
        return (
            f"is gated. Accept its licence at {constants.ENDPOINT}/{model} and set HF_TOKEN to a token of the account "
            "that accepted it, or give a local folder."
        )
    if isinstance(cause, RepositoryNotFoundError):
        return (
            "the hub has no such model, or a private one. Look at the spelling (owner/model), or set HF_TOKEN to a "
            "token that may read it, or give a local folder."
        )
    if isinstance(cause, RevisionNotFoundError):
        return "the hub has the model, but no such revision. Set base.revision to a branch, tag or commit of it."
    if isinstance(cause, HfHubHTTPError) and cause.response.status_code in _REFUSED:
        return f"the hub refuses it ({cause.response.status_code}). Set HF_TOKEN to a valid token that may read it."
    # the hub's client says of its own cache only what is said here anyway
    told = "" if isinstance(error, LocalEntryNotFoundError) else f" ({str(error).splitlines()[0][:120]})"
    return (
        f"not in the cache, and the hub does not give it{told}. "
        "Connect to the hub (for a gated model accept its licence and set HF_TOKEN), or give a local folder."
    )
