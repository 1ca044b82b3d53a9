"""A run on video evaluated as the command line does it: tables, examples, and what they say."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image
from typer.testing import CliRunner

from pipelines.clips import FRAME_STEP, GREY, Clip, clip_series
from stforecast import examples
from stforecast.benchmarking.scores import summarise_seeds
from stforecast.cli import app
from stforecast.comparing import compare_runs, skill_table
from stforecast.evaluated import load_errors, load_scores
from stforecast.evaluation import evaluate_run
from stforecast.examples import draw_video
from stforecast.experiment import load_experiment
from stforecast.figures.comparison import plot_comparison
from stforecast.figures.curves import plot_scores
from stforecast.figures.errors import plot_error_histogram, plot_error_map
from stforecast.figures.field_figure import plot_field
from stforecast.figures.fields import read_fields
from stforecast.figures.maps import plot_maps
from stforecast.figures.strip import plot_strip
from stforecast.forecast import make_forecast
from stforecast.forecaster import load_forecaster
from stforecast.forecasting import forecast_file
from stforecast.source import experiment_series
from stforecast.training import train
from stforecast.verification.report import (
    period_table,
    score_tables,
    scores_to_frame,
    skill_sentences,
)
from stforecast.viewing.skill import headline_metric, metrics_of, read_head

TINY = {
    "dataset": "video",
    "history": 2,
    "horizon": 2,
    "normalisation": "minmax01",
    "network": {
        "name": "simvp",
        "spatial_width": 4,
        "translator_width": 8,
        "translator_layers": 2,
    },
    "training": {"epochs": 1, "batch_size": 16, "learning_rate": 5e-3},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a coloured bar that moves, evaluated by both dialects."""
    place = tmp_path_factory.mktemp("video")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STFORECAST_CACHE", str(place / "cache"))
        folder = place / "drive" / "frames"
        folder.mkdir(parents=True)
        for number in range(50):
            frame = np.full((16, 24, 3), 40, dtype="uint8")
            frame[:, (number + np.arange(6)) % 24] = (220, 120, 60)
            Image.fromarray(frame).save(folder / f"{number:06d}.png")
        experiment = load_experiment(base={**TINY, "data": str(folder.parent)})
        series = experiment_series(experiment, folder.parent)
        made = train(experiment, series, place / "run", device="cpu")
        evaluate_run(made, device="cpu")
        evaluate_run(made, device="cpu", dialect="openstl")
        yield made


def test_examples_are_strips_and_moving_pictures(run):
    names = {file.name for file in run.figures.glob("example_*")}
    ranks = ("best", "median", "worst")
    assert names == {f"example_{rank}.{kind}" for rank in ranks for kind in ("png", "gif", "mp4")}
    with Image.open(run.figures / "example_worst.gif") as moving:
        # 2 frames of the input and 2 of the forecast.
        assert getattr(moving, "n_frames", 0) == 4
    assert not list(run.figures.glob("maps_*"))


def test_any_forecast_is_drawn_as_strip_and_moving_pictures(run, tmp_path):
    forecaster = load_forecaster(run.folder)
    data = run.experiment().data
    assert data is not None
    series = experiment_series(run.experiment(), data)
    made = forecaster.forecast(series, init_times=series["time"].values[[46]], steps=5)
    written = draw_video(tmp_path, series, made, history=2)
    assert [file.name for file in written] == ["forecast.png", "forecast.gif", "forecast.mp4"]
    with Image.open(tmp_path / "forecast.gif") as moving:
        # 2 frames of the input and 5 of the forecast.
        assert getattr(moving, "n_frames", 0) == 7


@pytest.mark.parametrize(
    ("at", "known", "told"),
    [
        # Off by 51 of 255 levels, a fifth, in each of 1·8·8 cells: 64 / 25.
        (1, 3, "clip a  ·  MSE 2.56, summed over a frame  ·  frames"),
        (3, 1, "clip a  ·  MSE 2.56, summed over a frame  ·  frames"),
        (4, 0, "video, clip a  ·  frames counted from the last input"),
        (9, 0, "video, clip b  ·  frames"),
    ],
)
def test_the_truth_of_a_forecast_ends_with_its_clip(at, known, told):
    clips = [Clip("clip a", 5), Clip("clip b", 5)]
    frames = np.full((10, 1, 8, 8), 100, dtype="uint8")
    series = clip_series(
        frames, clips, channels=GREY, attrs={"dataset": "video", "source": "memory"}
    )
    values = np.full((1, 3, 1, 8, 8), 151, dtype="float32")
    made = make_forecast(
        values,
        init_times=series["time"].values[[at]],
        time_step=FRAME_STEP,
        like=series,
        forecaster="simvp",
    )
    video = examples._video(series, made, history=2, what="forecast")
    assert (len(video.history), len(video.truth), len(video.forecast)) == (2, known, 3)
    assert told in video.below


def test_every_metric_that_is_shown_has_its_figure(run):
    names = {file.stem for file in run.figures.glob("scores*.png")}
    each = ("mae", "ssim", "psnr")
    of_video = {"scores", *(f"scores_{metric}" for metric in each)}
    assert names == of_video | {name.replace("scores", "scores_openstl") for name in of_video}


@pytest.mark.parametrize("dialect", ["video", "openstl"])
def test_nothing_asks_for_an_rmse_where_there_is_none(run, dialect):
    scores = load_scores(run, dialect=dialect)
    assert headline_metric(scores) == "mse"
    assert next(iter(metrics_of(scores))) == "mse"
    assert period_table(scores) is None
    assert skill_table(scores)["baseline"].tolist() == ["persistence"] * 4
    assert plot_scores(scores).texts[0].get_text() == "MSE"
    (sentence,) = skill_sentences(scores)
    assert sentence.startswith("all: simvp ")
    assert sentence.endswith("in mse") or "frame" in sentence
    metrics = [score.metric for score in summarise_seeds({"simvp": [scores]})]
    assert list(dict.fromkeys(metrics)) == ["mse", "mae", "ssim", "psnr"]


def test_tables_count_frames_and_forecasts_and_name_no_date(run):
    table = score_tables(load_scores(run))[0]
    assert list(table.columns[0].cells) == ["+1 frame", "+2 frames", "all"]
    assert table.caption == "video; forecasts: 7"


def test_rows_of_scores_have_frames_for_lead_times(run):
    frame = scores_to_frame(load_scores(run))
    assert "lead_time_hours" not in frame
    assert frame["lead_frames"].dropna().unique().tolist() == [1.0, 2.0]
    assert pd.read_csv(run.folder / "scores.csv").columns.tolist() == frame.columns.tolist()


def test_scores_say_what_they_may_be_compared_with(run):
    attrs = load_scores(run).attrs
    assert attrs["fairness"].startswith("nothing to compare with")
    assert "published" not in attrs
    assert "first 70 % of its frames" in attrs["note"]
    assert attrs["conversion"] == (
        "MSE of a pixel = mse / (3·16·24); values are scaled from 0…255, the range of grey levels"
    )
    assert "fairness" not in load_errors(run).attrs


def test_errors_of_each_pixel_are_kept_and_drawn(run):
    errors = load_errors(run)
    assert errors["mean_squared_error"].sizes["y"] == 16
    said = [text.get_text() for text in plot_error_map(errors, channel="red").texts]
    assert any("+2 frames" in text or "+1 frame" in text for text in said)
    titles = [
        axes.get_title(loc="left") for axes in plot_error_histogram(errors, channel="red").axes
    ]
    assert "+1 frame" in titles
    head = read_head(run.errors_file(dialect="video", split="test"))
    assert list(head.lead_times) == ["+1 frame", "+2 frames"]


def test_runs_are_compared_by_the_headline_metric(run):
    figure = plot_comparison(compare_runs([run]), channel="all")
    assert figure.texts[0].get_text() == "MSE"
    assert figure.axes[0].get_xlabel() == "Lead time (frames)"


def test_the_command_prints_both_the_tables_and_the_verdict(run):
    told = CliRunner().invoke(app, ["evaluate", str(run.folder), "--device", "cpu"])
    assert told.exit_code == 0, told.output
    for text in ("all mse", "all ssim", "+2 frames", "nothing to compare with", "note: "):
        assert text in told.output
    assert "2000-01-01" not in told.output


def test_a_forecast_file_says_that_its_clock_is_artificial(run, tmp_path):
    data = run.experiment().data
    assert data is not None
    (file,) = forecast_file(run.folder, data, tmp_path / "f.nc", device="cpu")
    with xr.open_dataset(file) as opened:
        assert opened.attrs["title"].endswith("(artificial clock)")
        assert opened.attrs["clock"] == "artificial"
        assert "artificial clock" in opened["time"].attrs["comment"]
        assert set(opened.data_vars) == {"red", "green", "blue"}


def test_maps_and_strips_of_video_count_frames_and_name_no_date(run):
    forecaster = load_forecaster(run.folder)
    experiment = forecaster.experiment
    assert experiment.data is not None
    series = experiment_series(experiment, experiment.data)
    made = forecaster.forecast(series, init_times=[series["time"].values[10]], steps=2)
    for figure in (
        plot_maps(made, truth=series),
        plot_strip(made, series, history=series),
    ):
        said = [text.get_text() for text in figure.texts]
        assert any("frames counted from the last input" in text for text in said)
        assert not [text for text in said if "2000" in text or "min" in text]
    fields = read_fields(made, init_time=None, channel="red", truth=series)
    assert fields.lead_texts == ["+1 frame", "+2 frames"]
    one = plot_field(fields, 1, grid=made)
    assert "+2 frames" in [text.get_text() for text in one.texts]
