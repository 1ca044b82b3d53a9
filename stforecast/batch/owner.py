"""Who is at work: a process, known on its own host, so that a dead one need not be waited for."""

import os
import socket
from pathlib import Path
from uuid import uuid4

__all__ = ["is_dead", "new_owner"]


def new_owner() -> str:
    """host:pid:uuid of this process."""
    return f"{_host()}:{os.getpid()}:{uuid4().hex[:12]}"


def is_dead(owner: str) -> bool:
    """Whether an owner is surely gone: its process was on this host and is no more."""
    host, pid, _ = owner.rsplit(":", 2)
    if host != _host():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # somebody else's process, but alive
    return False


def _host() -> str:
    # Containers may share a host's name and count their processes from 1 each.
    namespace = Path("/proc/self/ns/pid")
    inside = str(namespace.stat().st_ino) if namespace.exists() else "-"
    return f"{socket.gethostname()}/{inside}"
