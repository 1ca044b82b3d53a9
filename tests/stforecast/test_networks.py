import pytest

from models.tendency import TendencyNetwork
from stforecast.experiment import load_experiment
from stforecast.networks import network_of

BASE = {"dataset": "weatherbench", "history": 4, "horizon": 4, "network": {"spatial_width": 4}}


def build(*settings):
    return network_of(load_experiment(base=BASE, settings=settings), n_channels=1, shape=(8, 8))


def test_whole_frames_are_the_published_way_and_changes_an_option():
    assert not isinstance(build(), TendencyNetwork)
    assert isinstance(build("target=tendency"), TendencyNetwork)


def test_changes_are_not_fed_back_as_if_they_were_frames():
    with pytest.raises(ValueError, match=r"horizon \(6\) beyond the history \(4\)"):
        build("target=tendency", "horizon=6")
    build("target=tendency", "horizon=6", "network.beyond_history=projection")


def test_an_unknown_network_or_option_is_refused():
    with pytest.raises(ValueError, match="network 'simvp3' is unknown; known: simvp"):
        build("network.name=simvp3")
    with pytest.raises(ValueError, match="has no option width"):
        build("network.width=3")


def test_changes_are_not_fed_back_as_frames():
    small = {"name": "convlstm", "width": 4, "layers": 1}
    experiment = load_experiment(base={**BASE, "network": small}, settings=["target=tendency"])
    with pytest.raises(ValueError, match="target = 'tendency' does not go with convlstm"):
        network_of(experiment, n_channels=1, shape=(8, 8))
