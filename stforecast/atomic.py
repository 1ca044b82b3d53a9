"""Files that appear whole or not at all."""

from pipelines.atomic import atomic_path

__all__ = ["atomic_path"]
