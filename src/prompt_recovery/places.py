"""A name in, the place of each artifact out; all are relative to the folder that `make` runs in."""

import argparse
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from prompt_recovery.config import STAGE_SETTINGS, DataConfig, RunConfig, stage_settings
from prompt_recovery.config_file import validate
from prompt_recovery.errors import InputError
from prompt_recovery.manifest import (
    Receipt,
    read_json,
    require_same_config,
    stage_receipt,
    write_json_if_changed,
)
from prompt_recovery.methods import METHODS, MethodName
from prompt_recovery.tables import PARTS

CONFIGS = Path("configs")


@dataclass(frozen=True)
class TriplesFolder:
    """data/triples/<name>: what stage 1 makes."""

    path: Path

    @classmethod
    def named(cls, name: str) -> "TriplesFolder":
        return cls(Path("data/triples") / name)

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def shards(self) -> Path:
        return self.path / "shards"

    @property
    def written(self) -> Path:
        """What a chat model wrote beside rewrites: originals, and variations of prompts."""
        return self.path / "written"

    @property
    def hashes(self) -> Path:
        return self.path / "hashes.parquet"

    @property
    def dropped(self) -> Path:
        return self.path / "dropped.parquet"

    @property
    def calibration(self) -> Path:
        return self.path / "calibration.parquet"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    def part(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def parts(self) -> dict[str, Path]:
        return {name: self.part(name) for name in PARTS}

    def outputs(self) -> list[Path]:
        """Return all that the stage's receipt speaks of; the calibration is there only where a board was given."""
        whole = [*self.parts().values(), self.hashes, self.dropped, self.report]
        return whole + ([self.calibration] if self.calibration.exists() else [])

    def read_config(self) -> DataConfig:
        return validate(DataConfig, read_json(self.config, made_by="make data RUN=..."), where=str(self.config))


@dataclass(frozen=True)
class RunFolder:
    """runs/<name>: what stages 2 to 4 make of one run config."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    def trained(self, method: MethodName) -> Path | None:
        """What the method trained: adapter/, weights/, or nothing."""
        name = METHODS[method].folder
        return self.path / name if name else None

    def adapter_of(self, method: MethodName) -> Path:
        """Return the folder of the adapter. Raises InputError for a method that trains none, which cannot be merged."""
        if METHODS[method].trains != "adapter":
            adapters = ", ".join(name for name, own in METHODS.items() if own.trains == "adapter")
            raise InputError(f'method = "{method}": has no adapter to merge. Those that have: {adapters}.')
        return self.path / "adapter"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def merged(self) -> Path:
        """The base with the adapter added, in 16 bits: an ordinary model folder."""
        return self.path / "merged"

    @property
    def merge(self) -> Path:
        return self.path / "merge.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def constant(self) -> Path:
        return self.path / "constant.json"

    @property
    def vector(self) -> Path:
        """What predicts a prompt's vector, and the bank of prompts: regressor/, bank/ (and encoder/, blend.json)."""
        return self.path / "vector"

    @property
    def vector_metrics(self) -> Path:
        """How the encoder's training went."""
        return self.path / "vector_metrics.jsonl"

    def hypotheses(self, part: str) -> Path:
        return self.path / "hypotheses" / f"{part}.parquet"

    @property
    def choice(self) -> Path:
        return self.path / "choice.json"

    @property
    def constant_states(self) -> Path:
        """Where searches of the constant stand, until it is written."""
        return self.path / "constant_states"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.parquet"

    @property
    def variants(self) -> Path:
        """What would be answered with an ingredient less, for the table of ingredients."""
        return self.path / "variants.parquet"

    @property
    def score(self) -> Path:
        return self.path / "score.json"

    @property
    def row_scores(self) -> Path:
        return self.path / "row_scores.parquet"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def submission(self) -> Path:
        return Path("submissions") / self.path.name

    def rung(self, name: str) -> "RunFolder":
        """runs/compare/<run>/<name>: one of the runs that this one is compared with."""
        return RunFolder(self.comparison / name)

    @property
    def comparison(self) -> Path:
        return Path("runs/compare") / self.path.name

    def settings(self, stage: str) -> Path:
        """The settings that one stage reads; the file changes only when they do, so `make` can watch it."""
        return self.path / "settings" / f"{stage}.json"

    def manifest(self, stage: str) -> Path:
        return self.path / "manifests" / f"{stage}.json"

    def receipt(
        self, run: RunConfig, stage: str, *, path: Path | None = None, **inputs: Path
    ) -> AbstractContextManager[Receipt]:
        """Run a stage with its settings of `run`; its manifest is written last, here or at `path`."""
        path, settings = path or self.manifest(stage), stage_settings(run, stage)
        return stage_receipt(path, stage=stage, config=settings, inputs=inputs)

    def write_config(self, run: RunConfig) -> None:
        """Write the config and the settings of every stage, those that have changed."""
        write_json_if_changed(self.config, run.model_dump(mode="json"))
        for stage in STAGE_SETTINGS:
            write_json_if_changed(self.settings(stage), stage_settings(run, stage))

    def require(self, run: RunConfig, *stages: str) -> None:
        """Raise InputError unless each of `stages` has finished, with its settings of `run`."""
        for stage in stages:
            settings, made_by = stage_settings(run, stage), f"make {stage} RUN={run.name}"
            require_same_config(self.manifest(stage), settings, made_by=made_by)

    def read_config(self) -> RunConfig:
        made_by = f"make train RUN={self.path.name}"
        return validate(RunConfig, read_json(self.config, made_by=made_by), where=str(self.config))


def run_parser(description: str) -> argparse.ArgumentParser:
    """Return the parser of a script that takes `--run`, the folder of a run."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--run", required=True, type=lambda path: RunFolder(Path(path)), help="such as runs/tiny")
    return parser
