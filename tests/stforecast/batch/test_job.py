from pathlib import Path

import numpy as np
import pytest

from stforecast.batch.job import load_job
from stforecast.batch.output_path import check_outside, check_targets
from stforecast.batch.work import OutputSpec

WHOLE = """
name = "north-atlantic"
run = "runs/ncep"
steps = 8
batch_size = 8
threads = 1
device = "cpu"
state = "state"
[input]
data = "incoming/"
[init_times]
every = "24h"
offset = "12h"
back = "2d"
[history]
max_missing = 0.0
degraded = 0.05
max_age = "12h"
otherwise = "wait"
give_up = "2d"
[[output]]
path = "out/{init_time:%Y/%m/%Y%m%dT%H}.nc"
layout = "cf"
[[output]]
path = "s3://bucket/{init_time:%Y%m%dT%H}.zarr"
[verify]
data = "truth/"
drift = 0.2
window = "30d"
regions = { europe = [-10.0, 35.0, 40.0, 70.0] }
[keep]
outputs = "90d"
[freshness]
max_age = "30h"
[schedule]
cron = "15 0,6,12,18 * * *"
"""


def test_every_key_is_read_and_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    (tmp_path / "job.toml").write_text(WHOLE)
    monkeypatch.chdir(tmp_path)
    job = load_job("job.toml")
    assert job.run == str(tmp_path / "runs/ncep")
    assert job.status_file == tmp_path / "state/status.sqlite"
    assert Path(job.input.data) == tmp_path / "incoming"
    assert job.init_times.every == np.timedelta64(24, "h")
    assert job.init_times.offset == np.timedelta64(12, "h")
    assert job.history.limit == 0.05
    assert job.output[0].path == str(tmp_path) + "/out/{init_time:%Y/%m/%Y%m%dT%H}.nc"
    assert job.output[1].spec == OutputSpec("s3://bucket/{init_time:%Y%m%dT%H}.zarr", "wb2")
    assert job.verify.regions["europe"] == (-10.0, 35.0, 40.0, 70.0)
    assert job.keep.outputs == np.timedelta64(90, "D")
    assert job.freshness.max_age == np.timedelta64(30, "h")
    assert job.schedule.cron == "15 0,6,12,18 * * *"


def test_what_may_be_left_out_has_its_default(desk):
    job = desk.job()
    assert job.state == str(desk.folder / "waves.state")
    assert (job.steps, job.threads, job.device) == (None, 1, "cpu")
    assert (job.history.limit, job.history.otherwise) == (0.0, "wait")
    assert job.init_times.offset == np.timedelta64(0)
    assert job.verify is None


RANGE = {"range": "2015-01-03/2015-01-04"}
OUT = "out/{init_time:%Y%m%dT%H}"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"step": 8}, "step is no key of a job; docs/batch.md lists them"),
        ({"history": {"max_misssing": 0.1}}, "history.max_misssing is no key of a job"),
        ({"name": None}, "name is missing"),
        ({"name": "North Atlantic"}, "name = 'North Atlantic': String should match"),
        ({"batch_size": 0}, "batch_size = 0: Input should be greater"),
        ({"init_times": {}}, "init_times: give exactly one of latest = true"),
        ({"init_times": {"latest": True, **RANGE}}, "init_times: give exactly one of latest"),
        ({"init_times": {"every": "6 hours"}}, "every = '6 hours': time step '6 hours' is not"),
        ({"init_times": {"every": "0"}}, "every = '0': time step '0' is not"),
        ({"init_times": {"every": "0h"}}, "init_times: every must be above 0"),
        (
            {"history": {"give_up": "999999999d"}},
            "give_up = '999999999d': 999999999d is longer than",
        ),
        ({"state": "s3://bucket/state"}, "state = s3://bucket/state must be a folder on a disk"),
        ({"init_times": {"range": "soon"}}, "range = 'soon': 'soon' is no time"),
        ({"init_times": {**RANGE, "back": "2d"}}, "init_times: back says how far every looks back"),
        ({"init_times": {"latest": True, "offset": "6h"}}, "offset moves the times of every"),
        ({"history": {"degraded": 0.01, "max_missing": 0.02}}, "degraded = 0.01 must be above"),
        ({"history": {"max_age": "1d"}}, "history.max_age is about now"),
        ({"output": []}, "output = ..: Tuple should have at least 1 item"),
        ({"output": [{"path": "out/forecast.nc"}]}, "has no {init_time}, but each init time needs"),
        ({"output": [{"path": "out/{init_time:%d}.nc"}]}, "one forecast would replace the other"),
        ({"output": [{"path": f"{OUT}.txt"}]}, "must end in .nc"),
        ({"output": [{"path": f"{OUT}.nc", "layout": "wb2"}]}, "must end in .zarr"),
        ({"output": [{"path": f"{OUT}.nc"}] * 2}, "two outputs have the same path"),
        ({"verify": {"regions": {"all": [0, 1, 0, 1]}}}, '"all" is the whole grid'),
        ({"verify": {"regions": {"pole": [0, 1, 60, 99]}}}, "pole = .* is no region; write .west"),
        ({"schedule": {}}, 'schedule: give cron = "15 0,6,12,18'),
        ({"schedule": {"cron": "daily"}}, "cron = 'daily' needs five fields"),
        ({"schedule": {"every": "0h"}}, "every must be above 0"),
        (
            {"verify": {}, "output": [{"path": f"{OUT}.csv"}]},
            "verify reads the forecasts back, and",
        ),
        ({"input": 3}, "input = 3: Input should be a valid dictionary"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(desk, tables, message):
    with pytest.raises(ValueError, match=message) as raised:
        desk.job(**tables)
    assert str(desk.folder / "job.toml") in str(raised.value)


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "job.toml").write_text("name: waves")
    with pytest.raises(ValueError, match=r"job.toml cannot be read: Expected '='"):
        load_job(tmp_path / "job.toml")


def test_no_output_lies_in_the_input_or_holds_it(tmp_path):
    data = tmp_path / "job" / "data"
    check_outside([str(tmp_path / "job" / "out" / "f.nc"), str(tmp_path / "job" / "data2")], data)
    for path in (data, data / "f.nc", tmp_path / "job"):
        with pytest.raises(ValueError, match="would lie in the input"):
            check_outside([str(path)], data)


def test_no_two_outputs_are_one_file():
    day = OutputSpec("out/{init_time:%Y%m%d}.nc", "cf")
    times = ["2015-01-01T00:00:00", "2015-01-02T00:00:00"]
    check_targets([day], times)
    with pytest.raises(ValueError, match=r"at 2015-01-01T00.* are both out/20150101.nc; put more"):
        check_targets([day], [*times, "2015-01-01T06:00:00"])
    with pytest.raises(ValueError, match="or give each its own name"):
        check_targets([day, OutputSpec("out/{init_time:%Y}0101.nc", "cf")], times)
