"""One view of the dashboard without a browser, with the sidebar and without the other views' work."""

import os

from streamlit.testing.v1 import AppTest

SCRIPT = """
from pathlib import Path
import app
import streamlit as st
from app.address import addressed
from app.choices import sidebar

home = Path(app.__file__).parent
names = ["{name}_view.py", "forecast_view.py"]
page = st.navigation([st.Page(home / name, url_path=name) for name in dict.fromkeys(names)])
with addressed():
    sidebar()
    page.run()
"""


def open_view(monkeypatch, name, folder, *, places=(), **address):
    """The view of that name over a folder of runs, and over data in some places, at an address."""
    monkeypatch.setenv("STFORECAST_RUNS", str(folder))
    monkeypatch.setenv("STFORECAST_APP_DATA", os.pathsep.join(map(str, places)))
    opened = AppTest.from_string(SCRIPT.format(name=name), default_timeout=60)
    for key, value in address.items():
        opened.query_params[key] = value
    opened.run()
    assert not opened.exception
    return opened


def texts_of(opened):
    """All that can be read on the page, in one text."""
    kinds = ("header", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    parts = [str(each.value) for kind in kinds for each in opened.get(kind)]
    parts += [each.proto.body for each in opened.get("html")]
    parts += [each.value for kind in ("code", "text") for each in opened.get(kind)]
    parts += [f"{each.label} {each.value} {each.delta}" for each in opened.metric]
    return "\n".join(parts)


def address_of(opened):
    """The words of the page's address, with those that nobody has chosen."""
    return opened.session_state["_address"].settled
