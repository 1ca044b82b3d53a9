"""How much memory, reading and time `stforecast prepare` takes, against what people do otherwise.

    python -m benchmarks.prepare [--gib 10] [--folder /tmp/stforecast-prepare] [--workers 1,2]

Makes a source of so many GiB (Zarr with chunks of whole fields; NetCDF, a file a year), and does each
thing with it in a process of its own:

- `prepare` on each number of workers, and once more onto a coarser grid;
- mean and standard deviation by xarray and dask, in the chunks that the files have;
- loading the first fifth of it into memory, as scripts do that compute with `.load()`.

Memory is the largest sum over all processes (/proc/PID/smaps_rollup: anonymous and mapped pages, those
that are shared divided among the processes), sampled every 50 ms; read is the sum of `rchar` of
/proc/PID/io while the source is copied.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread
from typing import IO

import numpy as np
import psutil
import xarray as xr
from rich.console import Console
from rich.table import Table

ROWS, COLUMNS = 121, 240
HEIGHTS = {500.0: 5.5e4, 700.0: 2.9e4, 850.0: 1.4e4}  # hPa: m2 s-2
FRAME_BYTES = 4 * (1 + len(HEIGHTS)) * ROWS * COLUMNS
FRAMES_A_CHUNK = 40
THINGS = ("prepare", "prepare to 64x32", "mean and std", "load a fifth")


def make_source(folder: Path, kind: str, gib: float) -> None:
    """t2m and z on three levels, 6-hourly, of so many GiB as float32."""
    n_times = int(gib * 2**30 / FRAME_BYTES)
    times = np.datetime64("1980-01-01", "ns") + np.arange(n_times) * np.timedelta64(6, "h")
    noise = np.random.default_rng(0).normal(size=(64, ROWS, COLUMNS)).astype("float32")
    noise = np.round(noise * 64) / 64  # as packed data are: some bits are always 0
    folder.mkdir(parents=True)
    at_once = 10 * FRAMES_A_CHUNK
    for start in range(0, n_times, at_once):
        block = _block(times[start : start + at_once], noise, start)
        if kind == "netcdf":
            block.to_netcdf(folder / f"era_{start:07d}.nc", engine="netcdf4")
        elif start == 0:
            chunks = {
                "t2m": (FRAMES_A_CHUNK, ROWS, COLUMNS),
                "z": (FRAMES_A_CHUNK, 1, ROWS, COLUMNS),
            }
            encoding = {name: {"chunks": size} for name, size in chunks.items()}
            block.to_zarr(folder / "era.zarr", encoding=encoding, consolidated=False)
        else:
            block.to_zarr(folder / "era.zarr", append_dim="time", consolidated=False)


def _block(times: np.ndarray, noise: np.ndarray, start: int) -> xr.Dataset:
    season = np.sin(np.arange(start, start + len(times)) / 1461 * 2 * np.pi).astype("float32")
    frames = noise[np.arange(start, start + len(times)) % 64] + season[:, None, None]
    dims = ("time", "level", "latitude", "longitude")
    z = np.stack([height + 100 * frames for height in HEIGHTS.values()], axis=1)
    return xr.Dataset(
        {
            "t2m": (("time", *dims[2:]), 280 + 5 * frames, {"units": "K"}),
            "z": (dims, z.astype("float32"), {"units": "m2 s-2"}),
        },
        {
            "time": times,
            "level": ("level", list(HEIGHTS), {"units": "hPa"}),
            "latitude": ("latitude", np.linspace(90, -90, ROWS), {"units": "degrees_north"}),
            "longitude": ("longitude", np.arange(COLUMNS) * 1.5, {"units": "degrees_east"}),
        },
    )


def do(what: str, source: Path, out: Path, workers: int) -> None:
    """One thing, in this process and its children; prints when the copying ends."""
    if what.startswith("prepare"):
        from pipelines.preparing.prepare import prepare
        from pipelines.weather_opening import open_parts

        seen: set[str] = set()

        def tell(kind: str, done: int, total: int) -> None:
            if kind not in seen:
                seen.add(kind)
                sys.stdout.write(f"{kind}\n")
                sys.stdout.flush()

        prepare(
            partial(open_parts, source),
            out,
            source=source,
            request={},
            grid="64x32" if what == "prepare to 64x32" else None,
            workers=workers,
            tell=tell,
        )
        return
    data = (
        xr.open_zarr(source / "era.zarr", consolidated=False)
        if (source / "era.zarr").exists()
        else xr.open_mfdataset(str(source / "*.nc"), chunks={})
    )
    if what == "mean and std":
        dims = ["time", "latitude", "longitude"]
        xr.merge([data.mean(dims), data.std(dims).rename({"t2m": "a", "z": "b"})]).compute()
    else:
        part = data.isel(time=slice(data.sizes["time"] // 5)).load()
        xr.merge([part.mean(), part.std().rename({"t2m": "a", "z": "b"})])


def measure(what: str, source: Path, out: Path, workers: int) -> dict:
    """Peak memory (bytes), bytes read while copying and in all, and seconds."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.prepare",
        "--do",
        what,
        "--folder",
        str(source),
        "--out",
        str(out),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, text=True
    )
    root = psutil.Process(process.pid)
    peak, read, copied = 0, {}, None
    assert process.stdout is not None
    lines: list[str] = []
    reader = Thread(target=_collect, args=(process.stdout, lines))
    reader.start()
    while process.poll() is None:
        memory = 0
        try:
            for one in [root, *root.children(recursive=True)]:
                memory += one.memory_full_info().pss
                read[one.pid] = one.io_counters().read_chars
        except (psutil.Error, FileNotFoundError, ProcessLookupError):
            pass
        peak = max(peak, memory)
        if copied is None and "measuring" in lines:
            copied = sum(read.values())
        time.sleep(0.05)
    reader.join()
    if process.returncode:
        raise SystemExit(f"{what} failed")
    return {
        "what": what,
        "workers": workers,
        "peak": peak,
        "copied": copied,
        "read": sum(read.values()),
        "seconds": time.perf_counter() - began,
    }


def _collect(stream: IO[str], lines: list[str]) -> None:
    lines.extend(line.strip() for line in stream)


def main() -> None:
    """Make, measure, print a table, clean up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--gib", type=float, default=10)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/stforecast-prepare"))
    parser.add_argument("--kinds", default="zarr,netcdf")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--things", default=",".join(THINGS), help="of these, separated by commas")
    parser.add_argument("--do")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.do:
        do(options.do, options.folder, options.out, int(options.workers))
        return
    options.folder.mkdir(parents=True, exist_ok=False)
    console = Console(width=110, soft_wrap=True)
    table = Table(title=f"{options.gib:g} GiB of {ROWS}×{COLUMNS} fields as float32")
    for heading in ("source", "what", "workers", "peak memory", "source on disk", "read", "time"):
        table.add_column(heading)
    counts = [int(count) for count in options.workers.split(",")]
    try:
        for kind in options.kinds.split(","):
            source = options.folder / kind
            make_source(source, kind, options.gib)
            size = sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
            wanted = options.things.split(",")
            things = [("prepare", count) for count in counts if "prepare" in wanted]
            things += [(what, 1) for what in THINGS[1:] if what in wanted]
            for what, workers in things:
                out = options.folder / "store"
                facts = measure(what, source, out, workers)
                shutil.rmtree(out, ignore_errors=True)
                console.print(json.dumps({"source": kind, "size": size, **facts}))
                read = facts["copied"] if facts["copied"] is not None else facts["read"]
                table.add_row(
                    kind,
                    what,
                    str(workers),
                    f"{facts['peak'] / 2**20:.0f} MiB",
                    f"{size / 2**30:.2f} GiB",
                    f"{read / 2**30:.2f} GiB",
                    f"{facts['seconds']:.0f} s",
                )
            shutil.rmtree(source)
    finally:
        shutil.rmtree(options.folder, ignore_errors=True)
    console.print(table)


if __name__ == "__main__":
    main()
