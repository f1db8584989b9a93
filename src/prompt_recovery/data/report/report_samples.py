"""The stage's files in, what its report shows of them out: examples of each verdict, and a map of prompts."""

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.calibration.calibrated_validation import CalibratedValidation
from prompt_recovery.data.cleaning.row_cleaning import VERDICTS
from prompt_recovery.data.report.data_report import ReportFacts
from prompt_recovery.data.report.prompt_map import MOST_POINTS, PromptMap
from prompt_recovery.data.splits.families import Embed
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import table_batches

_EXAMPLES = 3  # of each verdict


def report_facts(
    settings: config.DataConfig,
    folder: TriplesFolder,
    counts: Mapping[str, Any],
    embed: Embed,
    calibration: CalibratedValidation | None,
) -> ReportFacts:
    """Gather what the report is made of. `embed`: texts to unit vectors, for the map of the prompts."""
    examples, prompt_map = verdict_examples(folder.dropped), map_prompts(folder.parts(), embed)
    return ReportFacts(settings.name, settings, folder.parts(), counts, examples, prompt_map, calibration)


def verdict_examples(dropped: Path) -> pd.DataFrame:
    """Return some rows of each verdict, drawn by their ids' hashes: schema VERDICTS, and `reason`.

    A reason is what stands in the counts: "refusal" of a dropped row, "changed: opening" of a mended one.
    """
    chosen: dict[str, list[tuple[str, int, dict[str, Any]]]] = {}
    for number, row in enumerate(_rows(dropped, VERDICTS.names)):
        own = chosen.setdefault(row["verdict"], [])
        heapq.heappush(own, (_lot(f"{row['id']}"), number, row))
        if len(own) > _EXAMPLES:
            heapq.heappop(own)
    rows = [row for verdict in sorted(chosen) for _, _, row in sorted(chosen[verdict])]
    frame = pd.DataFrame(rows, columns=VERDICTS.names)
    return frame.assign(reason=frame["verdict"].astype(str).str.removeprefix("dropped: "))


def map_prompts(parts: Mapping[str, Path], embed: Embed) -> PromptMap:
    """Return a map of distinct prompts, at most as many as it shows, drawn by their hashes.

    A prompt is held out in the part where it stands as S1, S2 or later; else it is of train.
    """
    columns = ["rewrite_prompt", "family", "split"]
    found: dict[str, tuple[str, str]] = {}
    for part, path in parts.items():
        for row in _rows(path, columns):
            seen = row["split"] in ("train", "S0", "S3")
            found.setdefault(row["rewrite_prompt"], (row["family"], "train" if seen else part))
    prompts = heapq.nsmallest(MOST_POINTS, found, key=_lot)
    families, places = zip(*(found[prompt] for prompt in prompts), strict=True)
    return PromptMap(prompts, families, places, embed(prompts), total=len(found))


def _rows(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    for batch in table_batches(path, columns):
        yield from batch.to_pylist()


def _lot(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
