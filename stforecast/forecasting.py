"""Forecast files of a run: from files that hold the past alone, for one or many init times."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.clips import is_video
from pipelines.time_range import parse_times
from stforecast.allocator import keep_memory
from stforecast.device import choose_device
from stforecast.evaluation import Progress
from stforecast.forecaster import Forecaster, load_forecaster
from stforecast.history import complete_init_times, histories_hold_enough
from stforecast.layouts import layout_of, write_forecasts
from stforecast.source import lazy_series

__all__ = ["choose_init_times", "forecast_batches", "forecast_file"]

_BATCH_BYTES = 256 * 2**20
_LOOKED_AT = 16


def forecast_file(
    run: str | Path,
    source: str | Path,
    output: str | Path,
    *,
    init_times: Sequence[str] | None = None,
    steps: int | None = None,
    layout: str | None = None,
    figures: str | Path | None = None,
    place: Sequence[str] = (),
    device: str = "auto",
    engine: str = "auto",
    precision: str = "float32",
    progress: Progress = lambda what, done, total: None,
    note: Callable[[str], None] = lambda text: None,
) -> list[Path]:
    """Forecast from the frames in `source` and write files; what was written.

    Args:
        run: folder of a run, or a forecaster.safetensors.
        source: raw files or a store that reach from each history's first frame to its init_time.
        output: a file with an ending of one of the layouts; replaced whole.
        init_times: times, or "first/last" for all between; the last possible one unless given.
        steps: lead times, by rollout; the network's horizon unless given.
        layout: a name of `LAYOUTS`; by the output's ending unless given.
        figures: folder for a map of each channel at the first init_time; of video for a strip and
            moving pictures.
        place: changes to where the run says that its grid lies: "preset=nyc_taxi".
        device: "auto", "cpu" or "cuda".
        engine: what computes the network, as `Forecaster.optimise` takes it.
        precision: "float32", or on a GPU "bfloat16" or "float16".
        progress: told what is being done, how much of it is done, and how much there is.
        note: told what is to be known of the forecasts.

    Raises:
        ValueError: the source does not fit the forecaster, or a history is not whole.
    """
    keep_memory()
    layout = layout_of(Path(output), layout=layout)
    _check_output(Path(output), Path(source))
    forecaster = load_forecaster(run, device=choose_device(device)).optimise(
        engine=engine, precision=precision, progress=note
    )
    placed = forecaster.experiment.place.changed(place)
    series = forecaster.select(lazy_series(forecaster.experiment, source, time_zone=placed.zone))
    if "note" in series.attrs:
        note(series.attrs["note"])
    if forecaster.engine is not None:
        note(f"computed by {forecaster.engine.name}: {forecaster.engine.reason}")
    chosen = choose_init_times(forecaster, series, init_times)
    steps = forecaster.experiment.horizon if steps is None else steps
    lies = placed.find(series.attrs.get("place"))
    if lies is not None:
        lies.check(series)
    made = _tell_of_filled(
        forecast_batches(forecaster, series, init_times=chosen, steps=steps, progress=progress),
        note,
    )
    batches = made if lies is None else map(lies.lay_out, made)
    first = next(batches)
    written = write_forecasts(chain([first], batches), Path(output), layout=layout)
    if figures is not None:
        if is_video(series):
            from stforecast.examples import draw_video  # here: without figures nobody waits for it

            written += draw_video(
                Path(figures), series, first, history=forecaster.experiment.history
            )
        else:
            written += _draw(first, Path(figures), progress)
    return written


def _check_output(output: Path, source: Path) -> None:
    """Refuse an output that would replace its own input."""
    target, origin = output.resolve(), source.resolve()
    if target == origin or target in origin.parents or origin in target.parents:
        raise ValueError(
            f"the output {output} would lie in the input {source}, or replace it; name another place."
        )


def choose_init_times(
    forecaster: Forecaster, series: xr.DataArray, wanted: Sequence[str] | None
) -> np.ndarray:
    """The init times that texts name, in order, each once; the last possible one of none.

    Raises:
        ValueError: a text is no time, or no whole history ends between a first and a last.
    """
    times = series["time"].values.astype("datetime64[ns]")
    history = forecaster.experiment.history
    possible = complete_init_times(times, history=history, time_step=forecaster.time_step)
    if not wanted:
        last = _last_startable(forecaster, series, possible)
        if len(last) == 0:
            raise ValueError(
                f"The data hold no whole history: {history} frames every "
                f"{forecaster.experiment.time_step} in a row, among {len(times)} frames."
            )
        return last
    chosen: set[np.datetime64] = set()
    for text in wanted:
        first, last = parse_times(text)
        if "/" not in text:
            named = possible[possible == first]
            if len(named) and not len(_startable(forecaster, series, named)):
                raise ValueError(
                    f"init_time {text}: its history of {history} frames holds too few values: they are "
                    "missing at the init_time, in more than half of the frames, or all of a channel's. "
                    "Choose another one."
                )
            chosen.add(first)
            continue
        between = possible[(possible >= first) & (possible <= last)]
        between = _startable(forecaster, series, between)
        if len(between) == 0:
            raise ValueError(
                f"init_time {text}: no whole history of {history} frames ends between them."
            )
        chosen.update(between)
    return np.array(sorted(chosen), dtype="datetime64[ns]")


def _startable(forecaster: Forecaster, series: xr.DataArray, possible: np.ndarray) -> np.ndarray:
    """Those of the init times whose history holds values enough, where frames may be missing."""
    experiment = forecaster.experiment
    if experiment.missing == "drop" or not len(possible):
        return possible
    enough = histories_hold_enough(
        series, possible, history=experiment.history, time_step=forecaster.time_step
    )
    return possible[enough]


def _last_startable(
    forecaster: Forecaster, series: xr.DataArray, possible: np.ndarray
) -> np.ndarray:
    """The last of them, if there is any; from the end on, no more is read than it takes."""
    for stop in range(len(possible), 0, -_LOOKED_AT):
        found = _startable(forecaster, series, possible[max(stop - _LOOKED_AT, 0) : stop])
        if len(found):
            return found[-1:]
    return possible[:0]


def _tell_of_filled(
    batches: Iterator[xr.DataArray], note: Callable[[str], None]
) -> Iterator[xr.DataArray]:
    """The forecasts, and in the end a note on what was missing in their histories."""
    filled, init_times = 0, 0
    for forecast in batches:
        filled += int(forecast.attrs.get("filled", "0").split()[0])
        init_times += forecast.sizes["init_time"]
        yield forecast
    if filled:
        note(
            f"{filled} values are missing in the histories of {init_times} init times; the training "
            "mean stands for them"
        )


def forecast_batches(
    forecaster: Forecaster,
    series: xr.DataArray,
    *,
    init_times: np.ndarray,
    steps: int,
    progress: Progress = lambda what, done, total: None,
) -> Iterator[xr.DataArray]:
    """Forecasts of a few init times at once, so that memory does not grow with their number."""
    frame_bytes = 4 * len(forecaster.channels) * forecaster.shape[0] * forecaster.shape[1]
    batch = int(np.clip(_BATCH_BYTES // (steps * frame_bytes), 1, 16))
    for start in range(0, len(init_times), batch):
        chosen = init_times[start : start + batch]
        forecast = forecaster.forecast(series, init_times=chosen, steps=steps)
        empty = forecast.isnull().all(["lead_time", "channel", "y", "x"]).values
        if empty.any():
            raise ValueError(
                f"the history of {chosen[empty][0]} has a channel without a single value; give data "
                "that hold some, or choose other init times."
            )
        yield forecast
        progress("forecasting", min(start + batch, len(init_times)), len(init_times))


def _draw(forecast: xr.DataArray, folder: Path, progress: Progress) -> list[Path]:
    from stforecast.figures.maps import plot_maps
    from stforecast.figures.save import save_figure

    written = []
    channels = [str(name) for name in forecast["channel"].values]
    for number, channel in enumerate(channels, start=1):
        file = folder / f"forecast_{channel}.png"
        first = forecast["init_time"].values[0]
        figure = plot_maps(forecast, init_time=first, channel=channel)
        save_figure(figure, file)
        progress("drawing", number, len(channels))
        written.append(file)
    return written
