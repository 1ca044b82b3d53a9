"""Figures on a page, as sharp PNGs at their own size or as wide as there is room; facts; plain text."""

import re
import struct
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from io import BytesIO

import streamlit as st
from matplotlib.figure import Figure

__all__ = ["message_text", "picture_of", "plain_text", "show_facts", "show_figure", "show_picture"]

_PIXELS_PER_INCH = 112
"""Of a page: the small text of a figure, 7 points, is 11 pixels high."""
_FINER = 2
"""Pixels of the PNG for each of the page, so that text is sharp on any display."""
_WIDE, _LEAST_OF_WIDE = 720, 560
"""Pixels of the page: a figure as wide as the first is never made narrower than the second."""


def picture_of(figure: Figure) -> bytes:
    """A figure as a PNG."""
    buffer = BytesIO()
    figure.savefig(
        buffer, format="png", dpi=_FINER * _PIXELS_PER_INCH, pil_kwargs={"compress_level": 1}
    )
    return buffer.getvalue()


def show_picture(png: bytes, *, alt: str, is_newest_right: bool = False) -> None:
    """Draw such a PNG at the size that its figure was made for, or as wide as there is room.

    A wide one stays readable on a narrow page, and can be moved sideways.

    Args:
        alt: what it shows, for those who do not see it.
        is_newest_right: where it has no room its right end is shown first.
    """
    # The head of a PNG: 8 bytes of signature, 8 of the first chunk's, then width and height.
    (pixels,) = struct.unpack(">I", png[16:20])
    width = pixels // _FINER
    least = f"max(100%, {_LEAST_OF_WIDE}px)" if width >= _WIDE else "100%"
    direction = "rtl" if is_newest_right else "ltr"
    data = b64encode(png).decode()
    style = (
        f"width: {width}px; max-width: {least}; height: auto; display: block; margin-right: auto"
    )
    st.html(
        f'<div style="overflow-x: auto; direction: {direction}"><img alt="{escape(alt)}" '
        f'style="{style}" src="data:image/png;base64,{data}"></div>'
    )


def show_figure(figure: Figure, *, alt: str, is_newest_right: bool = False) -> None:
    """Draw a figure that is made only once."""
    show_picture(picture_of(figure), alt=alt, is_newest_right=is_newest_right)


def show_facts(facts: Mapping[str, str]) -> None:
    """Draw a line of facts, each below its name, that breaks where there is no room."""
    parts = [
        f"<div><small>{escape(name)}</small><b>{escape(value)}</b></div>"
        for name, value in facts.items()
    ]
    st.html(f'<div class="place">{"".join(parts)}</div>')


def plain_text(text: str) -> str:
    """Text for Markdown in which no sign is taken for markup."""
    marked = re.sub(r"([\\`*_\[\]$<~#!|])", r"\\\1", text)
    # Of a colon only what may begin a colour or an icon: times stay as they are.
    return re.sub(r":(?=[A-Za-z])", r"\\:", marked)


def message_text(text: str) -> str:
    """A message of the library for Markdown: its `commands` stay such, all else is as plain text."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if number % 2 else plain_text(part) for number, part in enumerate(parts))
