"""Train, verify, run and show SimVPv2 forecasts of anything that lives on a grid and moves.

import stforecast as stf

series = stf.open_series("weatherbench", "era5/", variables=["t2m"], time_step="6h")
forecaster = stf.load_forecaster("runs/t2m")
forecast = forecaster.forecast(series, init_times=["2018-01-31T18"], steps=20)
scores = stf.verify(forecast, series)
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.checking import check as check
    from pipelines.places import PLACES as PLACES
    from pipelines.places import Place as Place
    from stforecast.baselines.climatology import Climatology as Climatology
    from stforecast.baselines.climatology import fit_climatology as fit_climatology
    from stforecast.baselines.historical_average import HistoricalAverage as HistoricalAverage
    from stforecast.baselines.historical_average import (
        fit_historical_average as fit_historical_average,
    )
    from stforecast.baselines.persistence import Persistence as Persistence
    from stforecast.baselines.seasonal_naive import SeasonalNaive as SeasonalNaive
    from stforecast.comparing import compare_runs as compare_runs
    from stforecast.comparing import skill_table as skill_table
    from stforecast.evaluation import evaluate_run as evaluate_run
    from stforecast.experiment import Experiment as Experiment
    from stforecast.experiment import load_experiment as load_experiment
    from stforecast.figures.animation import animate as animate
    from stforecast.figures.animation import figure_picture as figure_picture
    from stforecast.figures.animation import save_animation as save_animation
    from stforecast.figures.comparison import plot_comparison as plot_comparison
    from stforecast.figures.comparison import plot_histories as plot_histories
    from stforecast.figures.curves import plot_history as plot_history
    from stforecast.figures.curves import plot_scores as plot_scores
    from stforecast.figures.errors import plot_error_histogram as plot_error_histogram
    from stforecast.figures.errors import plot_error_map as plot_error_map
    from stforecast.figures.errors import plot_scatter as plot_scatter
    from stforecast.figures.field_figure import plot_field as plot_field
    from stforecast.figures.fields import read_fields as read_fields
    from stforecast.figures.maps import plot_maps as plot_maps
    from stforecast.figures.point import plot_point as plot_point
    from stforecast.figures.profile import plot_periods as plot_periods
    from stforecast.figures.profile import plot_week as plot_week
    from stforecast.figures.sequence import plot_sequence as plot_sequence
    from stforecast.figures.strip import plot_strip as plot_strip
    from stforecast.forecast import ForecastModel as ForecastModel
    from stforecast.forecaster import Forecaster as Forecaster
    from stforecast.forecaster import load_forecaster as load_forecaster
    from stforecast.forecasting import forecast_file as forecast_file
    from stforecast.layouts import read_forecast as read_forecast
    from stforecast.layouts import write_forecast as write_forecast
    from stforecast.preparing import prepare as prepare
    from stforecast.run import open_run as open_run
    from stforecast.source import open_series as open_series
    from stforecast.source import stored_series as stored_series
    from stforecast.training import train as train
    from stforecast.verification.evaluate import verify as verify
    from stforecast.verification.skill import beats_until as beats_until
    from stforecast.verification.skill import skill as skill

# Where each public name lives: imported when it is first used, so that `stforecast --help` does not
# wait for torch.
_PUBLIC = {
    "Climatology": "stforecast.baselines.climatology:Climatology",
    "Experiment": "stforecast.experiment:Experiment",
    "ForecastModel": "stforecast.forecast:ForecastModel",
    "Forecaster": "stforecast.forecaster:Forecaster",
    "HistoricalAverage": "stforecast.baselines.historical_average:HistoricalAverage",
    "PLACES": "pipelines.places:PLACES",
    "Persistence": "stforecast.baselines.persistence:Persistence",
    "Place": "pipelines.places:Place",
    "SeasonalNaive": "stforecast.baselines.seasonal_naive:SeasonalNaive",
    "animate": "stforecast.figures.animation:animate",
    "beats_until": "stforecast.verification.skill:beats_until",
    "check": "pipelines.checking:check",
    "compare_runs": "stforecast.comparing:compare_runs",
    "evaluate_run": "stforecast.evaluation:evaluate_run",
    "figure_picture": "stforecast.figures.animation:figure_picture",
    "fit_climatology": "stforecast.baselines.climatology:fit_climatology",
    "fit_historical_average": "stforecast.baselines.historical_average:fit_historical_average",
    "forecast_file": "stforecast.forecasting:forecast_file",
    "load_experiment": "stforecast.experiment:load_experiment",
    "load_forecaster": "stforecast.forecaster:load_forecaster",
    "open_run": "stforecast.run:open_run",
    "open_series": "stforecast.source:open_series",
    "plot_comparison": "stforecast.figures.comparison:plot_comparison",
    "plot_error_histogram": "stforecast.figures.errors:plot_error_histogram",
    "plot_error_map": "stforecast.figures.errors:plot_error_map",
    "plot_field": "stforecast.figures.field_figure:plot_field",
    "plot_histories": "stforecast.figures.comparison:plot_histories",
    "plot_history": "stforecast.figures.curves:plot_history",
    "plot_maps": "stforecast.figures.maps:plot_maps",
    "plot_periods": "stforecast.figures.profile:plot_periods",
    "plot_point": "stforecast.figures.point:plot_point",
    "plot_scatter": "stforecast.figures.errors:plot_scatter",
    "plot_scores": "stforecast.figures.curves:plot_scores",
    "plot_sequence": "stforecast.figures.sequence:plot_sequence",
    "plot_strip": "stforecast.figures.strip:plot_strip",
    "plot_week": "stforecast.figures.profile:plot_week",
    "prepare": "stforecast.preparing:prepare",
    "read_fields": "stforecast.figures.fields:read_fields",
    "read_forecast": "stforecast.layouts:read_forecast",
    "save_animation": "stforecast.figures.animation:save_animation",
    "skill": "stforecast.verification.skill:skill",
    "skill_table": "stforecast.comparing:skill_table",
    "stored_series": "stforecast.source:stored_series",
    "train": "stforecast.training:train",
    "verify": "stforecast.verification.evaluate:verify",
    "write_forecast": "stforecast.layouts:write_forecast",
}

__all__ = list(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"stforecast has no {name!r}; it has {', '.join(_PUBLIC)}.")
    module, _, attribute = _PUBLIC[name].partition(":")
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])


def _refuse_foreign_packages() -> None:
    """Refuse a `models` or `pipelines` of somebody else's that stands before ours.

    The names are common ones: a folder `models` in the current directory would be taken for ours and
    fail in ways that nobody understands.
    """
    home = Path(__file__).resolve().parent.parent
    for name in ("models", "pipelines"):
        spec = find_spec(name)
        found = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
        if found != home / name / "__init__.py":
            where = "nowhere" if found is None else str(found)
            raise ImportError(
                f"stforecast needs its own package {name!r} in {home}, but Python finds it at "
                f"{where}. Start from another folder, or take that one off sys.path (PYTHONPATH)."
            )


_refuse_foreign_packages()
