"""`stforecast networks` and `stforecast datasets`: what there is, with sizes."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from models.presets import Preset


def networks(
    dataset: Annotated[str | None, typer.Option(help="Presets of this dataset alone.")] = None,
) -> None:
    """List networks and presets: parameters and multiply-adds, and what others have published."""
    from itertools import groupby

    from models import NETWORKS
    from models.presets import PRESETS
    from stforecast.cli.progress import console

    known = dict.fromkeys(preset.dataset for preset in PRESETS.values())
    if dataset is not None and dataset not in known:
        raise ValueError(
            f"there is no preset for {dataset!r}; there are some for {', '.join(known)}."
        )
    console.print(f"networks: {', '.join(NETWORKS)}")
    chosen = sorted(
        (preset for preset in PRESETS.values() if dataset in (None, preset.dataset)), key=_task
    )
    for _, presets in groupby(chosen, key=_task):
        console.print(_table(list(presets)))
    console.print("`stforecast train DATASET --preset PRESET` trains one.")
    console.print("Published parameters count those that the reference code never uses as well.")
    console.print(
        "MACs are multiply-adds of one window, as published; * counted here, none is published."
    )
    console.print(
        "Errors are sums over a frame of video or traffic, means of weather; on their own splits."
    )


def _task(preset: "Preset") -> tuple[str, str, str]:
    """What presets must share to be comparable: dataset, variables, window and frame."""
    variables = preset.variables or ()
    frame = f"{preset.channels}×{preset.height}×{preset.width}"
    return (
        preset.dataset,
        ", ".join(variables) if len(variables) < 3 else f"{len(variables)} variables",
        f"{preset.history} → {preset.horizon} frames of {frame}",
    )


def _table(presets: "list[Preset]") -> "Table":
    """The presets of one task."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from models.presets.published import PUBLISHED

    dataset, variables, window = _task(presets[0])
    table = Table(
        title=f"{dataset} {variables}".strip() + f": {window}",
        title_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("preset")
    for heading in ("parameters", "published", "MACs", "published\nMSE", "\nMAE"):
        table.add_column(heading, justify="right")
    for preset in presets:
        scores = PUBLISHED.get(preset.name)
        table.add_row(
            preset.name,
            *_sizes(preset),
            *(["–", "–"] if scores is None else [f"{scores.mse:g}", f"{scores.mae:g}"]),
        )
    return table


def _sizes(preset: "Preset") -> tuple[str, str, str]:
    """Parameters here and published, multiply-adds."""
    if preset.parameters is not None and preset.macs is not None:
        own, macs, mark = preset.parameters - preset.unused, preset.macs, ""
    else:
        own, macs = _count(preset)
        mark = "*" if preset.macs is None else ""
    published = "–" if preset.parameters is None else f"{preset.parameters / 1e6:.3f} M"
    return f"{own / 1e6:.3f} M", published, f"{macs / 1e9:.4g} G{mark}"


def _count(preset: "Preset") -> tuple[int, float]:
    import torch

    from models.counting import count_macs, count_parameters

    with torch.device("meta"):  # sizes without memory
        network = preset.build(horizon=preset.counted_horizon)
    macs = count_macs(
        network,
        history=preset.history,
        channels=preset.channels,
        height=preset.height,
        width=preset.width,
    )
    return count_parameters(network), macs


def datasets() -> None:
    """List the datasets and where their data are looked for."""
    import os
    from pathlib import Path

    from rich.table import Table

    from pipelines import PIPELINES
    from stforecast.cli.progress import console

    folder = Path(os.environ.get("STFORECAST_DATA", "data"))
    table = Table(title="Datasets: stforecast train NAME", title_justify="left")
    for heading in ("name", "reads", "looked for at", "there"):
        table.add_column(heading)
    for name, pipeline in PIPELINES.items():
        there = (folder / name).exists()
        table.add_row(name, pipeline.summary, str(folder / name), "yes" if there else "no")
    console.print(table)
