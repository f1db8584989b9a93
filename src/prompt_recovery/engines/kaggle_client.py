"""Kaggle's API in the few calls of an upload: a request in, an answer whose every field was looked at out."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity

from prompt_recovery.engines.kaggle_answers import SOURCES, RemoteDataset, RemoteKernel, Submission
from prompt_recovery.engines.kaggle_complaint import Absent, Unanswered, refusal, translated
from prompt_recovery.errors import InputError

_NOT_THERE = (403, 404)  # Kaggle says 403 of a name that nobody has, too
_ATTEMPTS = 5  # of a question that changes nothing
_UPLOAD_ROUNDS = 3  # each goes on where the last one stopped; within one the package itself resumes ten times


@dataclass(frozen=True)
class KaggleClient:
    """A signed-in user. Questions are asked again when no answer comes; what changes something is sent once."""

    api: Any
    user: str
    competition: str
    pause_seconds: float

    def require_entered(self) -> None:
        """Raise InputError unless the user has accepted the rules of the competition."""
        from kagglesdk.competitions.types.competition_api_service import ApiGetCompetitionRequest

        request = ApiGetCompetitionRequest()
        request.competition_name = self.competition
        found = self._ask(f"looking at {self.competition}", lambda k: _competitions(k).get_competition(request))
        if not found.user_has_entered:
            raise refusal(self.competition, f"{self.user} has not accepted its rules", competition=self.competition)

    def dataset(self, ref: str) -> RemoteDataset | None:
        """Return the newest version of the dataset, None where there is none."""
        from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest, ApiGetDatasetStatusRequest

        requests = []
        for kind in (ApiGetDatasetRequest, ApiGetDatasetStatusRequest):
            request = kind()
            request.owner_slug, request.dataset_slug = ref.split("/")
            requests.append(request)
        doing = f"looking at dataset {ref}"
        try:
            found = self._ask(doing, lambda k: k.datasets.dataset_api_client.get_dataset(requests[0]), _NOT_THERE)
            status = self._ask(
                doing, lambda k: k.datasets.dataset_api_client.get_dataset_status(requests[1]), _NOT_THERE
            )
        except Absent:
            return None
        return RemoteDataset.read(found, status)

    @contextmanager
    def uploaded(self, folder: Path) -> Iterator[list]:
        """Upload the files of a flat folder and yield their tokens.

        What was uploaded is kept on this machine until the block ends well: after an error in it, or a kill, the next
        call goes on. Raises InputError naming the file that could not be uploaded.
        """
        from kaggle.api.kaggle_api_extended import ResumableUploadContext
        from kagglesdk.blobs.types.blob_api_service import ApiBlobType
        from kagglesdk.datasets.types.dataset_api_service import ApiCreateDatasetRequest

        def upload(context) -> list:
            request = ApiCreateDatasetRequest()
            request.files = []
            quiet = not sys.stderr.isatty()
            with translated("uploading", competition=self.competition), redirect_stdout(io.StringIO()):
                self.api.upload_files(request, None, str(folder.resolve()), ApiBlobType.DATASET, context, quiet)
            return request.files

        with ResumableUploadContext() as context:
            try:
                files = self._again((ValueError, Unanswered), _UPLOAD_ROUNDS)(upload, context)
            except ValueError as error:
                raise InputError(
                    f"{folder}: {error}, tried {_UPLOAD_ROUNDS} times. Run the same command again later: what was "
                    "uploaded is kept, and it goes on."
                ) from None
            yield files

    def create_dataset(self, metadata: dict[str, Any], files: list, notes: str) -> None:
        """Make a new private dataset of uploaded files. Raises InputError or `Unanswered`."""
        from kagglesdk.datasets.types.dataset_api_service import ApiCreateDatasetRequest

        request = ApiCreateDatasetRequest()
        request.owner_slug, request.slug = metadata["id"].split("/")
        request.title, request.license_name = metadata["title"], metadata["licenses"][0]["name"]
        request.is_private, request.files, request.description = True, files, notes
        self._send_dataset(metadata["id"], lambda k: k.datasets.dataset_api_client.create_dataset(request))

    def create_dataset_version(self, metadata: dict[str, Any], files: list, notes: str) -> None:
        """Make a new version of a dataset of uploaded files. Raises InputError or `Unanswered`."""
        from kagglesdk.datasets.types import dataset_api_service as service

        request, body = service.ApiCreateDatasetVersionRequest(), service.ApiCreateDatasetVersionRequestBody()
        request.owner_slug, request.dataset_slug = metadata["id"].split("/")
        body.files, body.version_notes, body.description = files, notes, notes
        request.body = body
        self._send_dataset(metadata["id"], lambda k: k.datasets.dataset_api_client.create_dataset_version(request))

    def kernel(self, ref: str) -> RemoteKernel | None:
        """Return the newest version of the kernel, None where there is none."""
        from kagglesdk.kernels.types.kernels_api_service import ApiGetKernelRequest

        request = ApiGetKernelRequest()
        request.user_name, request.kernel_slug = ref.split("/")
        try:
            doing = f"looking at kernel {ref}"
            found = self._ask(doing, lambda k: k.kernels.kernels_api_client.get_kernel(request), _NOT_THERE)
        except Absent:
            return None
        return RemoteKernel.read(found)

    def push_kernel(self, folder: Path) -> tuple[int, str]:
        """Push the notebook that <folder>/kernel-metadata.json names, and run it -> its version and address.

        Raises InputError when Kaggle refuses the push, or one of its sources, or `Unanswered`.
        """
        doing = f"pushing {folder / 'kernel-metadata.json'}"
        try:
            with translated(doing, competition=self.competition):
                answer = self.api.kernels_push(str(folder))
        except ValueError as error:  # the package's own checks of the metadata
            raise InputError(f"{doing}: {error}.") from None
        if answer.error or not answer.version_number:
            raise refusal(doing, answer.error or "it gave no version number", competition=self.competition)
        refused = {kind: getattr(answer, f"invalid_{kind}_sources") for kind in SOURCES}
        refused = [f"{kind} source {', '.join(names)}" for kind, names in refused.items() if names]
        if refused:
            words = f"version {answer.version_number} runs without {'; '.join(refused)}, not accepted"
            raise refusal(doing, words, competition=self.competition)
        return answer.version_number, answer.url

    def kernel_status(self, ref: str, version: int) -> tuple[str, str]:
        """Return how far the version's run is (QUEUED, RUNNING, COMPLETE, ERROR ...), and why it failed."""
        from kagglesdk.kernels.types.kernels_api_service import ApiGetKernelSessionStatusRequest

        request = ApiGetKernelSessionStatusRequest()
        request.user_name, request.kernel_slug = ref.split("/")
        request.version_label = f"v{version}"
        doing = f"looking at kernel {ref}, version {version}"
        found = self._ask(doing, lambda k: k.kernels.kernels_api_client.get_kernel_session_status(request))
        return found.status.name, found.failure_message or ""

    def fetch_output(self, ref: str, version: int, names: str, folder: Path) -> None:
        """Download the output files whose names match the pattern, and the version's log, into `folder`."""

        def fetch() -> None:
            with translated(f"fetching the output of {ref}, version {version}", competition=self.competition):
                self.api.kernels_output(f"{ref}/{version}", str(folder), file_pattern=names, force=True, quiet=True)

        self._again(Unanswered, _ATTEMPTS)(fetch)

    def submission(self, message: str) -> Submission | None:
        """Return the latest submission with this very description, None where there is none."""
        from kagglesdk.competitions.types.competition_api_service import ApiListSubmissionsRequest

        request = ApiListSubmissionsRequest()
        request.competition_name, request.page_size = self.competition, 100
        while True:
            page = self._ask("looking through the submissions", lambda k: _competitions(k).list_submissions(request))
            for one in page.submissions or []:
                if one.description == message:
                    return Submission.read(one)
            if not page.next_page_token:
                return None
            request.page_token = page.next_page_token

    def submissions_left(self) -> int | None:
        """Return how many submissions are left today, None where Kaggle cannot know: nothing was ever submitted."""
        from kagglesdk.competitions.types.competition_api_service import ApiGetSubmissionLimitsRequest

        request = ApiGetSubmissionLimitsRequest()
        request.competition_name = self.competition
        limits = self._ask("counting the submissions", lambda k: _competitions(k).get_submission_limits(request))
        return limits.num_allowed_now if limits.num_allowed_now or limits.num_total else None  # all 0: no team yet

    def submit(self, ref: str, version: int, message: str) -> None:
        """Submit the version's submission.csv. Raises InputError when it is refused, or `Unanswered`."""
        with translated(f"submitting {ref}, version {version}", competition=self.competition):
            self.api.competition_submit_code(
                "submission.csv", message, self.competition, kernel=ref, kernel_version=version, quiet=True
            )

    def _send_dataset(self, ref: str, call: Callable) -> None:
        doing = f"creating a version of dataset {ref}"
        with translated(doing, competition=self.competition), self.api.build_kaggle_client() as kaggle:
            answer = call(kaggle)
        if answer.error or (answer.status or "").lower() != "ok":
            raise refusal(doing, answer.error or f"status {answer.status!r}", competition=self.competition)

    def _ask(self, doing: str, call: Callable, absent: tuple[int, ...] = ()) -> Any:
        def ask() -> Any:
            with (
                translated(doing, competition=self.competition, absent=absent),
                self.api.build_kaggle_client() as kaggle,
            ):
                return call(kaggle)

        return self._again(Unanswered, _ATTEMPTS)(ask)

    def _again(self, errors: type[Exception] | tuple[type[Exception], ...], attempts: int) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(errors),
            stop=tenacity.stop_after_attempt(attempts),
            wait=tenacity.wait_exponential(self.pause_seconds, max=60),
            reraise=True,
        )


def _competitions(kaggle: Any) -> Any:
    return kaggle.competitions.competition_api_client
