"""Pictures side by side that change together and say where they are clicked.

They are a component of the page, as Streamlit's own picture neither tells of clicks nor waits for its
neighbours: all pictures of a step are decoded before the first of them is shown.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

__all__ = ["Click", "Panel", "read_click", "show_panels"]

_HOME = Path(__file__).parent


@dataclass(frozen=True)
class Panel:
    """A picture and what stands above it."""

    title: str
    png: bytes
    size: tuple[int, int]
    """Width and height in pixels of the file."""
    note: str = ""
    """Faint, at the right above the picture."""
    alt: str = ""
    """What the picture shows, for those who do not see it."""


@dataclass(frozen=True)
class Click:
    """Where a picture was clicked."""

    panel: int
    """Number of the picture."""
    x: float
    """Fraction of the width, from the left."""
    y: float
    """Fraction of the height, from the top."""


def show_panels(
    panels: Sequence[Panel], *, key: str, on_click: Callable[[Click], None] | None = None
) -> None:
    """Draw pictures in as many columns as there is room for.

    Args:
        on_click: called with a click before the page is drawn again.
    """
    mount = component(
        "stforecast_panels",
        html="<div class='panels'></div>",
        css=(_HOME / "panels.css").read_text(),
        js=(_HOME / "panels.js").read_text(),
    )
    data = {
        "panels": [
            {
                "title": panel.title,
                "note": panel.note,
                "alt": panel.alt or panel.title,
                "width": panel.size[0],
                "height": panel.size[1],
                "source": "data:image/png;base64," + b64encode(panel.png).decode(),
            }
            for panel in panels
        ],
        "clickable": on_click is not None,
    }

    def clicked() -> None:
        click = read_click(st.session_state.get(key))
        if click is not None and on_click is not None:
            on_click(click)

    mount(data=data, key=key, on_click_change=clicked)


def read_click(state: Any) -> Click | None:
    """The click in a component's state; None where there is none or it is malformed."""
    click = state.get("click") if isinstance(state, Mapping) else None
    if not isinstance(click, Mapping):
        return None
    panel, x, y = (click.get(name) for name in ("panel", "x", "y"))
    if not isinstance(panel, int | float) or not isinstance(x, int | float):
        return None
    return Click(int(panel), float(x), float(y)) if isinstance(y, int | float) else None
