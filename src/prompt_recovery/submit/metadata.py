"""A run in, what Kaggle is told of its data set and its notebook out."""

from typing import Any

from prompt_recovery import config
from prompt_recovery.errors import InputError

_SLUG_CHARACTERS = (6, 50)  # of a data set's slug and title; a notebook's may have 5


def dataset_metadata(run: config.RunConfig) -> dict[str, Any]:
    """Return dataset-metadata.json: title and slug of 6-50 characters that agree, and exactly one licence."""
    slug = dataset_slug(run)
    return {
        "title": slug.replace("-", " "),
        "id": f"{run.submit.owner}/{slug}",
        "licenses": [{"name": "other"}],  # "specified in description"
        "description": f"The run {run.name}, as its notebook takes it. Each file's licence: see LICENCES.txt.",
    }


def kernel_metadata(run: config.RunConfig) -> dict[str, Any]:
    """Return kernel-metadata.json: the internet is off, and the title is the slug, else Kaggle refuses later pushes."""
    slug, sources = _slug(f"prompt-recovery-{run.name}-notebook"), list(run.submit.sources.values())
    gpu = run.device != "cpu"
    return {
        "id": f"{run.submit.owner}/{slug}",
        "title": slug.replace("-", " "),
        "code_file": "notebook.ipynb",
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
        "enable_gpu": gpu,
        "enable_internet": False,
        **({"machine_shape": run.submit.accelerator} if gpu else {}),
        "dataset_sources": [f"{run.submit.owner}/{dataset_slug(run)}", *filter(is_dataset, sources)],
        "competition_sources": [run.submit.competition],
        "model_sources": [source for source in sources if not is_dataset(source)],
        "kernel_sources": [],
    }


def dataset_slug(run: config.RunConfig) -> str:
    """Return the name of the run's data set on Kaggle."""
    return _slug(f"prompt-recovery-{run.name}")


def is_dataset(source: str) -> bool:
    """Tell a data set, owner/slug, from a model, owner/model/framework/variation/version."""
    return source.count("/") == 1


def _slug(name: str) -> str:
    slug = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split())
    least, most = _SLUG_CHARACTERS
    if not least <= len(slug) <= most:
        raise InputError(
            f"{slug}: Kaggle wants {least}-{most} characters, this has {len(slug)}. Give the run another name."
        )
    return slug
