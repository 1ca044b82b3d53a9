"""What evaluations left in a run."""

import pytest
import xarray as xr

from stforecast.evaluated import evaluate_command, load_errors, load_scores
from stforecast.experiment import load_experiment, save_experiment
from stforecast.run import Run, open_run


@pytest.fixture
def run(tmp_path) -> Run:
    """A run of the weather that was not evaluated yet."""
    run = Run(tmp_path / "first")
    save_experiment(load_experiment(base={"dataset": "weatherbench"}), run.experiment_file)
    return open_run(run.folder)


@pytest.mark.parametrize(("load", "stem"), [(load_scores, "scores"), (load_errors, "errors")])
def test_what_was_written_is_loaded(run, load, stem):
    written = xr.Dataset({"score": ("lead_time", [1.0])}, attrs={"dialect": "wb2"})
    written.to_netcdf(run.folder / f"{stem}.nc", engine="netcdf4")
    written.to_netcdf(run.folder / f"{stem}_wb1_validation.nc", engine="netcdf4")
    xr.testing.assert_identical(load(run), written)
    xr.testing.assert_identical(load(run, dialect="wb1", split="validation"), written)


@pytest.mark.parametrize(
    ("load", "what"),
    [(load_scores, r"scores \(scores"), (load_errors, r"errors in detail \(errors")],
)
def test_a_run_that_was_not_evaluated_names_the_command(run, load, what):
    with pytest.raises(
        ValueError, match=rf"first has no {what}.nc\); make them with `stforecast ev"
    ):
        load(run)
    with pytest.raises(ValueError, match="first --dialect wb1 --split train`"):
        load(run, dialect="wb1", split="train")


def test_a_damaged_file_is_told_with_the_way_out(run):
    (run.folder / "errors.nc").write_bytes(b"nothing of the sort")
    with pytest.raises(
        ValueError, match=r"errors.nc cannot be read, it is damaged: .* Make it anew"
    ):
        load_errors(run)


def test_the_command_names_only_what_is_special(run):
    assert evaluate_command(run) == f"stforecast evaluate {run.folder}"
    assert evaluate_command(run, dialect="wb1").endswith("first --dialect wb1")
    assert evaluate_command(run, split="validation").endswith("first --split validation")


def test_an_unknown_dialect_is_refused(run):
    with pytest.raises(ValueError, match="dialect 'traffic' is unknown; known: wb2"):
        load_errors(run, dialect="traffic")
