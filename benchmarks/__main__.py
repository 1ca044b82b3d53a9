"""How fast stforecast is: every measurement that needs no data of its own, one after the other.

python -m benchmarks [inference training …]
"""

import argparse
import importlib

from rich.console import Console

from benchmarks.measuring import machine, show

NAMES = ("inference", "training", "input", "moments", "startup", "scaling", "distributed")


def main() -> None:
    """Measure what is named, or everything, and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    strange = sorted(set(names) - set(NAMES))
    if strange:
        parser.error(f"unknown: {', '.join(strange)}; known: {', '.join(NAMES)}")
    console = Console(width=150)
    for name in names:
        before = machine()
        rows = importlib.import_module(f"benchmarks.{name}").rows(console)
        show(f"{name} on {before}", rows, console=console)


if __name__ == "__main__":
    main()
