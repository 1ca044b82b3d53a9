"""`stforecast networks` and `stforecast datasets`: what there is, with sizes."""


def networks() -> None:
    """List networks and presets: parameters and multiply-adds, beside those of the reference code."""
    import torch
    from rich.table import Table

    from models import build_network
    from models.counting import count_macs, count_parameters
    from models.presets import PRESETS
    from stforecast.cli.progress import console

    table = Table(title="Presets: stforecast train DATASET --preset NAME", title_justify="left")
    for heading in ("preset", "network", "frames", "channels", "grid"):
        table.add_column(heading)
    for heading in ("parameters", "reference", "MACs", "reference"):
        table.add_column(heading, justify="right")
    for preset in PRESETS.values():
        # Multiply-adds are those of one pass, as published; rollout repeats it.
        with torch.device(
            "meta"
        ):  # sizes without memory: one network has half a billion parameters
            network = build_network(
                preset.network,
                preset.options,
                history=preset.history,
                horizon=preset.history,
                channels_in=preset.channels,
                channels_out=preset.channels,
                height=preset.height,
                width=preset.width,
            )
        macs = count_macs(
            network,
            history=preset.history,
            channels=preset.channels,
            height=preset.height,
            width=preset.width,
        )
        table.add_row(
            preset.name,
            preset.network,
            f"{preset.history} → {preset.horizon}",
            str(preset.channels),
            f"{preset.height}×{preset.width}",
            f"{count_parameters(network) / 1e6:.3f} M",
            _figure(preset.parameters, 1e6, ".3f", "M"),
            f"{macs / 1e9:.2f} G",
            _figure(preset.macs, 1e9, ".2f", "G"),
        )
    console.print(table)
    console.print("reference: counted on the published code, equal to the published tables.")


def _figure(value: float | None, unit: float, digits: str, name: str) -> str:
    return "–" if value is None else f"{value / unit:{digits}} {name}"


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
