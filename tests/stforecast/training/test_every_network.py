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
EPOCHS = {"simvp": 3, "phydnet": 4}
CASES = [(name, {}) for name in NETWORKS if name != "simvp"]
CASES += [("simvp", {"translator": translator}) for translator in TRANSLATORS]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Traffic every two hours on 8×8 cells.

    Two hours ahead the last frame is 1.3 times as good as each cell's own mean.
    """
    folder = tmp_path_factory.mktemp("sample")
    write_taxibj_sample(folder, days=40, grid=(8, 8), time_step="1h")
    series = open_taxibj(folder).load()
    return series[series["time"].dt.hour.values % 2 == 0]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_network_beats_persistence_at_every_lead_time(series, tmp_path, name, options):
    experiment = load_experiment(
        base={
            "dataset": "taxibj",
            "history": 4,
            "horizon": 2,
            "network": {"name": name, **TINY.get(name, RECURRENT), **options},
            "training": {
                "epochs": EPOCHS.get(name, 2),
                "batch_size": 8,
                "learning_rate": 1e-2,
                "schedule": "onecycle",
            },
        }
    )
    train(experiment, series, tmp_path / "run")
    forecaster = load_forecaster(tmp_path / "run")
    possible = complete_init_times(series["time"].values, history=4, time_step=forecaster.time_step)
    models = {name: forecaster, "persistence": Persistence()}
    scores = evaluate(models, series, init_times=possible[-100:-4:5], steps=4)
    # The last two of the four lead times are forecast from the network's own forecasts.
    errors = scores["score"].sel(metric="rmse")
    assert (errors.sel(forecaster=name) < errors.sel(forecaster="persistence")).all()
