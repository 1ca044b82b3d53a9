"""Small runs as the dashboard shows them; the dashboard without a browser, and in one."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from streamlit.testing.v1 import AppTest

from pipelines.series import Channel, make_series
from pipelines.store import write_store
from stforecast.batch.job import load_job
from stforecast.batch.run import run_job
from stforecast.evaluation import evaluate_run
from stforecast.experiment import load_experiment
from stforecast.run import Run
from stforecast.source import stored_series
from stforecast.training import train
from tests.conftest import make_waves

HOME = Path(__file__).parents[2]
MAIN = HOME / "app" / "main.py"
NETWORK = {
    "name": "simvp",
    "spatial_width": 4,
    "translator_width": 8,
    "translator_layers": 2,
}
T2M = Channel("t2m", "t2m", None, "K", "air_temperature", "2 metre temperature")
U10 = Channel("u10", "u10", None, "m s-1", "eastward_wind", "10 metre u wind component")
V10 = Channel("v10", "v10", None, "m s-1", "northward_wind", "10 metre v wind component")


def make_region(n_times=160):
    """Waves over the seas around Britain, of one channel on 12×10."""
    rows, columns, steps = np.arange(12), np.arange(10), np.arange(n_times)
    phase = 2 * np.pi * (columns[None, :] - steps[:, None]) / 10
    frames = 280 + 8 * np.sin(phase)[:, None, :] * (1 + 0.1 * np.cos(rows))[None, :, None]
    return make_series(
        frames[:, None].astype("float32"),
        times=np.datetime64("2015-01-01", "ns") + steps * np.timedelta64(6, "h"),
        channels=[T2M],
        latitude=61.0 - rows,
        longitude=-8.0 + columns,
        attrs={"dataset": "weatherbench", "synthetic": "true", "time_zone": "UTC"},
    )


def make_city(n_days=12):
    """Counts with a daily rhythm on 5×4 cells, every half hour from a Monday on."""
    n_times = n_days * 48
    rng = np.random.default_rng(0)
    rhythm = 30 + 20 * np.sin(2 * np.pi * np.arange(n_times) / 48)
    frames = rng.poisson(rhythm[:, None, None, None], size=(n_times, 2, 5, 4))
    return make_series(
        frames.astype("float32"),
        times=np.datetime64("2016-01-04", "ns") + np.arange(n_times) * np.timedelta64(30, "m"),
        channels=[Channel(name, name, valid_min=0.0) for name in ("inflow", "outflow")],
        attrs={"dataset": "taxibj", "synthetic": "true", "time_zone": "Asia/Shanghai"},
    )


def train_small(folder, name, series, *, dataset="weatherbench", horizon=3):
    """A run `name` in a folder, trained for a moment on a series whose store lies in `data`."""
    store = folder.parent / "data" / name
    write_store(series, store)
    experiment = load_experiment(
        base={
            "dataset": dataset,
            "history": 4,
            "horizon": horizon,
            "network": NETWORK,
            "training": {"epochs": 1, "batch_size": 16, "window_stride": 8},
        },
        settings=[f"data={store}"],
    )
    return train(experiment, stored_series(dataset, store), folder / name, device="cpu")


@pytest.fixture(autouse=True)
def _own_main_module() -> Iterator[None]:
    """AppTest leaves its script behind as `__main__`, which processes spawned later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """A folder with the runs `globe` (t2m and wind), `region`, `city` and `broken`, and a job."""
    folder = tmp_path_factory.mktemp("place") / "runs"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STFORECAST_CACHE", str(folder.parent / "cache"))
        train_small(folder, "globe", make_waves(160, channels=(T2M, U10, V10)))
        train_small(folder, "region", make_region())
        train_small(folder, "city", make_city(), dataset="taxibj", horizon=4)
        _break(folder)
        _set_up_desk(folder)
    # The newest run is what a visitor sees at first.
    later = time.time() + 24 * 3600  # and so it stays, whatever is evaluated meanwhile
    os.utime(folder / "globe" / "forecaster.safetensors", (later, later))
    return folder


@pytest.fixture(scope="session")
def scored_runs(runs):
    """The same, of which `globe` and `city` are evaluated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STFORECAST_CACHE", str(runs.parent / "cache"))
        for name in ("globe", "city"):
            evaluate_run(Run(runs / name), device="cpu")
    return runs


def _break(folder):
    (folder / "broken").mkdir()
    (folder / "broken" / "experiment.toml").write_bytes(
        (folder / "region" / "experiment.toml").read_bytes()
    )
    (folder / "broken" / "forecaster.safetensors").write_bytes(b"\x10" + 40 * b"\0")


def _set_up_desk(folder):
    """A job that has made forecasts of the globe for two days."""
    job = {
        "name": "desk",
        "run": "globe",
        "input": {"data": str(folder.parent / "data" / "globe")},
        "init_times": {"range": "2015-01-03T00:00/2015-01-04T18:00"},
        "output": [{"path": "desk/{init_time:%Y%m%dT%H}.nc"}],
    }
    (folder / "desk.toml").write_text(tomli_w.dumps(job))
    run_job(load_job(folder / "desk.toml"), now=np.datetime64("2015-01-06", "ns"))


@pytest.fixture
def open_app(monkeypatch, runs):
    """Opens the dashboard at a page and an address, as a browser would but without one."""

    def open_at(page="", *, folder=runs, data=(), **address):
        monkeypatch.setenv("STFORECAST_RUNS", str(folder))
        monkeypatch.setenv("STFORECAST_APP_DATA", os.pathsep.join(map(str, data)))
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        for key, value in address.items():
            app.query_params[key] = value
        if page:
            app.run()
            app.switch_page(page)
        return app.run()

    return open_at


def find_chromium():
    """Chromium or a relative of it; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def server(runs, tmp_path_factory):
    """Address of the dashboard over the runs, served by the command itself."""
    if find_chromium() is None:
        pytest.skip("there is no chromium here (make setup-test says how to get it)")
    port = free_port()
    cache = tmp_path_factory.mktemp("cache")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "stforecast", "app", "--runs", str(runs)),
            *("--port", str(port), "--no-browser"),
        ],
        env={**os.environ, "STFORECAST_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://localhost:{port}"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _wait_for(address, process):
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the dashboard ended at once:\n{process.stdout.read()}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the dashboard did not answer")


@pytest.fixture(scope="session")
def browser(server):
    """Chromium, without a window and without a network of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=find_chromium(),
            args=[
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking"),
                *("--disable-component-update", "--disable-sync"),
            ],
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    """An empty page, 1440×900."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()
