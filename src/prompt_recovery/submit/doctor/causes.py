"""An error class of Kaggle's in, its likely causes in order of weight out: how each shows, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from prompt_recovery.submit.doctor import evidence as shows
from prompt_recovery.submit.doctor.submitted import Submitted


@dataclass(frozen=True)
class Cause:
    """What may have happened; `shown` returns its trace in a submission, "" where it left none."""

    what: str
    shown: Callable[[Submitted], str]
    remedy: str


_AGAIN = "then make submit and upload"

_TOO_SLOW = Cause(
    "the hidden rows take longer than the limit",
    shows.projected_too_long,
    f"lower generation.samples, generation.max_new_tokens or chat.max_text_tokens, {_AGAIN}",
)
_SLOW_THERE = Cause(
    "Kaggle's machine is slower than what it was rehearsed on",
    shows.unmeasured_speed,
    f"set submit.gpu_factor by rows/s there and here (time some rows in a notebook on Kaggle), {_AGAIN}",
)
_NO_GPU = Cause(
    "no GPU was there",
    shows.without_gpu,
    "`make submit` writes the accelerator into kernel-metadata.json; do not change it on the website",
)
_HUNG = Cause(
    "batches hung until their limit",
    shows.hung,
    f"lower submit.batch_limit_seconds and generation.batch_size, {_AGAIN}",
)
_LATE = Cause(
    "the deadline leaves too little of the 9 hours", shows.limit_too_near, f"submit.time_limit_hours = 8.5, {_AGAIN}"
)
_OTHER_BUNDLE = Cause(
    "another bundle was mounted than the notebook accepts",
    shows.other_bundle,
    "`make upload` again: it waits until Kaggle has this bundle's version",
)
_SOURCES = Cause(
    "the base, the embedder or the competition was not mounted",
    shows.other_sources,
    f"look at submit.base_source and submit.embedder_source, {_AGAIN}: it compares what Kaggle accepted",
)
_UNREHEARSED = Cause("this bundle was not rehearsed, or not well", shows.unrehearsed, "`make rehearse`, and mend that")
_LIBRARIES = Cause("Kaggle's image has other versions", shows.other_libraries, "`make rehearse IMAGE=1` has them")
_OLD_IMAGE = Cause(
    "Kaggle's image has changed since it was recorded",
    lambda of: shows.old_image(of, date.today()),
    f"save `!pip freeze` of a notebook there, run scripts/image.py with it, {_AGAIN}",
)
_INTERNET = Cause("the internet was on", shows.internet_on, "`make submit` writes it off; do not change it there")
_GPU_FULL = Cause("a GPU's memory was full", shows.gpu_memory_full, f"lower generation.batch_size, {_AGAIN}")
_MEMORY_FULL = Cause(
    "the machine's memory was full, and Kaggle ended the notebook",
    shows.main_memory_full,
    f"lower vector.max_rows or submit.cpu_workers, take a smaller base, or leave out generation.adapters, {_AGAIN}",
)
_DISK_FULL = Cause(
    "the disk was full", shows.large_bundle, "let Kaggle mount the models: submit.base_source, submit.embedder_source"
)
_REPORTED = Cause("what the commit run complained of", shows.problems_reported, f"mend that, {_AGAIN}")
_DEFAULTS = Cause(
    "rows with which the model cannot do", shows.fell_to_default, "look at their reasons; scripts/recover.py shows them"
)
_HALFWAY = Cause(
    "another version was submitted than the one that ran well",
    shows.uploaded_halfway,
    "`make upload SUBMIT=1` submits the version whose output was valid",
)
_OUTPUT = Cause(
    "ids that differ, are in another order or are missing, a null, or a word that reads as null",
    shows.bad_output,
    "`make rehearse`; its case of odd texts and repeated ids must end as expected",
)

CAUSES: dict[str, tuple[Cause, ...]] = {
    "Notebook Timeout": (_TOO_SLOW, _SLOW_THERE, _NO_GPU, _HUNG, _LATE, _GPU_FULL),
    "Notebook Threw Exception": (
        *(_SOURCES, _OTHER_BUNDLE, _LIBRARIES, _UNREHEARSED, _REPORTED, _MEMORY_FULL, _OLD_IMAGE, _NO_GPU),
        _INTERNET,
    ),
    "Notebook Exceeded Allowed Compute": (_MEMORY_FULL, _GPU_FULL, _DISK_FULL, _NO_GPU, _TOO_SLOW),
    "Submission CSV Not Found": (_HALFWAY, _SOURCES, _UNREHEARSED, _OTHER_BUNDLE, _DISK_FULL),
    "Submission Scoring Error": (_OUTPUT, _HALFWAY, _UNREHEARSED, _DEFAULTS, _SOURCES),
}
