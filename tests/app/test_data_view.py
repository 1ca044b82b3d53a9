import numpy as np
import pytest
import streamlit as st
import xarray as xr

from app.drawn import plain_text
from stforecast.checking import background, worker
from stforecast.checking.background import BackgroundCheck, Checks
from tests.app.views import address_of, open_view, texts_of


@pytest.fixture
def view(monkeypatch, tmp_path):
    """The view of a folder without runs, so that only data named at the start are there."""
    monkeypatch.setenv("STFORECAST_DATA", str(tmp_path / "none"))
    runs = tmp_path / "runs"
    runs.mkdir()
    return lambda *places, **address: open_view(monkeypatch, "data", runs, places=places, **address)


@pytest.fixture
def in_process(monkeypatch):
    """Checks that are over when they have begun, in this process."""

    held = {}

    class AtOnce(Checks):
        def find(self, path, size):
            return held.get((path, size))

        def begin(self, path, size):
            check = BackgroundCheck(path, is_started=True)
            worker.work(str(path), lambda told: self._note(check, *told))
            check.is_over = True
            held[path, size] = check
            return check

        @staticmethod
        def _note(check, kind, value):
            if kind == "report":
                check.report = value
            elif kind == "problem":
                check.problem = value

    monkeypatch.setattr(background, "Checks", AtOnce)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def write_field(folder, *, hole=True):
    """A week of temperatures, with cells that are missing at times, and a day that is not there."""
    folder.mkdir()
    values = 280 + np.random.default_rng(0).normal(size=(28, 4, 8)).astype("float32")
    if hole:
        values[5:9, 1, 2] = np.nan
    times = np.datetime64("2015-01-01", "ns") + np.arange(28) * np.timedelta64(6, "h")
    field = xr.DataArray(
        values,
        coords={"time": times, "lat": [67.5, 22.5, -22.5, -67.5], "lon": np.arange(8) * 45.0},
        dims=("time", "lat", "lon"),
        attrs={"units": "K"},
    ).to_dataset(name="t2m")
    field.isel(time=[n for n in range(28) if not 12 <= n < 16]).to_netcdf(folder / "t2m.nc")
    return folder


def test_findings_come_by_severity_with_their_way_out(view, tmp_path, in_process):
    folder = write_field(tmp_path / "raw")
    (folder / "page.nc").write_text("<html>not found</html>")
    opened = view(folder)
    said = texts_of(opened)
    assert ":red-badge[1 error]" in said
    assert said.index(":red-badge[error] `web-page`") < said.index(":orange-badge[warning] `gap`")
    assert "Way out" in said
    assert opened.dataframe[0].value["variable"].tolist() == ["t2m"]
    assert [each.label for each in opened.get("download_button")] == ["Report as a page (HTML)"]


def test_what_can_be_mended_comes_with_the_command(view, tmp_path, in_process):
    folder = write_field(tmp_path / "raw data")
    with xr.open_dataset(folder / "t2m.nc") as stored:
        turned = stored.load().isel(lat=slice(None, None, -1))
    turned.to_netcdf(folder / "t2m.nc")
    [command] = view(folder).code
    assert command.value == f"stforecast check '{folder}' --fix '{folder}_mended'"


@pytest.mark.parametrize(
    ("part", "alt"),
    [
        ("Times", "When each variable has frames, and the gaps"),
        ("Missing by time", "Share of missing values against time"),
        ("Missing by place", "Where values are missing"),
        ("Values", "How values are spread"),
    ],
)
def test_an_address_opens_a_figure(view, tmp_path, in_process, part, alt):
    opened = view(write_field(tmp_path / "raw"), part=part)
    assert f'alt="{alt}"' in texts_of(opened)
    assert address_of(opened)["part"] == part


def test_whole_data_need_no_map_of_what_is_missing(view, tmp_path, in_process):
    opened = view(write_field(tmp_path / "raw", hole=False), part="Missing by place")
    assert "No cell misses a value" in opened.success[0].value


def test_data_without_a_variable_have_findings_alone(view, tmp_path, in_process):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "page.nc").write_text("<html>not found</html>")
    assert "no variable that could be drawn" in view(folder, part="Times").info[0].value


def test_one_of_several_is_chosen_by_name(view, tmp_path, in_process):
    first, second = (write_field(tmp_path / name) for name in ("first", "second"))
    opened = view(first, second)
    assert opened.selectbox(key="data").options == ["first", "second"]
    opened.selectbox(key="data").set_value("second").run()
    assert address_of(opened)["data"] == "second"
    assert plain_text(str(second)) in texts_of(opened)


def test_a_path_from_the_address_is_not_opened(view, tmp_path, in_process):
    folder, secret = write_field(tmp_path / "first"), write_field(tmp_path / "secret")
    opened = view(folder, data=str(secret))
    assert "There is no data" in opened.warning[0].value
    assert opened.selectbox(key="data").value == "first"


def test_large_data_wait_for_a_click(view, tmp_path, in_process, monkeypatch):
    folder = write_field(tmp_path / "raw")
    measured = background.measure_data
    monkeypatch.setattr(
        background,
        "measure_data",
        lambda path: background.DataSize(1, 10**12, measured(path).changed),
    )
    opened = view(folder)
    assert "These are 1,000.0 GB" in opened.info[0].value
    opened.button[-1].click().run()
    assert ":orange-badge[" in texts_of(opened)


def test_data_that_are_gone_say_so(view, tmp_path, in_process):
    opened = view(tmp_path / "gone")
    assert "is not there" in opened.error[0].value


def test_without_data_the_page_says_how_to_name_some(view):
    opened = view()
    assert opened.code[0].value == "stforecast app --data PATH"


def test_a_check_that_failed_says_why(view, tmp_path, in_process, monkeypatch):
    def fail(path, tell):
        tell(("problem", "the disk went away"))

    monkeypatch.setattr(worker, "work", fail)
    folder = write_field(tmp_path / "raw")
    assert view(folder).error[0].value == "the disk went away"


@pytest.fixture
def at_work(monkeypatch, tmp_path, in_process):
    """A check that is under way and never ends by itself."""
    check = BackgroundCheck(tmp_path)

    class AtWork(Checks):
        def find(self, path, size):
            return None if check.is_stopped else check

    monkeypatch.setattr(background, "Checks", AtWork)
    monkeypatch.setattr(background, "measure_data", lambda path: background.DataSize(1, 10**12, 0))
    return check


def test_a_check_under_way_tells_how_far_it_is(view, tmp_path, at_work):
    folder = write_field(tmp_path / "raw")
    assert "this one comes next" in view(folder).get("progress")[0].proto.text
    at_work.is_started = True
    assert "opening the files" in view(folder).get("progress")[0].proto.text
    at_work.done, at_work.total = 10**6, 4 * 10**6
    [bar] = view(folder).get("progress")
    assert bar.proto.value == 25
    assert "1 of 4 MB of values read" in bar.proto.text


def test_a_check_under_way_can_be_stopped(view, tmp_path, at_work):
    opened = view(write_field(tmp_path / "raw"))
    opened.button[-1].click().run()
    assert at_work.state == "stopped"
    assert [each.label for each in opened.button][-1] == "Check these data"
