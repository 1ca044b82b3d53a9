"""ecCodes, loaded so that it breaks nothing else."""

from types import ModuleType

__all__ = ["load_eccodes"]


def load_eccodes() -> ModuleType:
    """The module `eccodes`; call this before anything of it, or of cfgrib, is imported.

    Its wheel brings a PROJ of its own: where that is loaded before pyproj's, the first map that is drawn
    ends the process.

    Raises:
        ImportError: it is not installed.
    """
    import pyproj  # noqa: F401

    import eccodes  # isort: skip

    return eccodes
