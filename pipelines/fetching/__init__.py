"""Real data from the archives that publish them: checked on the way, resumed where they broke off."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

__all__ = ["FETCHERS", "Fetcher", "find_fetcher"]


@dataclass(frozen=True)
class Fetcher:
    """An archive that data are fetched from."""

    name: str
    """As in `stforecast fetch NAME`."""
    summary: str
    """One line: what it gives, and what it needs."""
    function: str
    """module:function that fetches to a path; imported when used. Its keywords are the options."""

    @property
    def fetch(self) -> Callable[..., list[Path]]:
        """Fetches to a path, and gives the files and stores that are there then."""
        module, _, function = self.function.partition(":")
        return getattr(import_module(module), function)


FETCHERS: dict[str, Fetcher] = {
    fetcher.name: fetcher
    for fetcher in (
        Fetcher(
            name="weatherbench",
            summary="ERA5 of WeatherBench 2, or any Zarr store of weather data: a local Zarr store",
            function="pipelines.fetching.weatherbench:fetch_weatherbench",
        ),
        Fetcher(
            name="ecmwf-open",
            summary="the newest analyses of ECMWF's open data: a GRIB file each six hours",
            function="pipelines.fetching.ecmwf_open:fetch_ecmwf_open",
        ),
        Fetcher(
            name="era5-cds",
            summary="ERA5 from the Climate Data Store, with a key of yours: a NetCDF file a month",
            function="pipelines.fetching.era5_cds:fetch_era5_cds",
        ),
        Fetcher(
            name="mnist",
            summary="MNIST's images and the test set of Moving MNIST: a folder for mmnist, 0.8 GB",
            function="pipelines.fetching.mnist:fetch_mnist",
        ),
        Fetcher(
            name="fashion-mnist",
            summary="Fashion-MNIST's images: a folder for mfmnist, 31 MB",
            function="pipelines.fetching.mnist:fetch_fashion_mnist",
        ),
    )
}


def find_fetcher(name: str) -> Fetcher:
    """The archive of a name.

    Raises:
        ValueError: no archive has it; the known ones are listed.
    """
    if name not in FETCHERS:
        raise ValueError(f"{name!r} cannot be fetched; there are {', '.join(FETCHERS)}.")
    return FETCHERS[name]
