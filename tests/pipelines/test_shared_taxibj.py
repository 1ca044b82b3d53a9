"""The reader on real traffic, where there is some: `$STFORECAST_SHARED/data`, default ../shared."""

import os
from pathlib import Path

import numpy as np
import pytest

from pipelines.civil_time import complete_days
from pipelines.taxibj import open_taxibj
from pipelines.traffic_tables import read_holidays

DATA = Path(os.environ.get("STFORECAST_SHARED", "../shared")) / "data"
HALF_HOUR = np.timedelta64(30 * 60 * 10**9, "ns")


def place(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"no real data at {DATA / name}; set STFORECAST_SHARED to their folder")
    return DATA / name


@pytest.mark.parametrize("name", ["nyc_taxi/NYC16_M16x12_T30_InOut.h5", "nyc_taxi"])
def test_new_yorks_taxis_are_read_with_their_weather_and_holidays(name):
    series = open_taxibj(place(name), time_step=HALF_HOUR)
    # 90 days · 48, less the hour that the clocks skip on 13 March
    assert series.shape == (90 * 48 - 2, 2, 16, 12)
    assert series.attrs["time_zone"] == "America/New_York"
    assert series.attrs["place"] == "nyc_taxi"
    assert series.attrs["synthetic"] == "false"
    holidays = series.attrs["holidays"].split()
    assert len(holidays) == 12
    assert "2016-01-18" in holidays  # Martin Luther King's day
    assert "2016-01-16" not in holidays  # a Saturday
    whole = complete_days(series["time"].values, time_step=HALF_HOUR)
    assert whole.sum() == 89 * 48
    frames = series.values
    assert not np.isnan(frames).any()
    # What arrives is about what leaves.
    total = frames.sum(axis=(0, 2, 3))
    assert abs(total[0] / total[1] - 1) < 0.05
    # The skipped hour held 36 and 41 trips; half an hour of a usual night has thousands.
    assert frames[:, 1].sum(axis=(1, 2)).min() < 100  # the night of the blizzard
    night = series.sel(time="2016-03-13T03:00").values[1].sum()
    assert night > 1000


def test_the_blizzard_is_known_on_the_day_after():
    series = open_taxibj(place("nyc_taxi"))
    # 27.3 inches of snow on 23 January 2016 = 69.3 cm
    for time, centimetres in [("2016-01-23T23:30", 0.508), ("2016-01-24T00:00", 69.342)]:
        found = float(series["snowfall"].sel(time=time))
        assert found == pytest.approx(centimetres, rel=1e-5)
    assert np.isnan(series["temperature"].sel(time="2016-01-01")).all()
    assert not np.isnan(series["temperature"].sel(time=slice("2016-01-02", None))).any()
    assert "weather_type" not in series.coords


def test_beijings_holidays_are_read():
    holidays = read_holidays(place("taxibj/BJ_Holiday.txt"))
    assert len(holidays) == 106
    assert holidays[0] == "2013-01-01"
