import pytest

from prompt_recovery.config import Base, RunConfig, Submit
from prompt_recovery.errors import InputError
from prompt_recovery.submit.metadata import dataset_metadata, kernel_metadata

RUN = RunConfig(name="tiny", data="tiny", device="cpu", base=Base(model="data/models/tiny"))
MODEL, DATASET = "owner/model/framework/variation/1", "owner/embedder-as-a-data-set"


def on_gpu(**submit) -> RunConfig:
    return RUN.model_copy(update={"device": "cuda", "submit": Submit(owner="me", **submit)})


def test_a_notebook_is_offline_private_and_asks_for_the_machine_that_the_run_names():
    metadata = kernel_metadata(on_gpu())
    assert (metadata["enable_internet"], metadata["is_private"]) == (False, True)
    assert (metadata["enable_gpu"], metadata["machine_shape"]) == (True, "NvidiaTeslaT4")
    assert metadata["dataset_sources"] == ["me/prompt-recovery-tiny"]


def test_a_run_on_a_cpu_asks_for_no_machine():
    metadata = kernel_metadata(RUN)
    assert metadata["enable_gpu"] is False and "machine_shape" not in metadata


def test_a_source_of_two_parts_is_a_data_set_and_one_of_five_a_model():
    metadata = kernel_metadata(on_gpu(base_source=MODEL, embedder_source=DATASET))
    assert metadata["model_sources"] == [MODEL]
    assert metadata["dataset_sources"] == ["me/prompt-recovery-tiny", DATASET]


@pytest.mark.parametrize("name", ["tiny", "Mistral-7B_v0.2", "a--b", "1", "llama 47m"])
def test_a_slug_is_what_kaggle_makes_of_its_title(name):
    from slugify import slugify  # as Kaggle's own client names things

    run = on_gpu().model_copy(update={"name": name})
    for metadata in (dataset_metadata(run), kernel_metadata(run)):
        owner, slug = metadata["id"].split("/")
        assert owner == "me" and slugify(metadata["title"]) == slug
        assert 6 <= len(slug) <= 50 and 6 <= len(metadata["title"]) <= 50


def test_a_data_set_has_exactly_one_licence():
    metadata = dataset_metadata(RUN)
    assert metadata["licenses"] == [{"name": "other"}] and "LICENCES.txt" in metadata["description"]


@pytest.mark.parametrize(("letters", "made"), [(35, dataset_metadata), (26, kernel_metadata)])
def test_a_name_too_long_for_kaggle_is_refused(letters, made):
    with pytest.raises(InputError, match=r"Kaggle wants 6-50 characters, this has 51. Give the run another name"):
        made(RUN.model_copy(update={"name": "x" * letters}))
    assert len(made(RUN.model_copy(update={"name": "x" * (letters - 1)}))["title"]) == 50
