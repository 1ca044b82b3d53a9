"""What a visitor has chosen, kept in the address of the page: a link shows what its sender saw.

Every choice is a widget with a key, and a word in the address under the same key. The address wins when
it is new (a link, the way back in the browser's history); after that the widget does. What an address
asks for and is not there falls back to the default, and the page says so.

However much one click changes, it is one step in the browser's history; what nobody has chosen, such as
the first defaults, is none.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import streamlit as st
from streamlit.components.v2 import component

from app.drawn import plain_text

__all__ = [
    "addressed",
    "adopt",
    "adopt_several",
    "adopt_text",
    "asked",
    "is_sent_here",
    "keep",
    "not_here",
    "publish",
    "write_choices",
]

T = TypeVar("T")

_SCRIPT = Path(__file__).with_name("address.js")


@dataclass
class _Address:
    """What a session knows of its address."""

    settled: dict[str, str] | None = None
    """What it last made of the address; None before the first page."""
    told: dict[str, str] = field(default_factory=dict)
    """What was last chosen under each word; "" for what is left out of the address."""
    page: dict[str, str] = field(default_factory=dict)
    """The words of the page that is being drawn."""
    taken: dict[str, str] = field(default_factory=dict)
    """The address from which each word was last taken, until something is chosen."""
    has_choice: bool = False
    """Whether the visitor has chosen something that does not stand in the address yet."""


def _address() -> _Address:
    return st.session_state.setdefault("_address", _Address())


@contextmanager
def addressed() -> Iterator[None]:
    """Keep the choices that are drawn within in the address."""
    own = _address()
    own.page = {}
    yield
    write_choices()
    _replace_address(own)


def write_choices() -> None:
    """Write what the visitor has chosen into the address, as one step in the browser's history.

    A part of the page that is drawn again alone does so at its end.
    """
    own = _address()
    if own.has_choice:
        own.settled = _words(own)
        own.taken.clear()
        own.has_choice = False
        if own.settled != st.query_params.to_dict():
            st.query_params.from_dict(own.settled)


def _replace_address(own: _Address) -> None:
    """Complete the address by what nobody has chosen: no step in the history, so not by Streamlit."""
    own.settled, now = _words(own), st.query_params.to_dict()
    if own.settled != now:
        mount = component("stforecast_address", js=_SCRIPT.read_text())
        mount(data={"from": urlencode(now), "to": urlencode(own.settled)}, key="address")


def _words(own: _Address) -> dict[str, str]:
    return {key: text for key, text in own.page.items() if text}


def is_sent_here(key: str) -> bool:
    """Whether the address is new, and its word under a key is still to be taken."""
    own, now = _address(), st.query_params.to_dict()
    # Without any words it comes from the menu of pages, which asks for nothing.
    return bool(now) and now != own.settled and own.taken.get(key) != urlencode(now)


def asked(key: str) -> str | None:
    """What a new address asks for under a key."""
    return st.query_params.get(key) if is_sent_here(key) else None


def adopt(key: str, known: Sequence[T], default: T, *, what: str) -> None:
    """Give a widget its state before it is drawn: what the address asks for, else what was chosen.

    Args:
        key: of the widget, and its word in the address.
        known: what can be chosen; something else falls back to the default.
        what: is chosen, for the notice: "run", "init time".
    """
    text = asked(key)
    if text is not None:
        named = {str(one): one for one in known}
        if text not in named:
            not_here(what, text, f"showing {default} instead")
        st.session_state[key] = named.get(text, default)
    elif is_sent_here(key) or st.session_state.get(key) not in known:
        st.session_state[key] = default


def adopt_several(key: str, known: Sequence[Any], default: Sequence[Any], *, what: str) -> None:
    """The same of a widget that takes several of what is known, parted by commas in the address."""
    text = asked(key)
    if text is not None:
        wanted = [part for part in text.split(",") if part]
        absent = [part for part in wanted if part not in known]
        if absent:
            not_here(what, absent[0], "it is left out")
        found = [part for part in wanted if part in known]
        st.session_state[key] = found or list(default)
    elif is_sent_here(key) or key not in st.session_state:
        st.session_state[key] = list(default)
    else:
        kept = [part for part in st.session_state[key] if part in known]
        st.session_state[key] = kept or list(default)


def adopt_text(key: str) -> None:
    """The same of a widget that takes any text; empty unless something is asked for."""
    if is_sent_here(key) or key not in st.session_state:
        st.session_state[key] = asked(key) or ""


def publish(key: str, value: str | Sequence[str]) -> None:
    """Give a choice its word in the address of the page; an empty one is left out."""
    text = value if isinstance(value, str) else ",".join(value)
    own = _address()
    if is_sent_here(key):
        _take(own, key)
    elif own.told.get(key, text) != text:
        own.has_choice = True
    own.told[key] = own.page[key] = text


def keep(key: str) -> None:
    """Leave a word of the address as it is, whatever its widget says."""
    own = _address()
    if is_sent_here(key):
        own.told[key] = asked(key) or ""
        _take(own, key)
    own.page[key] = own.told.get(key, "")


def _take(own: _Address, key: str) -> None:
    own.taken[key] = urlencode(st.query_params.to_dict())


def not_here(what: str, text: str, instead: str) -> None:
    """Tell a visitor that the address asks for something that is not there."""
    # A link may hold anything: signs of markup are shown as they stand.
    st.warning(
        f"There is no {what} “{plain_text(text)}” here; {plain_text(instead)}.",
        icon=":material/link_off:",
    )
