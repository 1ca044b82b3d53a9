"""What a visitor sees when something goes wrong: one sentence and the way out, never a traceback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import streamlit as st

__all__ = ["guarded"]

_LOG = logging.getLogger("stforecast.app")


@contextmanager
def guarded() -> Iterator[None]:
    """Draw what stands within; if it fails, say why in its place.

    A `ValueError` is a mistake that can be mended, and an `OSError` a file that cannot be read: both say
    so themselves. Anything else is the program's own fault: its traceback goes to the log, under a
    reference that stands on the page.
    """
    try:
        yield
    except ValueError as error:
        st.error(_sentence(str(error)), icon=":material/error:")
    except OSError as error:
        what = error.strerror or str(error)
        where = f" ({error.filename})" if error.filename else ""
        st.error(_sentence(f"{what}{where}"), icon=":material/error:")
    except Exception:
        # Streamlit's own way to stop or to begin again is a BaseException, and passes.
        reference = token_hex(4)
        _LOG.exception("reference %s", reference)
        st.error(
            "This could not be shown, through a fault of the program and not of yours. The other "
            f"views still work. The log of `stforecast app` says more under reference {reference}.",
            icon=":material/error:",
        )


def _sentence(text: str) -> str:
    """A message as a sentence: a capital, a full stop, and no markup where it means none."""
    text = text.strip() or "something could not be read"
    text = text[0].upper() + text[1:]
    text = text.replace("$", "\\$").replace("[", "\\[")
    return text if text.endswith((".", "!", "?", ")")) else text + "."
