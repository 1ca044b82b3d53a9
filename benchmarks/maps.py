"""Times of a map in milliseconds: the first draw, and a step to another field, as a PNG.

    OMP_NUM_THREADS=1 python -m benchmarks.maps

A step is what a dashboard does when its slider moves: a new field on a frame that is there already;
"+wind" has arrows and a marked cell too. "again" is a first draw of a view that was seen before. Times
are those of the processor, which other work on the machine hardly changes.
Memory is what the process holds, and how much it grew over a thousand steps.
"""

import argparse
import sys
from collections.abc import Callable
from statistics import median
from time import thread_time

import numpy as np
import psutil
import xarray as xr

from pipelines.variables import channel_of, parse_channel
from stforecast.figures.field_map import FieldMap
from stforecast.figures.fields import Fields
from stforecast.figures.geography import find_view, projections_of
from stforecast.figures.regions import REGIONS
from stforecast.figures.scales import field_scale
from stforecast.figures.wind import reference_speed

SIZES = ((32, 64), (720, 1440))


def tell(line: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def parse_arguments() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Times of a map.")
    parser.add_argument("--width", type=int, default=900, help="of the picture in pixels")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--steps", type=int, default=1000, help="that memory is watched over")
    return parser.parse_args()


def make_grid(rows: int, columns: int) -> xr.DataArray:
    """A grid around the Earth."""
    height, width = 180 / rows, 360 / columns
    return xr.DataArray(
        np.zeros((rows, columns), dtype="float32"),
        dims=("y", "x"),
        coords={
            "latitude": ("y", 90 - height / 2 - np.arange(rows) * height),
            "longitude": ("x", np.arange(columns) * width),
        },
    )


def make_fields(grid: xr.DataArray, count: int = 8) -> Fields:
    """Temperatures in K that move eastward."""
    north = np.deg2rad(grid["latitude"].values)[None, :, None]
    east = np.deg2rad(grid["longitude"].values)[None, None, :]
    phase = np.arange(count)[:, None, None] / 4
    values = 245 + 55 * np.cos(north) ** 2 + 6 * np.cos(3 * east - phase + 2 * north)
    values += 4 * np.sin(9 * east - phase) * np.cos(north) ** 3
    times = np.full(count, np.datetime64("2018-01-01", "ns"))
    leads = ((np.arange(count) + 1) * np.timedelta64(6, "h")).astype("timedelta64[ns]")
    channel = channel_of(*parse_channel("t2m"))
    return Fields(values.astype("float32"), None, times, leads, channel, 1.0, "K", False, {})


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time that something takes."""
    started = thread_time()
    work()
    return 1e3 * (thread_time() - started)


def time_map(
    grid: xr.DataArray, fields: Fields, projection: str, region: str, options: argparse.Namespace
) -> None:
    """One line of the table."""
    box = REGIONS.get(region)
    scale = field_scale(fields, None)
    made: list[FieldMap] = []

    def draw_first() -> None:
        view = find_view(grid, projection=projection, region=box)
        made.append(FieldMap(view, scale, width=options.width))
        made[0].png(fields.forecast[0])

    first = milliseconds(draw_first)
    again = milliseconds(
        lambda: FieldMap(
            find_view(grid, projection=projection, region=box), scale, width=options.width
        ).png(fields.forecast[0])
    )
    wind = (fields.forecast[0] - 270, fields.forecast[1] - 270)
    speed = reference_speed(*wind)
    blown = FieldMap(
        find_view(grid, projection=projection, region=box),
        scale,
        width=options.width,
        wind_speed=speed,
    )
    blown.png(fields.forecast[0], wind=wind)
    numbers = range(options.repeats)
    step = median(
        milliseconds(lambda n=n: made[0].png(fields.forecast[n % len(fields.forecast)]))
        for n in numbers
    )
    with_wind = median(
        milliseconds(
            lambda n=n: blown.png(fields.forecast[n % len(fields.forecast)], wind=wind, mark=(9, 9))
        )
        for n in numbers
    )
    size = len(made[0].png(fields.forecast[0])) / 1e3
    place = f"{grid.shape[0]}×{grid.shape[1]}"
    tell(
        f"{place:>9}  {projection:<18} {region:<10} {made[0].size[0]}×{made[0].size[1]:<5}"
        f"{first:8.0f} {again:8.0f} {step:8.1f} {with_wind:8.1f} {size:8.0f}",
    )


def watch_memory(grid: xr.DataArray, fields: Fields, options: argparse.Namespace) -> None:
    """Memory over many steps on one map."""
    drawn = FieldMap(find_view(grid), field_scale(fields, None), width=options.width)
    process = psutil.Process()
    held = []
    for number in range(options.steps):
        drawn.png(fields.forecast[number % len(fields.forecast)], mark=(number % 32, 5))
        held.append(process.memory_info().rss / 2**20)
    warm = held[min(50, len(held) - 1)]
    tell(
        f"{grid.shape[0]}×{grid.shape[1]}: {warm:.0f} MiB after 50 steps, at most "
        f"{max(held):.0f} MiB in {options.steps}, {held[-1] - warm:+.1f} MiB at the end"
    )


def main() -> None:
    """Prints the table, and memory."""
    options = parse_arguments()
    tell(
        "     grid  projection         region     picture     first    again     step    +wind       kB"
    )
    for rows, columns in SIZES:
        grid = make_grid(rows, columns)
        fields = make_fields(grid)
        for projection in projections_of(grid):
            time_map(grid, fields, projection, "whole", options)
        for region in ("Europe", "Africa", "Tropics"):
            time_map(grid, fields, "automatic", region, options)
    for rows, columns in SIZES:
        grid = make_grid(rows, columns)
        watch_memory(grid, make_fields(grid), options)


if __name__ == "__main__":
    main()
