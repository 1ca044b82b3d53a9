"""The evaluation of a run: its forecaster beside the baselines of its dataset, on one split."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from pipelines.atomic import atomic_path
from pipelines.clips import is_video, window_stride_of
from pipelines.presence import values_present
from pipelines.split import SPLITS
from pipelines.time_range import range_between
from pipelines.windows import WindowSpec, window_starts
from stforecast.allocator import keep_memory
from stforecast.baselines.historical_average import divides_day
from stforecast.baselines.of_dataset import Baselines, load_baselines, note_on_missing
from stforecast.device import choose_device
from stforecast.experiment import Experiment
from stforecast.fairness import judge_fairness
from stforecast.forecaster import Forecaster, load_forecaster
from stforecast.lead_texts import is_counted
from stforecast.run import Run
from stforecast.source import experiment_series, find_data
from stforecast.verification.accumulate import Batch
from stforecast.verification.dialects import Dialect, dialect_for, dialect_of
from stforecast.verification.error_details import ErrorDetails
from stforecast.verification.error_maps import lay_out_errors
from stforecast.verification.error_plan import make_error_details
from stforecast.verification.evaluate import evaluate
from stforecast.verification.report import scores_to_frame
from stforecast.verification.scaled import ALL_CHANNELS, value_range_of
from stforecast.verification.sequence_errors import SequenceErrors
from stforecast.verification.weights import row_weights

__all__ = ["Progress", "evaluate_run"]

Progress = Callable[[str, int, int], None]


def evaluate_run(
    run: Run,
    *,
    data: str | Path | None = None,
    split: str = "test",
    dialect: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
    progress: Progress = lambda what, done, total: None,
) -> xr.Dataset:
    """Scores of the run's forecaster and of its baselines; written to the run, with figures.

    Errors in detail, such as those of each cell, are written beside them (`Run.errors_file`).

    Of video the best, the median and the worst test sequence are drawn, as strips and moving pictures,
    and the scores say whether they may stand beside published ones.

    Every window of the split is scored once; baselines, and the range by which errors are scaled, know
    the training split alone. Truth and forecasts of a few init times are in memory at once.

    Args:
        data: where the data lie now; where they lay at training unless given.
        split: "test" for reporting; "validation" while something is still being chosen.
        dialect: of the weather "wb2", "wb1" or "openstl", of traffic "traffic" or "openstl", of video
            "video" or "openstl"; the first one unless given.
        threshold: least truth, in vehicles, of a cell that counts in MAPE and in the metrics of
            active cells; 10 unless given.
        progress: told what is being done, how much of it is done, and how much there is.

    Raises:
        ValueError: the data lack what the run needs.
    """
    keep_memory()
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is unknown; known: {', '.join(SPLITS)}.")
    forecaster = load_forecaster(run.folder, device=choose_device(device)).optimise()
    experiment = forecaster.experiment
    rules = dialect_for(experiment.dataset, dialect, threshold=threshold)
    series = experiment_series(
        experiment,
        find_data(experiment.dataset, data or experiment.data),
        progress=lambda done, total: progress("reading", done, total),
    )
    series = forecaster.select(series)
    spec = WindowSpec(experiment.history, experiment.horizon)
    times = series["time"].values
    within = range_between(times, str(getattr(experiment.split, split)), split)
    starts = window_starts(
        times,
        spec,
        time_step=forecaster.time_step,
        within=within,
        present=values_present(series) if experiment.missing == "mask" else None,
        stride=window_stride_of(series),
    )
    init_times = times[starts + spec.history - 1]
    baselines = load_baselines(
        run,
        series,
        dataset=experiment.dataset,
        time_step=forecaster.time_step,
        times=times[within.start : within.stop],
    )
    trained = None
    if rules.scaled and rules.value_range is None:
        trained = range_between(times, str(experiment.split.train), "train")
    scored = forecaster if rules.clips_forecasts else forecaster.unclipped()
    details = _details(forecaster, baselines, series, rules)
    sequences = SequenceErrors(scored.name, time_step=forecaster.time_step)

    def observe(batch: Batch) -> None:
        for observer in (details, sequences):
            observer.add(batch)

    scores = evaluate(
        {model.name: model for model in (scored, *baselines.models)},
        series,
        init_times=init_times,
        steps=spec.horizon,
        time_step=forecaster.time_step,
        dialect=rules.name,
        climatology=baselines.climatology,
        threshold=threshold,
        value_range=value_range_of(series[trained.start : trained.stop]) if trained else None,
        progress=lambda done, total: progress("forecasting", done, total),
        observe=observe,
    )
    scores.attrs["split"] = split
    notes = [*baselines.notes, note_on_missing(scores)]
    notes += [str(series.attrs.get("note", ""))] if is_video(series) else []
    if any(notes):
        scores.attrs["note"] = "; ".join(note for note in notes if note)
    if is_video(series):
        scores.attrs |= _fairness(run, experiment, series, scores)
    _write(run, scores, dialect=rules.name, split=split)
    place, errors = experiment.place.find(series.attrs.get("place")), details.summarise()
    _write_errors(run, errors if place is None else lay_out_errors(errors, place), series, scores)
    if split == "test" and is_video(series):
        from stforecast.examples import draw_examples

        draw_examples(run.figures, forecaster, series, sequences.examples())
    elif split == "test":
        _draw_example(run, forecaster, series, init_times[len(init_times) // 2])
    return scores


def _write(run: Run, scores: xr.Dataset, *, dialect: str, split: str) -> None:
    # What draws is imported where it draws: forecasts without figures do not wait for it.
    from stforecast.figures.curves import plot_scores
    from stforecast.figures.save import save_figure

    file = run.scores_file(dialect=dialect, split=split)
    with atomic_path(file) as temporary:
        scores.to_netcdf(temporary, engine="netcdf4")
    with atomic_path(file.with_suffix(".csv")) as temporary:
        scores_to_frame(scores).to_csv(temporary, index=False)
    channels = None
    if is_counted(scores.attrs) and ALL_CHANNELS in scores["channel"].values:
        channels = [ALL_CHANNELS]  # red alone is of no interest
    save_figure(plot_scores(scores, channels=channels), run.figures / f"{file.stem}.png")
    if is_counted(scores.attrs):
        # No one number tells of a picture what a reader sees.
        shown = [name for name in dialect_of(scores.attrs).shown if name in scores["metric"].values]
        for metric in shown[1:]:
            figure = plot_scores(scores, metric=metric, channels=channels)
            save_figure(figure, run.figures / f"{file.stem}_{metric}.png")


def _fairness(
    run: Run, experiment: Experiment, series: xr.DataArray, scores: xr.Dataset
) -> dict[str, str]:
    """Published scores, and whether these may stand beside them, as attributes of the scores."""
    epochs = len(pd.read_csv(run.history_file)) if run.history_file.is_file() else None
    judged = judge_fairness(experiment, series, scores, epochs=epochs)
    told = {
        "published": judged.published,
        "fairness": judged.verdict,
        "fairness_remarks": "; ".join(judged.remarks),
    }
    return {key: text for key, text in told.items() if text}


def _details(
    forecaster: Forecaster, baselines: Baselines, series: xr.DataArray, rules: Dialect
) -> ErrorDetails:
    """Sums of errors that are still empty."""
    step = forecaster.time_step
    # Only where the times are true there is a Monday; only traffic keeps a timetable of the week.
    weekly = dialect_for(forecaster.experiment.dataset).by_period and divides_day(step)
    return make_error_details(
        series,
        forecasters=[model.name for model in (forecaster, *baselines.models)],
        lead_times=np.arange(1, forecaster.experiment.horizon + 1) * step,
        weights=row_weights(series, rule=rules.weights),
        normaliser=forecaster.normaliser,
        time_step=step,
        weekly=weekly and series.attrs.get("clock") != "artificial",
    )


def _write_errors(run: Run, errors: xr.Dataset, series: xr.DataArray, scores: xr.Dataset) -> None:
    told = ("time_zone", "clock", "holidays")
    own_rules = (
        *("threshold", "value_low", "value_high", "conversion", "headline"),
        *("published", "fairness", "fairness_remarks"),
    )
    attrs = {key: series.attrs[key] for key in told if key in series.attrs}
    attrs |= {key: value for key, value in scores.attrs.items() if key not in own_rules}
    file = run.errors_file(dialect=scores.attrs["dialect"], split=scores.attrs["split"])
    packed = {
        name: {"zlib": True, "complevel": 1, "shuffle": True}
        for name in errors.data_vars
        if errors[name].ndim > 2
    }
    with atomic_path(file) as temporary:
        errors.assign_attrs({**attrs, **errors.attrs}).to_netcdf(
            temporary, engine="netcdf4", encoding=packed
        )


def _draw_example(
    run: Run, forecaster: Forecaster, series: xr.DataArray, init_time: np.datetime64
) -> None:
    """Truth, forecast and error of one forecast, chosen by its place in the split alone."""
    from stforecast.figures.maps import plot_maps
    from stforecast.figures.save import save_figure

    forecast = forecaster.forecast(
        series, init_times=[init_time], steps=forecaster.experiment.horizon
    )
    place = forecaster.experiment.place.find(series.attrs.get("place"))
    if place is not None:
        forecast, series = place.lay_out(forecast), place.lay_out(series)
    for channel in forecast["channel"].values:
        figure = plot_maps(forecast, init_time=init_time, channel=str(channel), truth=series)
        save_figure(figure, run.figures / f"maps_{channel}.png")
