"""A name in, the place of each artifact out; all are relative to the folder that `make` runs in."""

from dataclasses import dataclass
from pathlib import Path

from prompt_recovery.config import DataConfig, RunConfig
from prompt_recovery.config_file import validate
from prompt_recovery.manifest import read_json

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

    def part(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def read_config(self) -> DataConfig:
        return validate(DataConfig, read_json(self.config, made_by="make data RUN=..."), where=str(self.config))


@dataclass(frozen=True)
class RunFolder:
    """runs/<name>: what stages 2 to 4 make of one run config."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def constant(self) -> Path:
        return self.path / "constant.json"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.parquet"

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

    def settings(self, stage: str) -> Path:
        """The settings that one stage reads; the file changes only when they do, so `make` can watch it."""
        return self.path / "settings" / f"{stage}.json"

    def manifest(self, stage: str) -> Path:
        return self.path / "manifests" / f"{stage}.json"

    def read_config(self) -> RunConfig:
        made_by = f"make train RUN={self.path.name}"
        return validate(RunConfig, read_json(self.config, made_by=made_by), where=str(self.config))
