"""`stforecast optimise`: a run's network exported for ONNX Runtime."""

from pathlib import Path
from typing import Annotated

import typer


def optimise(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a forecaster.safetensors.")],
) -> None:
    """Export a run's network once, so that forecasts on a CPU are computed by ONNX Runtime.

    `train` and `import` do it at their end; this is for runs without an export (those of older versions,
    or of recurrent networks), and to measure again. The export is kept beside the weights
    (forecaster.onnx), with its difference from torch, which must be below 1e-5 of a standard deviation
    (RMS), and how much faster it is: where it is not, forecasts go on with torch.
    """
    from stforecast.cli.progress import console
    from stforecast.exporting import export_network

    console.print(export_network(run, progress=lambda text: console.print(f"{text} …")))
