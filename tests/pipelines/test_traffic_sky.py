import numpy as np

from pipelines.traffic_sky import FLOW_SHARES, WEATHER_TYPES, Sky, sky_on

FIRST = np.datetime64("2016-01-01")


def test_the_sky_is_cold_in_winter_and_snow_falls_when_it_is_cold():
    sky = sky_on(FIRST, days=366, seed=0)
    assert sky.temperature[: 24 * 31].mean() < 2
    assert sky.temperature[24 * 182 : 24 * 213].mean() > 20
    names = np.array(WEATHER_TYPES)[sky.weather_type]
    assert set(names) <= {"sunny", "cloudy", "overcast", *FLOW_SHARES}
    snow = np.char.endswith(names, "snow")
    rain = np.isin(names, ["sprinkle", "moderate rain", "heavy rain"])
    assert sky.temperature[snow].max() < 2 <= sky.temperature[rain].min()
    # A wetness of variance 1 is above 1.35 in 9 % of all hours.
    assert 0.04 < (snow | rain).mean() < 0.15
    assert 0 < sky.wind_speed.min() < sky.wind_speed.max() < 100


def test_more_days_of_the_sky_go_on_where_fewer_end():
    few, many = (sky_on(FIRST, days=days, seed=1) for days in (3, 9))
    for name in ("temperature", "wind_speed", "weather_type"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[: 24 * 3])


def test_the_worse_the_weather_the_less_the_traffic():
    kinds = [WEATHER_TYPES.index(name) for name in ("sunny", "light snow", "heavy snow")]
    sky = Sky(np.zeros(3), np.zeros(3), np.array(kinds))
    assert sky.flow_share.tolist() == [1, 0.85, 0.45]


def test_the_types_stand_where_the_original_has_them():
    assert len(WEATHER_TYPES) == 17
    places = {name: WEATHER_TYPES.index(name) for name in ("sunny", "thunderstorm", "snowy")}
    assert places == {"sunny": 0, "thunderstorm": 8, "snowy": 10}
    assert WEATHER_TYPES[16] == "dusty"
