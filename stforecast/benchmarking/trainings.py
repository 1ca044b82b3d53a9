"""The trainings of a benchmark: ordinary runs, each finished, gone on with or begun."""

import contextlib
import json
import math
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console

from pipelines.atomic import atomic_path
from stforecast.benchmarking.plan import Benchmark
from stforecast.errors import TrainingError
from stforecast.experiment import Experiment
from stforecast.run import Run
from stforecast.training import train

__all__ = ["Outcome", "Trainer", "Trainings"]


@dataclass(frozen=True)
class Outcome:
    """What came of one training."""

    learning_rate: float
    """Highest of its schedule."""
    seed: int
    """Of weights and order."""
    epochs: int
    """Trained."""
    best_epoch: int
    """That validated best, from 1 on; 0 of a training that diverged."""
    validation_loss: float
    """Of the best epoch; infinite of a training that diverged."""
    seconds: float
    """Of all epochs, validation included."""

    @property
    def diverged(self) -> bool:
        """Whether nothing was learnt."""
        return math.isinf(self.validation_loss)


@dataclass(frozen=True)
class Trainings:
    """The trainings of one network at the learning rate that validated best."""

    label: str
    """The network's, as tables show it."""
    learning_rate: float
    """That validated best with the first seed."""
    outcomes: tuple[Outcome, ...]
    """One for each seed."""
    runs: tuple[Run, ...]
    """Of those that did not diverge."""
    search_seconds: float
    """Of all trainings of this network, the pilot and the other rates included."""


@dataclass(frozen=True)
class Trainer:
    """Trains what is missing under one folder."""

    benchmark: Benchmark
    """What is trained."""
    series: xr.DataArray
    """On which data."""
    folder: Path
    """Runs lie in runs/NETWORK below it."""
    console: Console
    """Where progress is shown."""
    device: str = "auto"
    """"auto", "cpu" or "cuda"."""

    def train_network(self, label: str) -> Trainings:
        """Try all rates with the first seed, then train the best one with the other seeds.

        The best rate is that of the lowest validation loss, which chose the epoch too.
        """
        epochs, seconds = self._epochs(label)
        rates = self.benchmark.learning_rates
        search = [self._outcome(label, rate, seed=0, epochs=epochs) for rate in rates]
        best = min(search, key=lambda outcome: outcome.validation_loss)
        outcomes = [best]
        if not best.diverged:
            outcomes += [
                self._outcome(label, best.learning_rate, seed=seed, epochs=epochs)
                for seed in range(1, self.benchmark.seeds)
            ]
        return Trainings(
            label=label,
            learning_rate=best.learning_rate,
            outcomes=tuple(outcomes),
            runs=tuple(
                self._run(label, best.learning_rate, seed=outcome.seed)
                for outcome in outcomes
                if not outcome.diverged
            ),
            search_seconds=seconds + sum(outcome.seconds for outcome in [*search, *outcomes[1:]]),
        )

    def _epochs(self, label: str) -> tuple[int, float]:
        """Epochs of each training of a network, and how long it took to find out."""
        if self.benchmark.budget is None:
            return self.benchmark.experiment.training.epochs, 0.0
        # The schedule must know its length before it begins: one epoch tells how many fit.
        rate = min(self.benchmark.learning_rates)
        experiment = self.benchmark.experiment_of(label, learning_rate=rate, seed=0, epochs=1)
        pilot = self._trained(experiment, Run(self._home(label) / "pilot"))
        return max(1, int(60 * self.benchmark.budget / pilot.seconds)), pilot.seconds

    def _outcome(self, label: str, rate: float, *, seed: int, epochs: int) -> Outcome:
        experiment = self.benchmark.experiment_of(
            label, learning_rate=rate, seed=seed, epochs=epochs
        )
        run = self._run(label, rate, seed=seed)
        done = ": done before" if _outcome_file(run).is_file() else ""
        self.console.print(f"{label}, learning rate {rate:g}, seed {seed}, {epochs} epochs{done}")
        return self._trained(experiment, run)

    def _home(self, label: str) -> Path:
        return self.folder / "runs" / label.replace(":", "-")

    def _run(self, label: str, rate: float, *, seed: int) -> Run:
        return Run(self._home(label) / f"rate-{rate:g}-seed-{seed}")

    def _trained(self, experiment: Experiment, run: Run) -> Outcome:
        """What came of a training: read where it is finished, else trained to its end."""
        file = _outcome_file(run)
        if not file.is_file():
            self._share_baselines(run)
            with contextlib.suppress(TrainingError):  # a rate too high is a result as well
                train(
                    experiment,
                    self.series,
                    run.folder,
                    resume=run.experiment_file.is_file(),
                    device=self.device,
                    console=self.console,
                )
            outcome = _outcome_of(experiment, pd.read_csv(run.history_file))
            with atomic_path(file) as temporary:
                temporary.write_text(json.dumps(asdict(outcome)) + "\n")
        return Outcome(**json.loads(file.read_text()))

    def _share_baselines(self, run: Run) -> None:
        """All runs have the same training split: what its baselines learn is fitted once."""
        for file in (run.climatology_file, run.historical_average_file):
            fitted = next(self.folder.glob(f"runs/*/*/{file.name}"), None)
            if fitted is None or file.exists():
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(fitted, file)
            except OSError:  # a file system without links
                with atomic_path(file) as temporary:
                    shutil.copy(fitted, temporary)


def _outcome_file(run: Run) -> Path:
    """Written last: a training that has it is finished."""
    return run.folder / "outcome.json"


def _outcome_of(experiment: Experiment, history: pd.DataFrame) -> Outcome:
    losses = history["validation_loss"].to_numpy(dtype="float64")
    losses = np.where(np.isfinite(losses), losses, np.inf)
    best = int(losses.argmin())
    diverged = bool(np.isinf(losses[best]))
    return Outcome(
        learning_rate=experiment.training.learning_rate,
        seed=experiment.seed,
        epochs=len(losses),
        best_epoch=0 if diverged else best + 1,
        validation_loss=float(losses[best]),
        seconds=float(history["seconds"].to_numpy().sum()),
    )
