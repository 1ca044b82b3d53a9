"""What a visitor sees when something goes wrong: one sentence and the way out, never a traceback."""

import dis
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import streamlit as st

from app.drawn import message_text

__all__ = ["guarded"]

_LOG = logging.getLogger("stforecast.app")
_OWN = ("app", "stforecast", "pipelines", "models", "__main__")
"""Packages that raise a `ValueError` for people to read; the last one is the page itself."""


@contextmanager
def guarded() -> Iterator[None]:
    """Draw what stands within; if it fails, say why in its place.

    A `ValueError` that this project raises is a mistake that can be mended, and an `OSError` a file that
    cannot be read: both say so themselves. Anything else is the program's own fault: its traceback goes
    to the log, under a reference that stands on the page.
    """
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        where = f" ({error.filename})" if error.filename else ""
        st.error(_sentence(f"{what}{where}"), icon=":material/error:")
    except Exception as error:
        # Streamlit's own way to stop or to begin again is a BaseException, and passes.
        if isinstance(error, ValueError) and _is_meant(error):
            st.error(_sentence(str(error)), icon=":material/error:")
            return
        reference = token_hex(4)
        _LOG.exception("reference %s", reference)
        st.error(
            "This could not be shown, through a fault of the program and not of yours. The other "
            "views still work. What `stforecast app` writes where it was started says more, under "
            f"reference {reference}.",
            icon=":material/error:",
        )


def _is_meant(error: ValueError) -> bool:
    """Whether a statement `raise` of this project made it, and not numpy, say, for its own reasons."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    package = str(last.tb_frame.f_globals.get("__name__")).partition(".")[0]
    raised = last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    # Of what is written in C the last frame is that of its caller, which calls and does not raise.
    return package in _OWN and raised


def _sentence(text: str) -> str:
    """A message as a sentence: a capital, a full stop, and no markup where it means none."""
    text = text.strip() or "something could not be read"
    text = message_text(text[0].upper() + text[1:])
    return text if text.endswith((".", "!", "?", ")")) else text + "."
