import numpy as np
import pytest

from pipelines.checking import check, mend
from pipelines.store import write_store
from pipelines.taxibj_sample import write_taxibj_sample


def codes(report):
    return {each.code for each in report.findings}


@pytest.fixture
def store(waves, tmp_path):
    """A store whose values can be told to be weather: within what occurs in nature."""

    def write(series):
        write_store(series, tmp_path / "store")
        return tmp_path / "store"

    series = waves.isel(channel=[0]).copy(deep=True)
    return series, write


def test_a_good_store_has_no_finding_and_true_numbers(store):
    series, write = store
    seen = []
    report = check(write(series), progress=lambda done, total: seen.append((done, total)))
    assert (report.findings, report.exit_code) == ((), 0)
    t2m = report.variables["t2m"]
    np.testing.assert_allclose(t2m.mean, series.values.mean(dtype="float64"), rtol=1e-7)
    assert t2m.missing_map["latitude"].values[0] == series["latitude"].values[0]
    assert seen[-1] == (series.nbytes, series.nbytes)


def test_gaps_missing_stuck_and_impossible_values_of_a_store_are_told(store):
    series, write = store
    series[10] = np.nan
    series[21] = series[20]
    series[30, 0, 0, 0] = 500
    path = write(series.isel(time=[*range(50), *range(60, 200)]))
    report = check(path)
    assert codes(report) == {"gap", "missing-values", "stuck", "out-of-range"}
    assert report.exit_code == 4
    with pytest.raises(ValueError, match="is a store or traffic; --fix mends NetCDF"):
        mend(path, path.parent / "out")


def test_a_damaged_store_is_a_finding(store):
    series, write = store
    path = write(series)
    (path / "labels.nc").write_bytes(b"")
    assert codes(check(path)) == {"unreadable"}


def test_traffic_is_checked_with_the_words_of_its_reader(tmp_path):
    write_taxibj_sample(tmp_path / "taxi", days=8)
    report = check(tmp_path / "taxi")
    assert set(report.variables) == {"inflow", "outflow"}
    assert codes(report) <= {"reader", "gap", "stuck"}
    file = next((tmp_path / "taxi").glob("*nOut.h5"))
    assert set(check(file).variables) == {"inflow", "outflow"}


def test_a_count_far_beyond_all_others_is_an_outlier(waves, tmp_path):
    series = waves.isel(channel=[0]).copy(deep=True)
    series = series.assign_coords(variable=("channel", ["count"]))
    series[5, 0, 0, 0] = 1e6
    write_store(series, tmp_path / "store")
    assert codes(check(tmp_path / "store")) == {"outlier"}
