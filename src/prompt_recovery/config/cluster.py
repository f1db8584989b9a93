"""The settings of stage 1 on several machines: who rewrites is the rewriter's section, this one says where."""

from typing import Annotated

from pydantic import Field

from prompt_recovery.config.section import Count, Positive, Section


class Cluster(Section):
    """Ray workers rewrite in place of this process. Without the section nothing of Ray is loaded.

    `address` of a running cluster: "auto" or "host:6379", said on one of its nodes; without it a Ray of this machine
    alone is started for the run.
    """

    address: Annotated[str, Field(pattern=r"^(auto|[^\s/:]+:\d+)$")] | None = None
    rows_per_batch: Count = 64  # what a worker is given at once, and what is done again when its node dies
    cpus_per_worker: Positive = 1.0
    gpus_per_worker: Annotated[float, Field(ge=0)] = 0.0  # with vLLM whole: the model is spread over so many
    max_workers: Count | None = None  # None: as many as the nodes hold
    stall_seconds: Positive = 1_800.0  # without one more batch: what kills its worker each time would go on for ever
