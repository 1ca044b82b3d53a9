"""The run folder: where everything of one training lies."""

from dataclasses import dataclass
from pathlib import Path

from stforecast.experiment import Experiment, load_experiment
from stforecast.verification.dialects import dialect_for

__all__ = ["Run", "open_run"]


@dataclass(frozen=True)
class Run:
    """The files of one run, by name."""

    folder: Path
    """runs/NAME"""

    @property
    def experiment_file(self) -> Path:
        """Resolved experiment: reading it back reproduces the run."""
        return self.folder / "experiment.toml"

    @property
    def forecaster_file(self) -> Path:
        """Best weights so far, with all it takes to forecast."""
        return self.folder / "forecaster.safetensors"

    @property
    def training(self) -> Path:
        """What a resumed training needs, and the TensorBoard log."""
        return self.folder / "training"

    @property
    def checkpoint_file(self) -> Path:
        """State of the training after its last whole epoch."""
        return self.training / "last.ckpt"

    @property
    def fingerprint_file(self) -> Path:
        """Fingerprint of the data that the training began with."""
        return self.training / "data_fingerprint.txt"

    @property
    def history_file(self) -> Path:
        """Loss, learning rate and time of each epoch."""
        return self.folder / "history.csv"

    @property
    def climatology_file(self) -> Path:
        """Climatology of the training split, the baseline of `evaluate`."""
        return self.folder / "climatology.nc"

    @property
    def historical_average_file(self) -> Path:
        """Means of the training split per slot of the week, the baseline of traffic."""
        return self.folder / "historical_average.nc"

    @property
    def figures(self) -> Path:
        """Pictures of the run."""
        return self.folder / "figures"

    def scores_file(self, *, dialect: str, split: str) -> Path:
        """Scores in one dialect on one split; `scores.nc` for the dataset's own dialect on test."""
        return self._evaluated("scores", dialect=dialect, split=split)

    def errors_file(self, *, dialect: str, split: str) -> Path:
        """Errors in detail on one split, named as the scores are."""
        return self._evaluated("errors", dialect=dialect, split=split)

    def _evaluated(self, stem: str, *, dialect: str, split: str) -> Path:
        own = dialect_for(self.experiment().dataset).name
        extra = [part for part, plain in ((dialect, own), (split, "test")) if part != plain]
        return self.folder / ("_".join([stem, *extra]) + ".nc")

    def experiment(self) -> Experiment:
        """The run's own experiment."""
        return load_experiment(self.experiment_file)


def open_run(folder: str | Path) -> Run:
    """The run in a folder.

    Raises:
        ValueError: the folder holds no run.
    """
    run = Run(Path(folder))
    if not run.experiment_file.is_file():
        found = "does not exist" if not run.folder.exists() else "has no experiment.toml"
        raise ValueError(f"{folder} is no run: it {found}. Name a folder that `train` made.")
    return run
