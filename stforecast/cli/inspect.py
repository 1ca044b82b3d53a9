"""`stforecast inspect`: what a checkpoint knows of itself."""

import json
from pathlib import Path
from typing import Annotated

import typer


def inspect(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a forecaster.safetensors.")],
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for machines.")] = False,
) -> None:
    """Show what a forecaster is: data, channels, grid, window, network, training, versions."""
    from rich.table import Table

    from stforecast.cli.progress import console
    from stforecast.forecaster import read_facts
    from stforecast.lead_texts import is_counted

    facts = read_facts(run)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    experiment = facts["experiment"]
    table = Table(show_header=False, title=str(run), title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    synthetic = " (synthetic)" if facts.get("synthetic") == "true" else ""
    table.add_row("dataset", experiment["dataset"] + synthetic)
    table.add_row("channels", _channels(facts))
    table.add_row("grid", _grid(facts))
    table.add_row(
        "window",
        f"{experiment['history']} → {experiment['horizon']} frames"
        + ("" if is_counted(experiment) else f", every {facts['time_step']}"),
    )
    if experiment.get("inputs"):
        table.add_row("inputs", ", ".join(experiment["inputs"]))
    if place := experiment.get("place"):
        table.add_row("place", ", ".join(f"{key}={value}" for key, value in place.items()))
    if note := facts.get("note"):
        table.add_row("note", note)
    for name, times in facts["split"].items():
        table.add_row(name, f"{times}, {facts['windows'][name]} windows")
    options = {key: value for key, value in experiment["network"].items() if key != "name"}
    network = ", ".join(f"{key}={value}" for key, value in options.items())
    table.add_row("network", f"{experiment['network']['name']}: {network or 'its defaults'}")
    table.add_row("parameters", f"{facts['parameters']:,}")
    table.add_row(
        "training", ", ".join(f"{key}={value}" for key, value in experiment["training"].items())
    )
    if "imported" in facts:
        table.add_row("weights", _imported(facts["imported"]))
    else:
        table.add_row(
            "best epoch", f"{facts['epoch']}, validation loss {facts['validation_loss']:.4g}"
        )
    table.add_row("data fingerprint", facts["data_fingerprint"])
    table.add_row(
        "versions", ", ".join(f"{key} {value}" for key, value in facts["versions"].items())
    )
    console.print(table)


def _imported(origin: dict) -> str:
    digest = origin["sha256"][:12]
    return f"imported from {origin['file']} (sha256 {digest}…)\nas {origin['preset']}"


def _channels(facts: dict) -> str:
    offsets, scales = facts["normaliser"]["offset"], facts["normaliser"]["scale"]
    return "\n".join(
        f"{channel['name']} in {channel['units']}, normalised by ({offset:.6g}, {scale:.6g})"
        for channel, offset, scale in zip(facts["channels"], offsets, scales, strict=True)
    )


def _grid(facts: dict) -> str:
    height, width = facts["shape"]
    if facts["grid"] is None:
        return f"{height}×{width}"
    latitude, longitude = facts["grid"]["latitude"], facts["grid"]["longitude"]
    return (
        f"{height}×{width}, latitude {latitude[0]:g}…{latitude[-1]:g}, "
        f"longitude {longitude[0]:g}…{longitude[-1]:g}"
    )
