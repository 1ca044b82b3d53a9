"""What the commands show while they work."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Of several processes that torchrun started, the first one speaks.
console = Console(highlight=False, soft_wrap=True, quiet=os.environ.get("RANK", "0") != "0")


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows what is done, how much of it, out of how much; one bar for each thing."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what)
            if not console.is_terminal:
                console.print(f"{what} …", style="dim")
        bars.update(tasks[what], completed=done, total=total)

    with bars:
        yield tell
