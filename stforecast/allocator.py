"""glibc's allocator, told to keep large blocks instead of giving them back after every step."""

import ctypes
import os

__all__ = ["keep_memory"]

# <malloc.h>: M_TRIM_THRESHOLD, M_MMAP_MAX.
_TRIM_THRESHOLD = -1
_MMAP_MAX = -4


def keep_memory() -> bool:
    """Ask the C library to reuse large blocks; whether it does.

    By default glibc maps and unmaps every large activation, which costs a network on a CPU about
    half its speed in page faults. Reuse takes 15–35 % more memory. Nothing happens on other C
    libraries, or with `STFORECAST_KEEP_MEMORY=0`.
    """
    if os.environ.get("STFORECAST_KEEP_MEMORY") == "0":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return mallopt(_MMAP_MAX, 0) == 1 and mallopt(_TRIM_THRESHOLD, 2**31 - 1) == 1
