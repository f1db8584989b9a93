"""Rewritten tasks and the user's own triples in; clean triples, split without leaks, on disk out: stage 1."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path

import pandas as pd

from prompt_recovery import config
from prompt_recovery.data.cleaning.row_cleaning import CleanedRows, clean_rows
from prompt_recovery.data.generation import Generated
from prompt_recovery.data.rows import GENERATED, generated_rows, imported_rows
from prompt_recovery.data.splits.families import Embed
from prompt_recovery.data.splits.leaks import HASHES, find_leaks, find_near_copies, row_hashes
from prompt_recovery.data.splits.parts import write_parts
from prompt_recovery.data.splits.placement import Placement, place_rows
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import whole_or_absent
from prompt_recovery.places import TriplesFolder
from prompt_recovery.tables import PARTS, write_table


def make_triples(
    settings: config.DataConfig, generated: Generated, folder: TriplesFolder, embed: Embed
) -> dict[str, object]:
    """Clean what was made, join the imported triples, split, write, and prove that nothing leaks -> the counts.

    `embed` maps prompts to unit vectors, shape (n, d), and is not called without imported triples. Written
    are the parts, schema TRIPLES, `hashes` of HASHES and `dropped` of VERDICTS: all of them, or none.
    Raises InputError when more than `cleaning.max_dropped_share` of the rows of one origin is dropped by the filters,
    when a part is left empty, and when a split leaks.
    """
    made = generated_rows(generated.plan, generated.replies, settings.rewriter.name)
    with _work_folder(folder.path / ".cleaned") as cleaned, ExitStack() as stack:
        batches = chain(made, imported_rows(settings.imported))
        rows = clean_rows(batches, settings.cleaning, cleaned, signed=bool(settings.imported))
        _refuse_heavy_loss(rows, settings)
        placement = place_rows(rows, settings, embed, generated.clustered)
        counts = _counts(rows, placement)
        paths = {part: stack.enter_context(whole_or_absent(path)) for part, path in folder.parts().items()}
        write_parts(rows, placement, paths, stack.enter_context(whole_or_absent(folder.dropped)))
        del rows
        hashes = _without_leaks(paths, placement.clustered, embed, settings.clustering)
        write_table(hashes, folder.hashes, HASHES)
    return counts | {
        "originals_dropped": generated.originals_dropped,
        "prompts_dropped": generated.prompts_dropped,
        "distinct": {name: int(hashes[name].nunique()) for name in hashes.columns[3:]},
    }


@contextmanager
def _work_folder(path: Path) -> Iterator[Path]:
    shutil.rmtree(path, ignore_errors=True)  # left by a run that was killed
    path.mkdir(parents=True)
    try:
        yield path
    except OSError as error:
        raise InputError(
            f"{path}: could not be written or read again ({error.strerror or error}). Make room, then run the same "
            "command again."
        ) from error
    finally:
        shutil.rmtree(path)


def _refuse_heavy_loss(rows: CleanedRows, settings: config.DataConfig) -> None:
    """Raise InputError for an origin of which the filters drop too much: with its name, and what they said."""
    for origin, count in rows.rows.items():
        dropped = {reason: lost for (place, reason), lost in rows.dropped.items() if place == origin}
        if sum(dropped.values()) > settings.cleaning.max_dropped_share * count:
            what = "rewrites" if origin == GENERATED else f"triples of {settings.imported[origin - 1].path}"
            raise InputError(
                f"{sum(dropped.values())} of {count} {what} were dropped ({dropped}), more than "
                f"cleaning.max_dropped_share = {settings.cleaning.max_dropped_share}. Look at the "
                f"{'rewriter' if origin == GENERATED else 'file'}, or raise the share."
            )


def _without_leaks(
    paths: dict[str, Path], clustered: set[str], embed: Embed, settings: config.Clustering
) -> pd.DataFrame:
    hashes = row_hashes(paths)
    leaks = find_leaks(hashes) + find_near_copies(paths, clustered, embed, settings.near_copy_cosine)
    if leaks:
        raise InputError("the splits leak:" + "".join(f"\n  {leak}" for leak in leaks))
    return hashes


def _counts(rows: CleanedRows, placement: Placement) -> dict[str, object]:
    """Count the rows kept, by part and split, dropped, by reason, and mended. Raises InputError for an empty part."""
    dropped = Counter(placement.reason.tolist())
    del dropped[None]
    for (_, reason), lost in rows.dropped.items():
        dropped[reason] += lost
    every = placement.kept("train", "S0", "S1", "S2", "S3", "S4")
    kept = Counter(zip(placement.part[every].tolist(), placement.split[every].tolist(), strict=True))
    empty = [part for part in PARTS if not any(part == one for one, _ in kept)]
    if empty:
        raise InputError(f"no row is left for {', '.join(empty)}; dropped: {dict(dropped)}. Give more rows.")
    return {
        "kept": {f"{part} {split}" if part != split else part: count for (part, split), count in sorted(kept.items())},
        "dropped": dict(dropped.most_common()),
        "changed": dict(rows.changed.most_common()),
    }
