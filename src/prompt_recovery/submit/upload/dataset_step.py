"""A rehearsed bundle in, the same bundle as its dataset's newest version out, READY, sent no more than once."""

from prompt_recovery.engines.kaggle_answers import RemoteDataset
from prompt_recovery.engines.kaggle_client import KaggleClient
from prompt_recovery.engines.kaggle_complaint import Unanswered
from prompt_recovery.errors import InputError
from prompt_recovery.submit.upload.patience import OutOfPatience, Patience
from prompt_recovery.submit.upload.rehearsed import Rehearsed
from prompt_recovery.submit.upload.upload_state import UploadState

_BROKEN = ("FAILED", "DELETED")
_PROCESSING_SECONDS = 3_600.0  # some GB of weights take minutes
_APPEARING_SECONDS = 120.0  # of a version whose receipt was never heard


def send_dataset(client: KaggleClient, rehearsed: Rehearsed, state: UploadState, patience: Patience) -> None:
    """Make the bundle the dataset's newest version, unless it is, and wait until Kaggle is ready with it.

    Raises InputError when Kaggle refuses it, cannot process it, or is not ready in time.
    """
    remote, facts = client.dataset(rehearsed.dataset), state.facts("dataset")
    if _is_bundle(remote, rehearsed):
        state.record("dataset", sent_after_version=remote.version - 1, broken=False, answered=True)
    elif not facts.get("answered") and not (facts and _appears(client, rehearsed, state, patience)):
        _send(client, rehearsed, state, remote)
        if not state.facts("dataset").get("answered") and not _appears(client, rehearsed, state, patience):
            raise InputError(
                f"dataset {rehearsed.dataset}: the new version did not arrive. Run the same command again."
            )
    _wait_ready(client, rehearsed, state, patience)


def _send(client: KaggleClient, rehearsed: Rehearsed, state: UploadState, remote: RemoteDataset | None) -> None:
    """Upload the files and ask for the version; a request without an answer is not sent again here."""
    with client.uploaded(rehearsed.bundle) as files:
        print(f"dataset: {len(files)} files of bundle {rehearsed.bundle_id} are uploaded", flush=True)
        before = remote.version if remote else 0
        state.record("dataset", sent_after_version=before, broken=_broken(remote))
        create = client.create_dataset_version if remote else client.create_dataset
        try:
            create(rehearsed.dataset_metadata, files, f"bundle {rehearsed.bundle_id} of the run {rehearsed.run}")
        except InputError:
            state.begin_again("dataset")
            raise
        except Unanswered as error:
            print(f"dataset: {error}; it is looked for", flush=True)
        else:
            state.record("dataset", answered=True)


def _appears(client: KaggleClient, rehearsed: Rehearsed, state: UploadState, patience: Patience) -> bool:
    """Return whether a version that was asked for, and of which no answer came, is there after some time."""
    before = state.facts("dataset")["sent_after_version"]

    def look() -> tuple[bool | None, str]:
        remote = client.dataset(rehearsed.dataset)
        return (True, "") if remote and remote.version > before else (None, f"version {before + 1} may be on its way")

    try:
        return patience.within(_APPEARING_SECONDS).wait_for(look, f"dataset {rehearsed.dataset}")
    except OutOfPatience:
        return False


def _wait_ready(client: KaggleClient, rehearsed: Rehearsed, state: UploadState, patience: Patience) -> None:
    """Wait until the version that was sent is the newest and READY: an older one would be mounted without a word."""
    ref, facts = rehearsed.dataset, state.facts("dataset")
    wanted, url = facts["sent_after_version"] + 1, f"https://www.kaggle.com/datasets/{ref}"

    def look() -> tuple[RemoteDataset | None, str]:
        remote = client.dataset(ref)
        version = remote.version if remote else 0
        other = version == wanted and remote.notes and rehearsed.bundle_id not in remote.notes
        if version > wanted or other:
            state.begin_again("dataset")
            raise InputError(
                f"dataset {ref}: version {version} is not of bundle {rehearsed.bundle_id}: something else was uploaded "
                f"in between, see {url}. Run the same command again: it uploads the bundle anew."
            )
        if _broken(remote) and (version == wanted or not facts["broken"]):
            state.begin_again("dataset")
            raise InputError(
                f"dataset {ref}: Kaggle could not process version {wanted} ({remote.status}), see {url}. "
                "Run the same command again: it uploads the bundle anew."
            )
        if version == wanted and remote.status == "READY":
            return remote, ""
        return None, f"version {version} is {remote.status if remote else 'not there'}, version {wanted} is waited for"

    patience.within(_PROCESSING_SECONDS).wait_for(look, f"dataset {ref}")
    print(f"dataset: version {wanted} is bundle {rehearsed.bundle_id}, and ready: {url}", flush=True)


def _is_bundle(remote: RemoteDataset | None, rehearsed: Rehearsed) -> bool:
    return remote is not None and not _broken(remote) and rehearsed.bundle_id in remote.notes


def _broken(remote: RemoteDataset | None) -> bool:
    return remote is not None and remote.status in _BROKEN
