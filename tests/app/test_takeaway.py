"""What visitors take away: made when asked for, and what it says it is."""

from io import BytesIO

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image

from app import takeaway
from app.opening import opening_sight
from stforecast.viewing.catalogue import find_entries


def test_each_download_is_made_when_it_is_asked_for(runs, monkeypatch, tmp_path):
    offered = {}

    def offer(label, make, *, file_name, **others):
        offered[file_name.rsplit(".", 1)[1]] = (file_name, make)

    monkeypatch.setattr(takeaway.st, "download_button", offer)
    monkeypatch.setattr(takeaway.st, "selectbox", lambda label, panels, **others: panels[1])
    sight, panels = opening_sight(find_entries(runs).find("region"))
    takeaway.offer_downloads(sight, panels, 1, (3, 4))
    assert set(offered) == {"png", "nc", "csv", "gif", "mp4"}
    name, make = offered["png"]
    assert name == "region_t2m_20150209T00_lead012h_truth.png"
    assert Image.open(BytesIO(make())).format == "PNG"
    name, make = offered["nc"]
    (tmp_path / name).write_bytes(make())
    with xr.open_dataset(tmp_path / name) as dataset:
        assert dataset["t2m"].sizes["time"] == 1
        assert dataset["time"].values[0] == pd.Timestamp("2015-02-09T12")
    table = pd.read_csv(BytesIO(offered["csv"][1]()), comment="#")
    assert {"forecast", "truth", "persistence"} <= set(table)
    # The frames of an animation are maps as above; here small ones, of a grey each.
    greys = iter(range(0, 240, 40))
    monkeypatch.setattr(takeaway, "map_figure", lambda *sight: next(greys))
    monkeypatch.setattr(
        takeaway, "figure_picture", lambda grey: np.full((20, 30, 3), grey, dtype="uint8")
    )
    frames = Image.open(BytesIO(offered["gif"][1]()))
    assert frames.n_frames == 3  # a frame for each lead time
    assert offered["mp4"][1]()[4:8] == b"ftyp"
