"""What was computed is kept as long as there is room, in bytes; the least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

__all__ = ["KEPT_BYTES", "Kept"]

Value = TypeVar("Value")

KEPT_BYTES = 256 * 2**20
"""Of one entry's forecasts."""


class Kept(Generic[Value]):
    """Values by key, as many as fit into some bytes; safe for threads, each value is made once."""

    def __init__(self, size_of: Callable[[Value], int], *, most_bytes: int = KEPT_BYTES) -> None:
        self._size_of, self._most = size_of, most_bytes
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._making: dict[Hashable, Any] = {}
        self._lock = Lock()
        self.nbytes = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key; made now unless it is kept."""
        while True:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    return self._values[key]
                # Others that want the same wait for it, and those that want another one do not.
                turn = self._making.setdefault(key, Lock())
            with turn:
                with self._lock:
                    if key in self._values or self._making.get(key) is not turn:
                        continue
                try:
                    value = make()
                    self._put(key, value)
                finally:
                    with self._lock:
                        self._making.pop(key, None)
                return value

    def _put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            self.nbytes += self._size_of(value)
            while self.nbytes > self._most and len(self._values) > 1:
                _, gone = self._values.popitem(last=False)
                self.nbytes -= self._size_of(gone)
