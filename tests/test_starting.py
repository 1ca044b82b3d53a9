"""What a start waits for: torch alone takes longer to import than all the rest."""

import subprocess
import sys


def imported_by(statement: str) -> set[str]:
    """Packages that a fresh Python holds after a statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_command_line_waits_for_no_library_that_computes():
    heavy = {"dask", "matplotlib", "numpy", "pandas", "torch", "xarray"}
    assert not heavy & imported_by("import stforecast.cli")


def test_what_reads_and_shows_does_not_wait_for_torch():
    reads = "stforecast.run, stforecast.source, stforecast.layouts, stforecast.batch.status"
    shows = "app.forecast_view, app.skill_view, app.jobs_view, app.data_view"
    assert "torch" not in imported_by(f"import {reads}, {shows}")


def test_what_forecasts_waits_for_nothing_that_trains_scores_pictures_or_draws():
    heavy = {
        "lightning",
        "matplotlib.figure",
        "scipy.ndimage",
        "torchmetrics",
        "zarr",
    }
    assert not heavy & imported_by("import stforecast.forecaster, stforecast.evaluation")
