"""One reader at a time: NetCDF's library bears no two threads, and ends the process without a word.

xarray locks the reading of values, but neither the opening of a file nor a look at its attributes; a
server with several visitors crashes there. Whoever opens, reads or writes such files for a visitor does
so within `READING`. It is the innermost lock: nothing else is waited for while it is held.
"""

from threading import RLock

__all__ = ["READING"]

READING = RLock()
"""Held while NetCDF files are opened, read or written."""
