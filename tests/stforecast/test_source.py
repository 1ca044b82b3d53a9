import numpy as np
import pytest

from pipelines.store import open_store, write_store
from stforecast.source import find_data, open_series, stored_series


@pytest.fixture
def store(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    return tmp_path / "store"


def test_a_store_is_opened_as_it_is(store, waves):
    series = open_series("weatherbench", store)
    assert np.array_equal(series, waves)
    assert stored_series("weatherbench", store).identical(open_store(store))


def test_one_channel_of_a_store_is_a_view_of_it(store, waves):
    for wanted in (["z"], ["geopotential"], ["geopotential_500"], ["z500", "z"]):
        series = stored_series("weatherbench", store, variables=wanted)
        assert list(series["channel"].values) == ["z500"]
        assert series.chunks is None
        assert np.array_equal(series, waves[:, 1:])
    assert np.array_equal(open_series("weatherbench", store, time_step="12h"), waves[::2])


def test_channels_in_another_order_are_copied_to_the_cache_once(store, waves):
    told = []
    for _ in range(2):
        series = stored_series(
            "weatherbench",
            store,
            variables=["z", "t2m"],
            progress=lambda done, total: told.append((done, total)),
        )
    assert np.array_equal(series, waves[:, ::-1])
    assert told == [(200, 200)]


def test_data_are_looked_for_where_the_environment_says(store, monkeypatch, tmp_path):
    monkeypatch.setenv("STFORECAST_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"no data for weatherbench at .*--data PATH.*--sample"):
        find_data("weatherbench")
    store.rename(tmp_path / "weatherbench")
    assert open_series("weatherbench").sizes["time"] == 200


def test_wrong_wishes_are_refused(store, waves, tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        open_series("weatherbench", tmp_path / "absent")
    with pytest.raises(ValueError, match="dataset 'weather' is unknown; known: weatherbench"):
        open_series("weather", store)
    with pytest.raises(ValueError, match=r"has no 'u10'; it has t2m, z500"):
        open_series("weatherbench", store, variables=["u10"])
    with pytest.raises(ValueError, match="time_step 8h is no multiple of the data's own step, 6h"):
        open_series("weatherbench", store, time_step="8h")
    with pytest.raises(ValueError, match="variables is empty"):
        open_series("weatherbench", store, variables=[])
    write_store(waves.assign_attrs(dataset="taxibj"), tmp_path / "other")
    with pytest.raises(ValueError, match="is a store of taxibj"):
        open_series("weatherbench", tmp_path / "other")
