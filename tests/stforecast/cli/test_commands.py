"""The command line as people meet it: its surface, a whole path, and what mistakes get."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
import typer
import xarray as xr

from stforecast.cli import app, main

SURFACE = {
    "sample": "dataset out --resolution --time-step --first-year --years --variables --seed --days "
    "--grid --first-day",
    "fetch": "dataset out --source --grid --variables --levels --years --time-step --last --workers "
    "--retries --allow-missing",
    "check": "path --fix --json --html",
    "prepare": "dataset --out --data --variables --time-step --grid --missing --resample --train "
    "--workers --scheduler",
    "train": "dataset --data --sample --preset --config --set --resample --run --resume --device",
    "evaluate": "run --data --split --dialect --threshold --device",
    "forecast": "run --input --output --init-time --steps --layout --place --figures --device "
    "--engine --precision",
    "optimise": "run",
    "benchmark": "dataset --networks --data --sample --preset --config --set --seeds --epochs "
    "--budget --learning-rates --run --device",
    "networks": "--dataset",
    "datasets": "",
    "inspect": "run --json",
    "import": "file --preset --run --data --set",
    "app": "--runs --data --port --host --browser",
    "batch run": "job --dry-run --init-time --workers --scheduler --now --redo",
    "batch status": "job --json --last --now",
    "batch verify": "job --json --now",
    "batch schedule": "job --once --print --workers --scheduler",
}


def commands_of(group):
    """Every command, one in a group as "group command"."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from ((f"{name} {inner}", found) for inner, found in commands_of(command))
        else:
            yield name, command


def test_commands_and_options_grow_only_on_purpose():
    surface = {
        name: " ".join(
            parameter.opts[0] for parameter in command.params if parameter.name != "help"
        )
        for name, command in commands_of(typer.main.get_command(app))
    }
    assert surface == SURFACE


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["stforecast", *map(str, arguments)])
    try:
        main()
        code = 0
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out, output.err


TINY = """
history = 4
horizon = 4
[split]
train = "2015"
validation = "2016-01/2016-06"
test = "2016-07/2016-12"
[network]
spatial_width = 8
translator_width = 16
translator_layers = 2
[training]
epochs = 2
batch_size = 16
window_stride = 8
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A sample and a run that was trained on it."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "tiny.toml").write_text(TINY)
    return folder


def test_the_whole_path_from_a_sample_to_forecast_files(place, monkeypatch, capsys):
    data, run = place / "data", place / "run"
    code, out, _ = call(
        monkeypatch, capsys, "sample", "weatherbench", data, "--years", 2, "--resolution", 22.5
    )
    assert code == 0
    assert "synthetic" in out
    code, out, err = call(
        monkeypatch,
        capsys,
        *("train", "weatherbench", "--data", data, "--config", place / "tiny.toml"),
        *("--run", run, "--set", "variables=t2m", "--device", "cpu"),
    )
    assert (code, err) == (0, "")
    assert "epoch 2: loss" in out
    code, out, _ = call(monkeypatch, capsys, "evaluate", run)
    assert code == 0
    for word in ("persistence", "climatology", "simvp", "t2m rmse", "+24 h"):
        assert word in out
    scores = xr.load_dataset(run / "scores.nc")
    assert scores["score"].dims == ("forecaster", "metric", "channel", "lead_time")
    assert set(scores["forecaster"].values) == {"simvp", "persistence", "climatology"}
    assert scores.attrs["dialect"] == "wb2"
    assert np.isfinite(scores["score"].sel(metric="rmse")).all()
    assert set(pd.read_csv(run / "scores.csv")["forecaster"]) == set(scores["forecaster"].values)
    pictures = sorted(file.name for file in (run / "figures").iterdir())
    assert pictures == ["loss.png", "maps_t2m.png", "scores.png"]
    for output, extra in (("f.nc", ["--figures", place / "maps"]), ("f.zarr", ["--steps", 9])):
        code, out, err = call(
            monkeypatch,
            capsys,
            "forecast",
            run,
            "--input",
            data,
            "--output",
            place / output,
            *extra,
        )
        assert (code, err) == (0, "")
        assert output in out
    assert not list(place.glob(".partial*"))
    assert (place / "maps" / "forecast_t2m.png").stat().st_size > 10_000


def test_other_dialects_stand_beside_the_first(place, monkeypatch, capsys):
    run = place / "run"
    code, _, _ = call(monkeypatch, capsys, "evaluate", run, "--dialect", "openstl")
    assert code == 0
    assert (run / "scores_openstl.nc").exists()
    assert xr.load_dataset(run / "scores.nc").attrs["dialect"] == "wb2"


def test_several_init_times_by_name_and_by_range(place, monkeypatch, capsys):
    code, _, err = call(
        monkeypatch,
        capsys,
        *("forecast", place / "run", "--input", place / "data", "--output", place / "many.zarr"),
        *("--init-time", "2015-06-01T06", "--init-time", "2015-07-01/2015-07-05"),
    )
    assert (code, err) == (0, "")
    times = xr.open_zarr(place / "many.zarr")["time"].values
    assert len(times) == 1 + 5 * 4
    assert times[0] == np.datetime64("2015-06-01T06", "ns")


def test_inspect_tells_what_a_run_is(place, monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "inspect", place / "run")
    assert code == 0
    for word in ("weatherbench (synthetic)", "t2m in K", "8×16", "4 → 4 frames, every 6h", "torch"):
        assert word in out
    _, out, _ = call(monkeypatch, capsys, "inspect", place / "run", "--json")
    assert json.loads(out)["channels"][0]["units"] == "K"


def test_a_prepared_store_trains_as_the_raw_files_do(place, monkeypatch, capsys):
    code, out, _ = call(
        monkeypatch,
        capsys,
        *("prepare", "weatherbench", "--data", place / "data", "--out", place / "store"),
        *("--variables", "t2m"),
    )
    assert (code, "2924 frames of 1 channels on 8×16" in out) == (0, True)
    call(
        monkeypatch,
        capsys,
        *("train", "weatherbench", "--data", place / "store", "--config", place / "tiny.toml"),
        *("--run", place / "run2", "--device", "cpu"),
    )
    first, second = (pd.read_csv(place / run / "history.csv") for run in ("run", "run2"))
    assert first["validation_loss"].tolist() == second["validation_loss"].tolist()


def test_the_catalogue_lists_what_there_is(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "datasets")
    assert "weatherbench" in out
    monkeypatch.setenv("COLUMNS", "100")
    _, out, _ = call(monkeypatch, capsys, "networks")
    assert max(map(len, out.splitlines())) <= 100
    assert "mmnist: 10 → 10 frames of 1×64×64" in out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    # parameters here and published, multiply-adds, published MSE and MAE
    sizes = ["11.521", "M", "14.928", "M", "136", "G"]
    assert rows["weatherbench-t2m-convlstm-s"] == [*sizes, "1.521", "0.7949"]
    assert rows["weatherbench-mv-tau"] == ["9.549", "M", "–", "5.001", "G*", "–", "–"]
    _, out, _ = call(monkeypatch, capsys, "networks", "--dataset", "taxibj")
    assert "taxibj-gsta" in out
    assert "weatherbench" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train weather --data {place}/data", "dataset 'weather' is unknown; known: weatherbench"),
        ("train weatherbench --data {place}/absent", "absent does not exist"),
        ("train weatherbench --data {place}/data --set epochs=3", "epochs is no key"),
        ("train weatherbench --data {place}/data --preset x", "preset 'x' is none of"),
        (
            "train weatherbench --data {place}/data --run {place}/x --set network.width=3",
            "no option width",
        ),
        ("train weatherbench --data {place}/data --run {place}/run", "holds a run already"),
        ("train weatherbench --resume", "give --run DIR"),
        ("train weatherbench --resume --run {place}/run --resample mean", "--resample, --preset"),
        (
            "train weatherbench --data {place}/data --set missing=fill --resample near",
            "resample = 'near': Input should be 'none', 'nearest', 'linear' or 'mean'",
        ),
        ("evaluate {place}/absent", "is no run: it does not exist"),
        ("evaluate {place}/run --dialect wb3", "dialect 'wb3' is unknown"),
        ("evaluate {place}/run --split all", "split 'all' is unknown; known: train, validation"),
        ("forecast {place}/run --input {place}/data --output {place}/f.txt", "f.txt"),
        (
            "forecast {place}/run --input {place}/data --output {place}/f.nc --init-time 2031-01-01",
            "no frame at 2030-12-31",
        ),
        (
            "forecast {place}/run --input {place}/data --output {place}/f.nc --init-time soon",
            "'soon' is no time; write",
        ),
        ("inspect {place}/data", "no forecaster.safetensors"),
        ("networks --dataset x", "there is no preset for 'x'; there are some for weatherbench"),
        ("sample weatherbench {place}/data", "exists already and is not empty"),
        ("prepare weatherbench --data {place}/data --out {place}/run", "exists already"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, message, place, monkeypatch, capsys):
    code, _, err = call(monkeypatch, capsys, *arguments.format(place=place).split())
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_a_mistake_shows_where_it_comes_from_when_asked(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("STFORECAST_DEBUG", "1")
    with pytest.raises(ValueError, match="is no run"):
        call(monkeypatch, capsys, "evaluate", tmp_path)


def test_an_interrupt_leaves_with_its_own_code(monkeypatch, capsys):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("stforecast.forecaster.read_facts", interrupt)
    code, _, err = call(monkeypatch, capsys, "inspect", "run")
    assert code == 130
    assert "error: interrupted; nothing is half-written.\n" in err


def test_a_failure_is_one_line_and_exit_code_1(place, monkeypatch, capsys):
    (place / "file").write_text("")
    code, _, err = call(
        monkeypatch,
        capsys,
        *("forecast", place / "run", "--input", place / "data"),
        *("--output", place / "file" / "f.nc"),
    )
    assert code == 1
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_an_output_never_replaces_its_input_or_a_strange_folder(place, monkeypatch, capsys):
    before = sorted((place / "data").rglob("*"))
    arguments = ("forecast", place / "run", "--input", place / "data", "--output")
    (place / "strange.zarr").mkdir(exist_ok=True)
    for output, message in (
        (place / "data" / "f.nc", "would lie in the input"),
        (place / "strange.zarr", "is no forecast of stforecast's, and is not replaced"),
    ):
        code, _, err = call(monkeypatch, capsys, *arguments, output)
        assert code == 2
        assert message in err
    assert sorted((place / "data").rglob("*")) == before


def test_days_that_training_never_saw_have_no_climatology(place, monkeypatch, capsys):
    code, _, err = call(
        monkeypatch,
        capsys,
        *("train", "weatherbench", "--data", place / "data", "--config", place / "tiny.toml"),
        *("--set", "split.train=2015-01/2015-04", "--set", "variables=t2m"),
        *("--run", place / "spring", "--device", "cpu"),
    )
    assert (code, err) == (0, "")
    _, out, _ = call(monkeypatch, capsys, "evaluate", place / "spring")
    assert "note: no climatology on" in out
    assert "climatology" not in xr.load_dataset(place / "spring" / "scores.nc")["forecaster"]
    (place / "spring" / "climatology.nc").unlink()
    _, out, _ = call(monkeypatch, capsys, "evaluate", place / "spring", "--split", "validation")
    assert "note: the run has no climatology" in out
    assert (place / "spring" / "scores_validation.nc").exists()


def test_the_sample_is_made_once_and_trained_on(place, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    made = []

    def write_sample(folder, *, progress):
        made.append(folder)
        (place / "data").rename(folder)

    monkeypatch.setattr("pipelines.weatherbench_sample.write_weatherbench_sample", write_sample)
    for number in (1, 2):
        code, out, err = call(
            monkeypatch,
            capsys,
            *("train", "weatherbench", "--sample", "--config", place / "tiny.toml"),
            *("--set", "training.epochs=1", "--set", "variables=t2m"),
        )
        assert (code, err) == (0, "")
        assert f"runs/weatherbench-{number}" in out
    assert len(made) == 1
    code, _, err = call(monkeypatch, capsys, "train", "weatherbench", "--sample", "--data", place)
    assert (code, "leave out --data" in err) == (2, True)
    monkeypatch.setenv("WORLD_SIZE", "2")
    code, _, err = call(monkeypatch, capsys, "train", "weatherbench", "--sample")
    assert (code, "name it with --run" in err) == (2, True)
