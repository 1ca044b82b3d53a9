"""Every network through the same door: trained on the synthetic sample, it beats persistence."""

import pytest

from models import NETWORKS
from models.translators import TRANSLATORS
from pipelines.taxibj import open_taxibj
from pipelines.taxibj_sample import write_taxibj_sample
from stforecast.baselines.persistence import Persistence
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster
from stforecast.history import complete_init_times
from stforecast.training import train
from stforecast.verification.evaluate import evaluate

RECURRENT = {"width": 16, "layers": 2, "patch": 2, "kernel": 3}
TINY = {
    "simvp": {"spatial_width": 8, "translator_width": 16, "translator_layers": 2},
    "phydnet": {"width": 32, "residual_width": 16, "residual_layers": 1, "patch": 2},
    "crevnet": {"fine_blocks": 1, "middle_blocks": 1, "coarse_blocks": 1, "layers": 1},
    "mau": {"width": 16, "layers": 2, "shrink": 2, "kernel": 3},
}
CASES = [(name, {}) for name in NETWORKS if name != "simvp"]
CASES += [("simvp", {"translator": translator}) for translator in TRANSLATORS]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Traffic by the hour on 8×8 cells: four hours ahead the last frame says little."""
    folder = tmp_path_factory.mktemp("sample")
    write_taxibj_sample(folder, days=40, grid=(8, 8), time_step="1h")
    return open_taxibj(folder).load()


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_network_beats_persistence_on_the_sample(series, tmp_path, name, options):
    experiment = load_experiment(
        base={
            "dataset": "taxibj",
            "history": 4,
            "horizon": 4,
            "network": {"name": name, **TINY.get(name, RECURRENT), **options},
            "training": {
                "epochs": 3,
                "batch_size": 8,
                "learning_rate": 5e-3,
                "schedule": "onecycle",
                "window_stride": 2,
            },
        }
    )
    train(experiment, series, tmp_path / "run")
    forecaster = load_forecaster(tmp_path / "run")
    possible = complete_init_times(series["time"].values, history=4, time_step=forecaster.time_step)
    models = {name: forecaster, "persistence": Persistence()}
    scores = evaluate(models, series, init_times=possible[-100:-4:5], steps=4)
    errors = scores["pooled"].sel(metric="rmse")
    assert (errors.sel(forecaster=name) < errors.sel(forecaster="persistence")).all()
