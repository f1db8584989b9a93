"""User messages in, the requests for vLLM under Ray out; and a row that vLLM has answered in, its reply out.

The ids of a message and the ids that end an answer are those of the `transformers` rewriter, so both kinds ask and stop
alike: Ray's own stages for the chat template and the tokeniser write the BOS of Gemma and Mistral twice. Ray 2.60 hands
no finish reason on, so a reply is cut off when its last token does not end an answer.
Never run: vLLM itself, which needs a GPU. What is around it was run under Ray 2.60 with a stand-in for its engine.
Beside the GPUs the cluster needs two free CPUs, one for each copy of the model and one for the rows on their way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from prompt_recovery import config
from prompt_recovery.engines.reply import Reply


@dataclass(frozen=True)
class VllmJob:
    """`prompts`: the ids of each message. `sampling`: of vllm.SamplingParams. `engine`: of vllm.AsyncEngineArgs."""

    prompts: list[list[int]]
    sampling: dict[str, Any]
    engine: dict[str, Any]


def plan_vllm_job(settings: config.Rewriter, messages: Sequence[str], gpus: int) -> VllmJob:
    """Encode the messages in the model's chat format; decoding is greedy, each copy of the model is on `gpus` GPUs."""
    from prompt_recovery.engines.chat import ChatFormat
    from prompt_recovery.engines.tokenizer import load_tokenizer  # seconds to import, and not on GPU nodes

    chat = ChatFormat(load_tokenizer(settings.model), config.Chat())
    prompts = [chat.message(message) for message in messages]
    sampling = {
        "temperature": 0.0,
        "max_tokens": settings.max_new_tokens,
        "stop_token_ids": chat.stop_ids(),
        "ignore_eos": True,  # what else the model's files call an end would look like a cut
    }
    longest = max(map(len, prompts)) + settings.max_new_tokens
    return VllmJob(prompts, sampling, {"tensor_parallel_size": gpus, "max_model_len": longest})


def missing_vllm(ray: Any, gpus: int) -> str | None:
    """Say what keeps vLLM from a node with `gpus` GPUs, asked there."""

    @ray.remote(num_gpus=gpus)
    def has_vllm() -> bool:
        return find_spec("vllm") is not None

    if ray.get(has_vllm.remote()):
        return None
    return 'rewriter.kind = "vllm": vLLM is not installed on the GPU nodes; requirements-cluster.txt says which.'


def vllm_processor(settings: config.Rewriter, cluster: config.Cluster, job: VllmJob, max_workers: int) -> Any:
    """Return what maps a Ray dataset of `id` and `tokenized_prompt` to one of schema REPLIES."""
    from ray.data.llm import build_processor, vLLMEngineProcessorConfig

    options = vLLMEngineProcessorConfig(
        model_source=settings.model,
        engine_kwargs=job.engine,
        batch_size=cluster.rows_per_batch,
        concurrency=(1, max_workers),
        chat_template_stage=False,
        tokenize_stage=False,
        detokenize_stage=False,
        log_engine_metrics=False,
    )
    stop_ids = frozenset(job.sampling["stop_token_ids"])
    return build_processor(
        options, preprocess=partial(with_sampling, job.sampling), postprocess=partial(reply_row, stop_ids)
    )


def with_sampling(sampling: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that vLLM's stage reads beside the prompt."""
    return {"sampling_params": dict(sampling)}


def reply_row(stop_ids: frozenset[int], row: Mapping[str, Any]) -> dict[str, str]:
    """Turn a row that vLLM has answered into one of schema REPLIES."""
    reply = _reply(row["generated_text"].strip(), list(row["generated_tokens"]), stop_ids)
    return {"id": row["id"], "rewritten_text": reply.text, "failure": reply.failure or ""}


def _reply(text: str, tokens: list[int], stop_ids: frozenset[int]) -> Reply:
    if not tokens or tokens[-1] not in stop_ids:
        return Reply("", "cut_off")
    return Reply(text) if text else Reply("", "empty")
