"""The Forecast view: what a visitor chooses, what the address says, and what goes wrong."""

import shutil

import numpy as np
import pytest

from app.clickable import Click
from app.opening import opening_sight
from app.pictures import Sight, cell_at, forecasts_of
from app.place import point_clicked
from stforecast.viewing.catalogue import find_entries
from tests.app.views import address_of


def headline(app):
    """What stands in large letters."""
    return app.get("html")[0].value


def warnings(app):
    return [warning.value for warning in app.warning]


def assert_calm(app):
    """Nothing has failed, neither on the page nor behind it."""
    assert not app.exception
    assert not app.error


def test_the_newest_run_is_shown_at_its_newest_whole_truth_and_the_address_tells_it(open_app):
    app = open_app()
    assert_calm(app)
    # 160 frames every 6 hours from 2015-01-01: the last is at 2015-02-09T18, and 3 steps are ahead
    assert address_of(app) == {
        "run": "globe",
        "channel": "t2m",
        "init": "2015-02-09T00:00",
        "show": "forecast,truth,error,anomaly",
        "as": "maps",
        "wind": "on",
        "lead": "6",
    }
    # What nobody has chosen is no step in the browser's history.
    assert app.query_params == {}
    assert "2 metre temperature (K)" in headline(app)
    assert "Mon 9 Feb 2015 06:00 UTC · +6 h" in headline(app)
    assert "SimVP, started from Mon 9 Feb 2015 00:00 UTC" in headline(app)
    assert [part.key for part in app.get("bidi_component")] == ["panels", "address"]
    assert not app.warning
    assert any(
        "The truth is what weatherbench (synthetic) holds" in one.value for one in app.caption
    )


def test_a_step_in_lead_time_moves_the_slider_the_headline_and_the_address(open_app):
    app = open_app(run="region")
    app.select_slider(key="lead").set_value("18").run()
    assert "Mon 9 Feb 2015 18:00 UTC · +18 h" in headline(app)
    assert address_of(app)["lead"] == "18"
    app.button(key="on").click().run()  # after the last one comes the first
    assert address_of(app)["lead"] == "6"
    app.button(key="back").click().run()
    assert address_of(app)["lead"] == "18"
    assert_calm(app)


def test_playing_goes_on_step_by_step_until_it_is_paused_or_one_steps_by_hand(
    open_app, monkeypatch
):
    app = open_app(run="region")
    app.button(key="play").click().run()
    assert app.session_state["playing"]
    assert app.button(key="play").label == "Pause"
    steps = []
    for number in range(4):
        app.session_state["_moved_on"] = -1e9  # long enough ago
        app.run()
        steps.append(app.select_slider(key="lead").value)
        assert address_of(app)["lead"] == "6", number
    start = ["6", "12", "18"].index(steps[0])
    assert steps == [(["6", "12", "18"] * 3)[start + number] for number in range(4)]
    app.button(key="play").click().run()
    assert not app.session_state["playing"]
    assert address_of(app)["lead"] == app.select_slider(key="lead").value
    app.button(key="play").click().run()
    app.button(key="back").click().run()  # a step by hand ends it too
    assert not app.session_state["playing"]
    assert app.button(key="play").label == "Play"
    assert_calm(app)


def test_a_link_shows_what_its_sender_saw(open_app):
    app = open_app(
        run="globe",
        init="2015-01-20T06:00",
        channel="u10",
        lead="12",
        show="error,forecast",
        projection="orthographic",
        region="Europe",
        point="51.5N 0.1W",
        wind="off",
    )
    assert_calm(app)
    assert "10 metre u wind component (m s⁻¹)" in headline(app)
    assert "Tue 20 Jan 2015 18:00 UTC · +12 h" in headline(app)
    assert address_of(app)["show"] == "forecast,error"  # in their own order
    assert app.selectbox(key="projection").value == "orthographic"
    assert app.selectbox(key="region").value == "Europe"
    values = app.get("html")[1].value
    assert "56.25°N 0°E" in values or "56.25°N 0°" in values  # the nearest of cells 22.5° wide
    for name in ("Forecast", "Truth", "Error", "Persistence", "Climatology"):
        assert f"<small>{name}</small>" in values


def test_nonsense_in_the_address_falls_back_and_says_so(open_app):
    app = open_app(
        run="nowhere",
        init="2031-01-01T00:00",
        channel="snow",
        lead="999",
        show="forecast,magic",
        projection="flat",
        region="Atlantis",
        point="95, 400",
    )
    assert_calm(app)
    said = " ".join(warnings(app))
    for text in (
        "There is no run “nowhere” here; showing globe instead.",
        "There is no init time “2031-01-01T00:00” here",
        "There is no variable “snow” here; showing t2m instead.",
        "There is no lead time “999” here; showing 6 instead.",
        "There is no panel “magic” here; it is left out.",
        "There is no projection “flat” here",
        "There is no region “Atlantis” here",
        "There is no point “95, 400” here",
    ):
        assert text in said
    assert address_of(app)["show"] == "forecast"
    assert "point" not in address_of(app)
    app.run()
    assert [text for text in warnings(app) if "point" not in text] == []


def test_the_training_period_is_warned_of(open_app):
    app = open_app(run="region", init="2015-01-10T00:00")
    assert any("the run's own training period" in text for text in warnings(app))
    app.button(key="latest").click().run()
    assert not any("training" in text for text in warnings(app))
    assert address_of(app)["init"] == "2015-02-09T18:00"
    app.button(key="earlier").click().run()
    assert address_of(app)["init"] == "2015-02-09T12:00"
    app.button(key="later").click().run()
    assert address_of(app)["init"] == "2015-02-09T18:00"
    assert_calm(app)


def test_without_a_truth_yet_the_forecast_is_shown_all_the_same(open_app):
    app = open_app(run="region", init="2015-02-09T18:00")
    assert_calm(app)
    assert address_of(app)["show"] == "forecast,anomaly"


def test_the_last_panel_stays_on(open_app):
    app = open_app(run="region", show="truth")
    app.pills(key="show").set_value([]).run()
    assert app.pills(key="show").value == ["truth"]
    assert address_of(app)["show"] == "truth"
    assert_calm(app)


def test_temperatures_can_be_shown_in_degrees_and_files_stay_as_the_data_are(open_app):
    app = open_app(run="region", units="everyday", point="55, -3")
    assert "2 metre temperature (°C)" in headline(app)
    values = app.get("html")[1].value
    assert "<small>°C at</small>" in values
    # waves of 280 ± 9 K
    forecast = float(values.split("<small>Truth</small><b>")[1].split("<")[0].replace("−", "-"))
    assert -3 < forecast < 17
    assert any("Field and series are in K, as in the data." in one.value for one in app.caption)
    app.segmented_control(key="units").set_value("own").run()
    assert "2 metre temperature (K)" in headline(app)
    assert "units" not in address_of(app)
    assert_calm(app)


def test_downloads_are_offered_with_names_that_say_what_is_in_them(open_app):
    app = open_app(run="region", point="55, -3")
    labels = {button.key: button.label for button in app.download_button}
    assert labels == {
        "download_png": "Map at this lead time (PNG)",
        "download_nc": "Field at this lead time (NetCDF)",
        "download_csv": "Series at the point (CSV)",
        "download_gif": "Animation of all lead times (GIF)",
        "download_mp4": "Animation of all lead times (MP4)",
    }
    app.text_input(key="point").set_value("").run()
    assert "download_csv" not in {button.key for button in app.download_button}
    assert any("Choose a point" in caption.value for caption in app.caption)
    assert_calm(app)


def test_traffic_has_both_flows_and_points_by_row_and_column(open_app):
    app = open_app(run="city", channel="outflow", point="2, 3")
    assert_calm(app)
    assert "row 2, column 3" in app.get("html")[1].value
    assert "Shanghai time" in headline(app)
    assert app.select_slider(key="lead").value == "0.5"
    assert [box.key for box in app.selectbox if box.key in ("projection", "region")] == []
    app.text_input(key="point").set_value("9, 9").run()
    assert any("rows 0 to 4 and columns 0 to 3" in text for text in warnings(app))
    app.text_input(key="point").set_value("there").run()
    assert any("a point is written as 12, 7" in text for text in warnings(app))


def test_the_strip_is_another_layout(open_app):
    app = open_app(run="city", **{"as": "strip"})
    assert_calm(app)
    assert "panels" not in [part.key for part in app.get("bidi_component")]
    assert 'alt="Strip of inflow"' in "".join(part.value for part in app.get("html"))


def test_a_job_shows_the_forecasts_it_has_made(open_app):
    app = open_app(run="desk.toml")
    assert_calm(app)
    assert "2015 " in headline(app)
    assert address_of(app)["run"] == "desk.toml"


def test_a_broken_run_says_what_is_wrong_and_what_to_do(open_app):
    app = open_app(run="broken")
    assert not app.exception
    (error,) = app.error
    assert "train it again with `stforecast train" in error.value
    assert any("cannot be shown" in caption.value for caption in app.sidebar.caption)


def test_an_empty_or_absent_folder_says_how_to_make_a_first_run(open_app, tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        app = open_app(folder=folder)
        assert_calm(app)
        assert [title.value for title in app.header] == ["No forecasts yet"]
        assert "stforecast train DATASET --run" in app.info[0].value
        assert "make demo" in app.code[0].value


def test_a_run_whose_data_are_gone_says_where_they_lay(open_app, runs, tmp_path):
    shutil.copytree(runs / "region", tmp_path / "region")
    text = (tmp_path / "region" / "experiment.toml").read_text()
    place = str(runs.parent / "data" / "region")
    assert place in text
    (tmp_path / "region" / "experiment.toml").write_text(text.replace(place, "/gone/away"))
    weights = (tmp_path / "region" / "forecaster.safetensors").read_bytes()
    away = ("/gone/away" + "x" * len(place))[: len(place)]
    (tmp_path / "region" / "forecaster.safetensors").write_bytes(
        weights.replace(place.encode(), away.encode())
    )
    app = open_app(folder=tmp_path)
    assert_calm(app)
    assert any("/gone/away" in text for text in warnings(app))
    # A run that changed is opened anew, and finds its data among those that are named.
    (tmp_path / "region" / "history.csv").touch()
    app = open_app(folder=tmp_path, data=[tmp_path / "absent", place])
    assert_calm(app)
    assert "2 metre temperature" in headline(app)


def test_a_click_takes_the_cell_under_it_for_the_point(open_app, runs, monkeypatch):
    import streamlit as st

    entry = find_entries(runs).find("region")
    sight, panels = opening_sight(entry)
    state = {}
    monkeypatch.setattr(st, "session_state", state)
    middle = Click(0, 0.5, 0.45)
    point_clicked(sight, panels, middle)
    row, column = cell_at(sight, "forecast", 0.5, 0.45)
    grid = forecasts_of(entry).grid
    latitude, longitude = grid["latitude"].values[row], grid["longitude"].values[column]
    assert state["point"] == f"{latitude:g}, {longitude:g}"
    state.clear()
    point_clicked(sight, panels, Click(0, 0.001, 0.999))  # beside the map
    point_clicked(sight, panels, Click(7, 0.5, 0.5))  # no such panel
    assert state == {}


def test_an_entry_without_forecasts_has_no_opening_sight(runs, monkeypatch):
    class Empty:
        default_init_time = np.datetime64("NaT")

    monkeypatch.setattr("app.opening.forecasts_of", lambda entry: Empty())
    with pytest.raises(ValueError, match="globe has no forecast to show"):
        opening_sight(find_entries(runs).find("globe"))


def test_sights_of_other_maps_share_the_forecast_and_not_the_picture(runs):
    entry = find_entries(runs).find("globe")
    time = np.datetime64("2015-02-09", "ns")
    one, other = Sight(entry, time, "t2m"), Sight(entry, time, "t2m", projection="robinson")
    assert one.forecast_key == other.forecast_key
    assert one.key != other.key
