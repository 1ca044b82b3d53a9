import re

import pytest

from models import NETWORKS
from stforecast.benchmarking.plan import check_networks, make_benchmark
from stforecast.benchmarking.small import SMALL


def plan(*networks, dataset="taxibj", **options):
    return make_benchmark(dataset, networks, **options)


def experiment_of(benchmark, label, *, epochs=None):
    epochs = epochs or benchmark.experiment.training.epochs
    return benchmark.experiment_of(label, learning_rate=1e-3, seed=1, epochs=epochs)


def test_networks_differ_in_their_options_alone():
    benchmark = plan("simvp", "predrnn", "mau", epochs=3)
    experiments = [experiment_of(benchmark, label) for label in benchmark.networks]
    assert [one.network.name for one in experiments] == ["simvp", "predrnn", "mau"]
    same = {"network": None}
    first, *others = [one.model_copy(update=same) for one in experiments]
    assert all(one == first for one in others)
    assert first.training.learning_rate == 1e-3
    assert first.seed == 1


def test_recurrent_networks_take_their_loss_over_the_forecast_as_the_others_do():
    benchmark = plan(*NETWORKS, preset="small")
    for label, network in benchmark.networks.items():
        assert network.options().get("loss_frames") == (None if label == "simvp" else "forecast")


def test_published_sizes_are_those_of_the_datasets_presets():
    benchmark = plan("simvp:tau", "convlstm", "crevnet", "simvp:convmixer")
    options = {label: network.options() for label, network in benchmark.networks.items()}
    assert (options["simvp:tau"]["translator"], options["simvp:tau"]["drop_path"]) == ("tau", 0.1)
    assert options["convlstm"]["patch"] == 2
    assert options["crevnet"] == {"loss_frames": "forecast"}
    assert options["simvp:convmixer"]["drop_path"] == 0.0


def test_every_small_network_fits_a_small_grid(waves):
    assert set(SMALL) == set(NETWORKS)
    settings = ["history=4", "horizon=2"]
    benchmark = plan(*NETWORKS, dataset="weatherbench", preset="small", settings=settings)
    check_networks(benchmark, waves)


def test_a_network_that_does_not_fit_is_named_before_anything_is_trained(waves):
    settings = ["history=2", "horizon=2"]
    benchmark = plan("simvp", "crevnet", dataset="weatherbench", settings=settings)
    with pytest.raises(ValueError, match=r"^crevnet: "):
        check_networks(benchmark, waves)


def test_options_of_one_network_come_from_its_table(tmp_path):
    config = tmp_path / "own.toml"
    config.write_text(
        'horizon = 8\n[networks.predrnn]\nwidth = 24\n[networks."simvp:tau"]\nspatial_width = 8\n'
    )
    settings = ["networks.predrnn.layers=3"]
    benchmark = plan("predrnn", "simvp:tau", preset="small", config=config, settings=settings)
    assert benchmark.experiment.horizon == 8
    assert benchmark.networks["predrnn"].options() == {
        "width": 24,
        "layers": 3,
        "patch": 2,
        "loss_frames": "forecast",
    }
    assert benchmark.networks["simvp:tau"].options()["spatial_width"] == 8


def test_the_warm_up_stays_the_same_share_of_the_training():
    # TaxiBJ's presets warm up for 5 of 50 epochs.
    assert plan("simvp").experiment.training.warmup_epochs == 5
    assert plan("simvp", epochs=20).experiment.training.warmup_epochs == 2
    assert plan("simvp", epochs=3).experiment.training.warmup_epochs == 0
    chosen = plan("simvp", epochs=20, settings=["training.warmup_epochs=1"])
    assert chosen.experiment.training.warmup_epochs == 1
    timed = plan("simvp", budget=1.0)
    assert experiment_of(timed, "simvp", epochs=10).training.warmup_epochs == 1


def test_trainings_are_counted():
    rates = [1e-3, 1e-4]
    assert plan("simvp", "mau", learning_rates=rates, seeds=3).n_trainings == 2 * (2 + 2)
    assert plan("simvp", learning_rates=rates, seeds=1, budget=2.0).n_trainings == 2 + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": []}, "networks must be different ones, such as a,b, not ''"),
        ({"networks": ["mau", "mau"]}, "must be different ones, such as a,b, not 'mau,mau'"),
        ({"networks": ["resnet"]}, "network 'resnet' is unknown; known: simvp, convlstm"),
        ({"networks": ["mau:tau"]}, "'mau:tau': a name behind a colon is a translator of simvp"),
        ({"networks": ["simvp:fft"]}, "network 'simvp:fft': .*gsta"),
        ({"networks": ["simvp:"]}, "network 'simvp:': .*gsta"),
        ({"preset": "large"}, "preset 'large' is unknown; known: published, small"),
        ({"seeds": 0}, "seeds must be at least 1, but it is 0"),
        ({"learning_rates": []}, "learning_rates must be different ones above 0, but they are ''"),
        ({"learning_rates": [1e-3, 1e-3]}, "but they are '0.001, 0.001'"),
        ({"learning_rates": [-1.0]}, "but they are '-1'"),
        ({"budget": 0.0}, "budget must be above 0 minutes, but it is 0"),
        ({"budget": 1.0, "epochs": 3}, "epochs and budget are two ways to say one thing"),
        ({"epochs": 3, "settings": ["training.epochs=4"]}, "training.epochs = 4 is set beside"),
        ({"settings": ["network.name=mau"]}, r"network cannot be set .*\[networks.NAME\]"),
        ({"settings": ["seed=3"]}, "seed cannot be set for a benchmark: say how many"),
        ({"settings": ["training.learning_rate=1"]}, "name those to try with --learning-rates"),
        ({"settings": ["training=3"]}, "training"),
        (
            {"settings": ["dataset=weatherbench"]},
            "the experiment is of weatherbench, not of taxibj",
        ),
        ({"settings": ["networks.mau.width=3"]}, r"\[networks\] has options of mau; name it"),
        ({"settings": ["networks=mau"]}, "but here it holds 'mau'; the networks themselves"),
        ({"settings": ["networks.predrnn=3"]}, "but here it holds 3"),
        ({"settings": ["networks.predrnn.loss_frames=all"]}, "loss_frames = 'all' cannot be set"),
        (
            {"settings": ["networks.predrnn.name=mau"]},
            "networks.predrnn.name = 'mau' cannot be set",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(options, message):
    networks = options.pop("networks", ["predrnn"])
    with pytest.raises(ValueError, match=message):
        plan(*networks, **options)


def test_a_translator_is_said_once():
    message = re.escape("networks.simvp:tau.translator = 'gsta' cannot be set")
    with pytest.raises(ValueError, match=message):
        plan("simvp:tau", settings=["networks.simvp:tau.translator=gsta"])
