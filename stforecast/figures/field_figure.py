"""One field as a figure: a map with its title, its time and its units."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.transforms import Affine2D

from stforecast.figures.boxes import Box
from stforecast.figures.fields import Fields, minute_text, zone_text
from stforecast.figures.geography import find_view
from stforecast.figures.map_marks import ring_shapes, wind_shapes
from stforecast.figures.panels import Scale, make_figure
from stforecast.figures.rows import Row, draw_bars, draw_head, draw_rows, sheet_of
from stforecast.figures.scales import anomaly_scale, error_scale, field_scale
from stforecast.figures.wind import lay_arrows

__all__ = ["plot_field"]

_WHAT = ("forecast", "truth", "error", "anomaly", "truth anomaly")
_KINDS = {
    "error": "Error  ·  ",
    "anomaly": "Anomaly from climatology  ·  ",
    "truth anomaly": "Anomaly from climatology  ·  ",
}
"""What stands before who made it."""
_ARROWS = 0.17
"""Between arrows of wind, in inches."""
_RING = 0.05
"""Radius of the ring about a marked cell, in inches."""
_FINE = 100
"""Pixels of an inch that arrows and rings are placed by."""


def plot_field(
    fields: Fields,
    number: int,
    *,
    grid: xr.DataArray,
    what: str = "forecast",
    climatology: Float[np.ndarray, "N Y X"] | None = None,
    projection: str = "automatic",
    region: Box | None = None,
    wind: tuple[Float[np.ndarray, "Y X"], Float[np.ndarray, "Y X"]] | None = None,
    wind_speed: float | None = None,
    mark: tuple[int, int] | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """A map of one field with its title, its valid time and its units.

    The scale is taken from all fields, so that it is the same whichever of them is shown.

    Args:
        fields: of one channel, at all lead times.
        number: of the field among them.
        grid: any array (y, x) on the grid of the fields, with its latitudes and longitudes.
        what: "forecast", "truth", "error" (forecast less truth), "anomaly" (forecast less
            climatology) or "truth anomaly".
        climatology: of each field, in the units shown; needed for anomalies.
        projection, region: as `find_view` takes them.
        wind: towards the east and the north in m/s, drawn as arrows.
        wind_speed: what the reference arrow stands for, in m/s: `reference_speed` of all fields, where
            several are compared; a round one that suits this wind unless given.
        mark: row and column of a cell that gets a ring.
        limits: ends of the scale, in the units shown; of errors and anomalies the upper one counts.

    Raises:
        ValueError: `what` is unknown, or there is no truth or climatology for it, or the projection or
            region does not suit the grid.
    """
    values, scale = _values(fields, what, climatology, limits)
    view = find_view(grid, projection=projection, region=region, pixels=1280)
    row = Row("", values[[number]], scale)
    sheet = sheet_of([row], view, n_columns=1)
    figure = make_figure(*sheet.size)
    valid, zone = minute_text(fields.valid_times[number]), zone_text(fields.attrs)
    made = "Truth" if what.startswith("truth") else fields.made_from
    draw_head(figure, sheet, fields, _KINDS.get(what, "") + made)
    stamp = "" if fields.counted else f"valid {valid} {zone}"
    title = (fields.lead_texts[number], stamp)
    draw_rows(figure, sheet, [row], [title], smooth=True)
    draw_bars(figure, sheet, [row])
    size = (round(sheet.panel[0] * _FINE), round(sheet.panel[1] * _FINE))
    axes = figure.axes[0]
    transform = Affine2D().scale(1 / size[0], 1 / size[1]) + axes.transAxes
    raster = view.raster(*size)
    shapes = []
    if wind is not None:
        arrows = lay_arrows(view, raster, spacing=_ARROWS * _FINE)
        shapes += wind_shapes(arrows, wind, width=size[0], speed=wind_speed)
    if mark is not None:
        shapes += ring_shapes(raster, mark, radius=_RING * _FINE)
    for number_above, shape in enumerate(shapes):
        drawn = PathPatch(
            shape.path,
            facecolor=shape.fill,
            edgecolor=shape.edge,
            linewidth=shape.line,
            alpha=shape.alpha,
            transform=transform,
            zorder=5 + number_above,
        )
        axes.add_artist(drawn)
    return figure


def _values(
    fields: Fields,
    what: str,
    climatology: np.ndarray | None,
    limits: tuple[float, float] | None,
) -> tuple[np.ndarray, Scale]:
    """What is shown of all fields, and its scale."""
    if what not in _WHAT:
        raise ValueError(f"what={what!r}: choose among {', '.join(_WHAT)}.")
    if fields.truth is None and what in ("truth", "error", "truth anomaly"):
        raise ValueError(f"what={what!r}: there is no truth; read the fields with one.")
    if climatology is None and "anomaly" in what:
        raise ValueError(f"what={what!r}: an anomaly needs a climatology; give one.")
    end = None if limits is None else limits[1]
    truth = fields.truth if fields.truth is not None else fields.forecast
    if what == "forecast":
        return fields.forecast, field_scale(fields, limits)
    if what == "truth":
        return truth, field_scale(fields, limits)
    if what == "error":
        error = fields.forecast - truth
        return error, error_scale(error, end, fields=fields)
    assert climatology is not None
    shown = fields.forecast if what == "anomaly" else truth
    return shown - climatology, anomaly_scale(fields, climatology, limit=end)
