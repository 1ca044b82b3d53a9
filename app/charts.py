"""Charts of a forecast that do not change from step to step, kept as PNGs."""

import pandas as pd
from matplotlib.figure import Figure

from app.drawn import picture_of
from app.pictures import Sight, box_of, forecasts_of, kept_png, shown_of
from stforecast.figures.field_map import plot_field
from stforecast.figures.point import plot_point
from stforecast.figures.strip import plot_fields_strip
from stforecast.figures.wind import reference_speed
from stforecast.viewing.point import place_text, point_table
from stforecast.viewing.shown import View as Kind

__all__ = ["map_figure", "series_of", "strip_of", "table_of"]


def map_figure(
    sight: Sight, what: Kind, number: int, *, mark: tuple[int, int] | None = None
) -> Figure:
    """One map at the lead time of a number, with all that a page says beside it."""
    shown = shown_of(sight)
    wind = None
    if sight.with_wind and what == "forecast" and shown.wind is not None:
        wind = (shown.wind[0][number], shown.wind[1][number])
    return plot_field(
        shown.fields,
        number,
        grid=forecasts_of(sight.entry).grid,
        what=what,
        climatology=shown.climatology,
        projection=sight.projection,
        region=box_of(sight),
        wind=wind,
        wind_speed=None if shown.wind is None else reference_speed(*shown.wind),
        mark=mark,
    )


def table_of(sight: Sight, cell: tuple[int, int]) -> pd.DataFrame:
    """Values at a cell by valid time: history, forecast, truth and baselines."""
    return point_table(shown_of(sight), *cell)


def series_of(sight: Sight, cell: tuple[int, int]) -> bytes:
    """The series at a cell: history, forecast, truth and baselines."""

    def make() -> bytes:
        forecasts, shown = forecasts_of(sight.entry), shown_of(sight)
        figure = plot_point(
            table_of(sight, cell),
            place=place_text(forecasts.grid, *cell),
            title=shown.fields.title,
            units=shown.fields.units,
            init_time=sight.init_time,
            zone=forecasts.time_zone,
        )
        return picture_of(figure)

    return kept_png((*sight.forecast_key, "series", cell), make)


def strip_of(sight: Sight) -> bytes:
    """Input, truth, forecast and difference, frame by frame."""

    def make() -> bytes:
        shown = shown_of(sight)
        has_history = len(shown.history) > 0
        figure = plot_fields_strip(
            shown.fields,
            forecasts_of(sight.entry).grid,
            history=shown.history if has_history else None,
            history_times=shown.history_times if has_history else None,
        )
        return picture_of(figure)

    return kept_png((*sight.forecast_key, "strip"), make)
