"""A benchmark as a whole: it compares, chooses by validation, and goes on where it stopped."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.series import Channel, make_series
from pipelines.store import write_store
from stforecast import evaluation
from stforecast.benchmarking import benchmark as whole
from stforecast.benchmarking import trainings
from stforecast.benchmarking.benchmark import run_benchmark
from stforecast.benchmarking.figure import plot_benchmark
from stforecast.benchmarking.measure import Cost
from stforecast.benchmarking.plan import make_benchmark
from stforecast.benchmarking.report import sheets_of, to_terminal, write_report
from stforecast.errors import TrainingError
from stforecast.run import Run
from stforecast.source import stored_series

SETTINGS = (
    "history=3",
    "horizon=3",
    "training.batch_size=8",
    "training.window_stride=2",
    "training.gradient_clip=1.0",
    "networks.convlstm.width=4",
    "networks.convlstm.layers=1",
    "networks.simvp.spatial_width=4",
    "networks.simvp.translator_width=8",
    "networks.simvp.translator_layers=2",
)
RATES = (1e-2, 1e30)
COST = Cost(
    parameters=1_500_000,
    macs=2_000_000_000,
    latency=0.004,
    throughput=800.0,
    forecast_memory=3 * 2**20,
    training_memory=None,
    device="a machine",
    threads=1,
    load=0.5,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store of travelling waves, every day of 160."""
    folder = tmp_path_factory.mktemp("benchmark")
    columns, days = np.arange(16), np.arange(160)
    phase = 2 * np.pi * (columns - days[:, None]) / 16
    frames = 280 + 10 * np.sin(phase)[:, None, None, :] * np.linspace(1, 2, 8)[:, None]
    series = make_series(
        frames.astype("float32"),
        times=np.datetime64("2015-01-01", "ns") + days * np.timedelta64(1, "D"),
        channels=(Channel("t2m", "t2m", None, "K", "air_temperature", "2 metre temperature"),),
        latitude=78.75 - 22.5 * np.arange(8),
        longitude=22.5 * columns,
        attrs={"dataset": "weatherbench", "synthetic": "true", "time_zone": "UTC"},
    )
    write_store(series, folder / "data")
    return folder


@pytest.fixture(scope="module")
def series(place):
    return stored_series("weatherbench", place / "data")


@pytest.fixture(autouse=True)
def _known_costs(monkeypatch):
    def cost(run, *, device_type):
        fast = "convlstm" in str(run.folder)
        return replace(COST, latency=0.002 if fast else 0.004)

    monkeypatch.setattr(whole, "cost_of_run", cost)


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """No maps of each run's example: they take half of the time, and nothing here looks at them."""
    monkeypatch.setattr(evaluation, "_draw_example", lambda *given: None)


def planned(place, *networks, settings=(), **options):
    options = {"learning_rates": RATES, "seeds": 2, "epochs": 2, "preset": "small"} | options
    names = networks or ("simvp", "convlstm")
    own = [
        setting
        for setting in SETTINGS
        if not setting.startswith("networks") or setting.split(".")[1] in names
    ]
    benchmark = make_benchmark("weatherbench", names, settings=[*own, *settings], **options)
    return benchmark.on(str(place / "data"))


@pytest.fixture
def trained(monkeypatch):
    """Folders of the trainings that are called, with whether they are resumed."""
    calls = []

    def train(experiment, series, run, *, resume, **others):
        calls.append(("/".join(run.parts[-2:]), resume))
        return trainings_train(experiment, series, run, resume=resume, **others)

    trainings_train = trainings.train
    monkeypatch.setattr(trainings, "train", train)
    return calls


@pytest.fixture(scope="module")
def folder(place):
    return place / "compared"


def test_an_interrupted_benchmark_does_only_what_is_missing(
    place, series, folder, trained, monkeypatch
):
    module = sys.modules["stforecast.training.train"]
    finish, count = module._finish, []

    def interrupted(*arguments):
        count.append(1)
        if len(count) == 2:  # all epochs of the second seed are trained, but not more
            raise KeyboardInterrupt
        finish(*arguments)

    monkeypatch.setattr(module, "_finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(planned(place), series, folder, device="cpu")
    assert trained == [
        ("simvp/rate-0.01-seed-0", False),
        ("simvp/rate-1e+30-seed-0", False),
        ("simvp/rate-0.01-seed-1", False),
    ]
    trained.clear()
    run_benchmark(planned(place), series, folder, device="cpu")
    assert trained == [
        ("simvp/rate-0.01-seed-1", True),
        ("convlstm/rate-0.01-seed-0", False),
        ("convlstm/rate-1e+30-seed-0", False),
        ("convlstm/rate-0.01-seed-1", False),
    ]
    trained.clear()
    more = planned(place, seeds=3)
    results = run_benchmark(more, series, folder, device="cpu")
    assert [name for name, _ in trained] == [
        "simvp/rate-0.01-seed-2",
        "convlstm/rate-0.01-seed-2",
    ]
    assert {score.seeds for score in results.scores if score.kind == "network"} == {3}


def test_validation_chooses_the_rate_and_one_that_diverges_loses(place, series, folder):
    results = run_benchmark(planned(place), series, folder, device="cpu")
    for one in results.trainings.values():
        assert one.learning_rate == 1e-2
        assert [outcome.seed for outcome in one.outcomes] == [0, 1]
        assert len(one.runs) == 2
        assert one.search_seconds > sum(outcome.seconds for outcome in one.outcomes)
        history = pd.read_csv(one.runs[1].history_file)
        assert one.outcomes[1].validation_loss == history["validation_loss"].min()
    assert any("simvp was best at the lowest learning rate" in note for note in results.notes)


def test_means_and_deviations_are_those_of_the_runs(place, series, folder):
    results = run_benchmark(planned(place), series, folder, device="cpu")
    score = next(s for s in results.scores if (s.forecaster, s.metric) == ("convlstm", "rmse"))
    values = []
    for run in results.trainings["convlstm"].runs:
        table = pd.read_csv(run.folder / "scores.csv")
        chosen = table[(table["forecaster"] == "convlstm") & (table["metric"] == "rmse")]
        values.append(float(chosen[chosen["lead_time_hours"].isna()]["score"].iloc[0]))
    first, second = values
    assert score.mean == pytest.approx((first + second) / 2)
    assert score.deviation == pytest.approx(abs(first - second) / np.sqrt(2))
    assert (score.units, score.seeds, score.channel) == ("K", 2, "t2m")
    persistence = [s for s in results.scores if s.forecaster == "persistence"]
    assert all((s.kind, s.deviation, s.seeds) == ("baseline", None, 0) for s in persistence)


def test_all_networks_stand_in_tables_files_and_figure(place, series, folder):
    results = run_benchmark(planned(place), series, folder, device="cpu")
    write_report(results, folder)
    table = pd.read_csv(folder / "benchmark.csv")
    assert {"simvp", "convlstm", "persistence"} <= set(table["forecaster"])
    rows = table[table["forecaster"] == "simvp"]
    assert (rows["parameters"] == 1_500_000).all()
    assert set(rows["dialect"]) == {"wb2"}
    assert rows["deviation"].notna().all()
    text = (folder / "benchmark.md").read_text()
    for part in ("± ", "dialect wb2", "chooses learning rate and epoch", "1.500 | 2 | 4 | 800 | 3"):
        assert part in text
    scores, costs, times, _ = sheets_of(results)
    assert [row[0] for row in scores.rows][:2] == ["simvp", "convlstm"]
    assert all("±" in cell for row in scores.rows[:2] for cell in row[1:3])
    assert costs.rows[1][1:] == ("1.500", "2", "2", "800", "3")
    assert times.rows[0][1:3] == ("0.01", "2")
    assert to_terminal(scores).row_count == len(scores.rows)
    figure = plot_benchmark(results)
    names = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert names == {"SimVP", "ConvLSTM"}


def test_published_figures_stand_apart_and_are_labelled(place, series, folder):
    results = run_benchmark(planned(place), series, folder, device="cpu")
    *measured, published = sheets_of(results)
    assert "not comparable" in published.title
    assert "chosen on the test data" in published.below
    assert {row[0] for row in published.rows} >= {
        "weatherbench-t2m-gsta",
        "weatherbench-t2m-convlstm-s",
    }
    assert not any(
        "weatherbench-" in cell for sheet in measured for row in sheet.rows for cell in row
    )
    others = replace(results, scores=tuple(replace(s, channel="z500") for s in results.scores))
    assert not any("published" in sheet.title for sheet in sheets_of(others))


def test_a_folder_keeps_to_one_comparison(place, series, folder, tmp_path):
    with pytest.raises(ValueError, match=r"experiment.training.epochs = 2, now 5"):
        run_benchmark(planned(place, epochs=5), series, folder, device="cpu")
    with pytest.raises(ValueError, match=r"budget = none, now 1.0"):
        run_benchmark(planned(place, budget=1.0, epochs=None), series, folder, device="cpu")
    other = planned(place, settings=["networks.convlstm.kernel=3"])
    with pytest.raises(ValueError, match="begun with other options of convlstm: .*kernel"):
        run_benchmark(other, series, folder, device="cpu")
    with pytest.raises(ValueError, match="data_fingerprint"):
        run_benchmark(planned(place), series[:150], folder, device="cpu")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="is no benchmark, and not empty"):
        run_benchmark(planned(place), series, tmp_path, device="cpu")


def test_a_budget_becomes_epochs_by_the_time_of_a_first_one(
    place, series, tmp_path, trained, monkeypatch
):
    outcome_of = trainings._outcome_of
    monkeypatch.setattr(
        trainings, "_outcome_of", lambda *given: replace(outcome_of(*given), seconds=2.0)
    )
    # 7 s at 2 s an epoch: 3 epochs fit.
    benchmark = planned(
        place, "convlstm", budget=7 / 60, epochs=None, learning_rates=(1e-2,), seeds=1
    )
    results = run_benchmark(benchmark, series, tmp_path / "timed", device="cpu")
    assert [name for name, _ in trained] == ["convlstm/pilot", "convlstm/rate-0.01-seed-0"]
    assert results.trainings["convlstm"].outcomes[0].epochs == 3
    assert results.trainings["convlstm"].search_seconds == 4.0
    assert "0.116667 minutes each" in results.facts["training"]
    one = next(score for score in results.scores if score.kind == "network")
    assert (one.seeds, one.deviation) == (1, None)
    short = planned(place, "convlstm", budget=1 / 60, epochs=None, learning_rates=(1e-2,), seeds=1)
    results = run_benchmark(short, series, tmp_path / "short", device="cpu")
    assert any("one epoch, the least there is" in note for note in results.notes)


def test_a_network_that_never_learns_is_named_and_costs_nothing_more(
    place, series, tmp_path, monkeypatch
):
    monkeypatch.setattr(whole, "cost_of_run", lambda run, *, device_type: COST)
    diverging = planned(place, learning_rates=(1e30,), seeds=2, epochs=1)
    with pytest.raises(TrainingError, match="no network learnt anything at any learning rate"):
        run_benchmark(diverging, series, tmp_path / "none", device="cpu")
    benchmark = planned(place, learning_rates=(1e-2,), seeds=2, epochs=1)
    folder = tmp_path / "some"
    outcome = '{"learning_rate": 0.01, "seed": 0, "epochs": 1, "best_epoch": 0, '
    outcome += '"validation_loss": Infinity, "seconds": 1.0}'
    results = run_benchmark(benchmark, series, folder, device="cpu")
    (folder / "runs/simvp/rate-0.01-seed-0/outcome.json").write_text(outcome)
    second = folder / "runs/convlstm/rate-0.01-seed-1/outcome.json"
    second.write_text(outcome.replace('"seed": 0', '"seed": 1'))
    results = run_benchmark(benchmark, series, folder, device="cpu")
    assert "simvp diverged at every learning rate" in results.notes
    assert "convlstm diverged with seed 1, which is left out" in results.notes
    scores, costs, times, *_ = sheets_of(results)
    assert set(scores.rows[0][1:]) == {"diverged"}
    assert set(costs.rows[0][1:]) == {"–"}
    assert times.rows[0][3] == "diverged"
    table = results.to_frame()
    assert table[table["forecaster"] == "simvp"]["seeds"].tolist() == [0]
    assert plot_benchmark(results).axes


def test_a_busy_machine_is_told(place, series, folder, monkeypatch):
    monkeypatch.setattr(whole, "cost_of_run", lambda run, *, device_type: replace(COST, load=4.0))
    results = run_benchmark(planned(place), series, folder, device="cpu")
    assert any(note.startswith("simvp, convlstm: the machine was busy") for note in results.notes)


def test_trainings_are_ordinary_runs_with_baselines_that_are_fitted_once(place, series, folder):
    results = run_benchmark(planned(place), series, folder, device="cpu")
    runs = [run for one in results.trainings.values() for run in one.runs]
    assert all(isinstance(run, Run) and run.forecaster_file.is_file() for run in runs)
    assert len({run.climatology_file.stat().st_ino for run in runs}) == 1
