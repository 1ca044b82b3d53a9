import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.fetching.failure import Patience
from pipelines.fetching.weatherbench import fetch_weatherbench
from pipelines.grib_library import load_eccodes


@pytest.fixture
def hurry() -> Patience:
    """Two more attempts, hardly a pause."""
    return Patience(retries=2, first_pause_s=0.01, timeout_s=2)


class Loopback(ThreadingHTTPServer):
    """Serves a folder, counts what is asked for, and misbehaves as `answer` says."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: Counter[str] = Counter()
        # What is sent instead of a file: (path, how often asked) -> status, headers, body, or None.
        self.answer: Callable[[str, int], tuple[int, dict, bytes] | None] = lambda path, count: None
        self.lock = threading.Lock()

    def sabotage(self, key: str, *answers: tuple | None) -> None:
        """Answer a key with these, one after the other; the last one for ever; None is the file."""
        self.answer = lambda path, count: (
            answers[min(count, len(answers)) - 1] if path == key else None
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Loopback

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        with self.server.lock:
            self.server.asked[path] += 1
            count = self.server.asked[path]
        given = self.server.answer(path, count)
        if given is None:
            file = self.server.folder / path
            given = (200, {}, file.read_bytes()) if file.is_file() else (404, {}, b"not here")
        status, headers, body = given
        asked = self.headers.get("Range")
        if status == 200 and asked and not headers:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            part = (
                body[int(first) : int(last) + 1 if last else None] if first else body[-int(last) :]
            )
            status, body = 206, part
        self.send_response(status)
        for name, value in {
            "Content-Length": str(len(body)),
            "Accept-Ranges": "bytes",
            "ETag": f'"{hashlib.md5(body).hexdigest()}"' if status == 200 else '"x"',
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[[Path], Loopback]]:
    """Starts a server of a folder on loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers = []

    def start(folder: Path) -> Loopback:
        server = Loopback(folder)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def make_source(tmp_path) -> Callable[..., tuple[Path, xr.Dataset]]:
    """A small store as WeatherBench 2 lays its own out: format 2, (time, level, longitude, latitude)."""

    def make(
        name: str = "source.zarr", *, frames: int = 20, chunk: int = 4, first: str = "2010-01-01"
    ) -> tuple[Path, xr.Dataset]:
        random = np.random.default_rng(1)
        grid = ("longitude", "latitude")
        dataset = xr.Dataset(
            {
                "2m_temperature": (("time", *grid), random.normal(280, 5, (frames, 8, 4))),
                "geopotential": (
                    ("time", "level", *grid),
                    random.normal(5e4, 9, (frames, 3, 8, 4)),
                ),
                "temperature": (("time", "level", *grid), random.normal(250, 5, (frames, 3, 8, 4))),
                "land_sea_mask": (grid, random.uniform(0, 1, (8, 4))),
            },
            coords={
                "time": np.datetime64(first, "ns") + np.arange(frames) * np.timedelta64(6, "h"),
                "level": [500, 850, 1000],
                "longitude": np.arange(0, 360, 45.0),
                "latitude": np.arange(-67.5, 90, 45),
            },
        )
        dataset = dataset.map(lambda array: array.astype("float32"))
        encoding = {
            str(name): {"chunks": (chunk, *array.shape[1:])}
            for name, array in dataset.data_vars.items()
            if "time" in array.dims
        }
        folder = tmp_path / name
        dataset.to_zarr(folder, zarr_format=2, consolidated=True, encoding=encoding)
        return folder, dataset

    return make


@pytest.fixture
def grib() -> Callable[..., bytes]:
    """One GRIB 2 message, as ECMWF's open data hold them."""
    eccodes = load_eccodes()

    def make(name: str, *, level: int | None = None, date: int = 20260801, time: int = 0) -> bytes:
        kind = "sfc" if level is None else "pl"
        handle = eccodes.codes_grib_new_from_samples(f"regular_ll_{kind}_grib2")
        for key, value in {"dataDate": date, "dataTime": time, "shortName": name}.items():
            eccodes.codes_set(handle, key, value)
        if level is not None:
            eccodes.codes_set(handle, "level", level)
        message = eccodes.codes_get_message(handle)
        eccodes.codes_release(handle)
        return message

    return make


@pytest.fixture
def fetched() -> Callable[[Path], xr.Dataset]:
    """Reads a copy."""
    return lambda out: xr.open_zarr(out, consolidated=True, chunks=None).load()


@pytest.fixture
def remote(make_source, serve) -> tuple[Loopback, xr.Dataset]:
    """A good store behind a server that can be told to misbehave."""
    folder, source = make_source()
    return serve(folder), source


class Fetch:
    """Fetches to `folder`, and gives the copy and what was said."""

    def __init__(self, folder: Path, patience: Patience) -> None:
        self.folder = folder
        self._patience = patience

    def __call__(self, source, *, out="era5.zarr", patience=None, **options):
        said = []
        path = self.folder / out
        patience = patience or self._patience
        fetch_weatherbench(path, source=str(source), patience=patience, say=said.append, **options)
        return xr.open_zarr(path, consolidated=True, chunks=None).load(), "\n".join(said)

    def refused(self, error, match, source, **options):
        """See that an attempt is refused, and that no copy is there."""
        with pytest.raises(error, match=match):
            self(source, **options)
        assert not (self.folder / options.get("out", "era5.zarr")).exists()


@pytest.fixture
def fetch(tmp_path, hurry) -> Fetch:
    """Fetches to the folder "out"."""
    return Fetch(tmp_path / "out", hurry)
