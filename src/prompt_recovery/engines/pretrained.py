"""A model folder or hub id in, what transformers loads from it out, or an error that says why it cannot."""

from pathlib import Path
from typing import Any

from transformers import AutoConfig, PretrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from prompt_recovery.engines.hub import why_not
from prompt_recovery.errors import InputError

_CAUSAL_ENDINGS = ("ForCausalLM", "LMHeadModel")
_TEXT_NAMES = {  # of the text weights in a folder with an image tower, in both of its layouts, to those without one
    r"^language_model\.model\.": "model.",
    r"^model\.language_model\.": "model.",
    r"^language_model\.lm_head\.": "lm_head.",
}


def from_pretrained(kind: Any, model: str, **options: Any) -> Any:
    """Return `kind.from_pretrained(model)`. Raises InputError for what is no model folder and what the hub refuses."""
    folder = Path(model)
    if folder.is_dir() and not (folder / "config.json").is_file():
        found = "an adapter, not a model; give its base" if (folder / "adapter_config.json").is_file() else None
        raise InputError(
            f"{model}: is {found or 'a folder without config.json'}, expected a Hugging Face model folder."
        )
    try:
        return kind.from_pretrained(model, **options)
    except (OSError, ValueError) as error:
        if folder.is_dir():
            raise InputError(
                f"{model}: cannot be loaded ({str(error).splitlines()[0]}). Expected a whole Hugging Face model folder."
            ) from error
        raise InputError(f"{model}: cannot be loaded: {why_not(error, model)}") from error


def text_model(kind: Any, model: str, **options: Any) -> Any:
    """Return `kind.from_pretrained(model)`; of a model that also sees images, such as Gemma 3, the text model alone.

    Raises InputError as `from_pretrained` and `require_causal` do, and when weights of the text model are not there.
    """
    settings = require_causal(model, options.get("revision"))
    if not MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[settings.model_type].endswith("ForConditionalGeneration"):
        return from_pretrained(kind, model, **options)
    text = {"config": settings.get_text_config(), "key_mapping": _TEXT_NAMES, "output_loading_info": True}
    loaded, found = from_pretrained(kind, model, **options, **text)
    if missing := sorted(found["missing_keys"]):  # transformers would have them random
        raise InputError(f"{model}: {len(missing)} weights of its text model are not there (first: {missing[0]}).")
    return loaded


def require_causal(model: str, revision: str | None = None) -> PretrainedConfig:
    """Return the model's config. Raises InputError unless it says of itself that it predicts the next token.

    transformers loads encoders such as BERT as language models too, with random weights where a head is missing.
    """
    settings = from_pretrained(AutoConfig, model, revision=revision)
    expected = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(settings.model_type)
    found = settings.architectures or []
    if expected is None or not any(name == expected or name.endswith(_CAUSAL_ENDINGS) for name in found):
        raise InputError(
            f"{model}: is no causal language model: its config.json names {', '.join(found) or 'no architecture'} "
            f"(type {settings.model_type}). Expected one that writes text left to right, such as Mistral, Llama, "
            "Gemma, Qwen or Phi, in its chat version."
        )
    return settings
