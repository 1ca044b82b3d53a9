import numpy as np

from stforecast.forecast import make_forecast


def test_a_forecast_has_the_grid_of_the_series_but_not_its_surface(waves):
    height = ("y", "x"), np.ones((8, 16), "float32")
    series = waves.assign_coords(orography=height, land_sea_mask=height)
    forecast = make_forecast(
        np.zeros((1, 2, *waves.shape[1:])),
        init_times=waves["time"].values[:1],
        time_step=np.timedelta64(6, "h"),
        like=series,
        forecaster="nobody",
    )
    plain = {"init_time", "lead_time", "valid_time", "latitude", "longitude"}
    along_channel = {name for name in waves.coords if waves[name].dims == ("channel",)}
    assert set(forecast.coords) == plain | along_channel


def test_coordinates_of_single_cells_are_kept(waves):
    bare = waves.drop_vars(["latitude", "longitude"])
    bent = bare.assign_coords(latitude=(("y", "x"), np.ones((8, 16))))
    forecast = make_forecast(
        np.zeros((1, 2, *waves.shape[1:])),
        init_times=waves["time"].values[:1],
        time_step=np.timedelta64(6, "h"),
        like=bent,
        forecaster="nobody",
    )
    assert forecast["latitude"].dims == ("y", "x")
