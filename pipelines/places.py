"""Places: where on the map the cells of a city's grid lie. Forecasts never depend on it.

A traffic grid is an array of cells without coordinates. A place says which box of degrees it covers and
which way its rows and columns run; maps, files and tables take latitude and longitude from it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from zoneinfo import available_timezones

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from pipelines.series import LATITUDE, LONGITUDE

__all__ = ["PLACES", "Corner", "Place", "PlaceConfig", "place_of_file"]

Corner = Literal["north-west", "north-east", "south-west", "south-east"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A box of degrees with a grid of equal cells in it."""

    name: str
    """As in `place.preset`; "own" for an extent of the user's."""
    extent: tuple[float, float, float, float]
    """South, north, west, east: the outer edges of the outer cells, in degrees."""
    first_cell: Corner = "north-west"
    """In which corner row 0, column 0 lies."""
    transposed: bool = False
    """Rows run along longitude and columns along latitude."""
    time_zone: str | None = None
    """IANA name of the zone whose civil time the data are in."""
    note: str = ""
    """What a reader of a map must know; empty where the extent is exact."""
    files: str = ""
    """Regular expression of the names of its data files."""
    shape: tuple[int, int] | None = None
    """Rows and columns that the extent belongs to; None: any."""

    def __post_init__(self) -> None:
        south, north, west, east = self.extent
        if not (-90 <= south < north <= 90 and west < east and east - west <= 360):
            raise ValueError(
                f"place.extent = {list(self.extent)} must be [south, north, west, east] in degrees, "
                "south below north and west below east."
            )

    def cell_centres(self, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of every cell, each (row, column) in the order of the data."""
        rows, columns = shape[::-1] if self.transposed else shape
        latitude, longitude = self._axes(rows, columns)
        if "south" in self.first_cell:
            latitude = latitude[::-1]
        if "east" in self.first_cell:
            longitude = longitude[::-1]
        north, east = np.meshgrid(latitude, longitude, indexing="ij")
        return (north.T, east.T) if self.transposed else (north, east)

    def check(self, array: xr.DataArray) -> None:
        """Raise ValueError unless a series or forecast can lie here.

        It cannot where its grid has other rows and columns, or a geography of its own.
        """
        shape = (array.sizes["y"], array.sizes["x"])
        if self.shape is not None and shape != self.shape:
            raise ValueError(
                f"place.preset = {self.name!r} is a grid of {self.shape[0]}×{self.shape[1]} cells, but "
                f"the data have {shape[0]}×{shape[1]}; name the extent of yours with place.extent."
            )
        if "latitude" in array.coords:
            raise ValueError(
                f"place {self.name!r} is for grids without coordinates, but the data have latitudes "
                "and longitudes of their own; leave place out."
            )

    def lay_out(self, array: xr.DataArray) -> xr.DataArray:
        """A series or forecast turned so that north is up, with `latitude` (y) and `longitude` (x).

        The coordinates `row` and `column` keep each cell's place in the data.

        Raises:
            ValueError: the grid has other rows and columns than the place's, or is on the map already.
        """
        self.check(array)
        shape, dims = (array.sizes["y"], array.sizes["x"]), array.dims
        array = array.assign_coords(
            row=("y", np.arange(shape[0])), column=("x", np.arange(shape[1]))
        )
        if self.transposed:
            array = array.rename(y="x", x="y").transpose(*dims)
        if "south" in self.first_cell:
            array = array.isel(y=slice(None, None, -1))
        if "east" in self.first_cell:
            array = array.isel(x=slice(None, None, -1))
        latitude, longitude = self._axes(array.sizes["y"], array.sizes["x"])
        placed = array.assign_coords(
            latitude=("y", latitude, LATITUDE), longitude=("x", longitude, LONGITUDE)
        )
        placed.attrs = {**array.attrs, "place": self.name}
        if self.note:
            placed.attrs["place_note"] = self.note
        return placed

    def _axes(self, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """Latitudes from north to south, and longitudes from west to east, of the cells' centres."""
        south, north, west, east = self.extent
        latitude = north - (np.arange(rows) + 0.5) * (north - south) / rows
        longitude = west + (np.arange(columns) + 0.5) * (east - west) / columns
        return latitude, longitude


PLACES: dict[str, Place] = {
    "taxibj": Place(
        name="taxibj",
        # TaxiBJ's authors publish no coordinates. The box is that of ST-MetaNet's grids.txt (the same
        # group, Beijing taxis, 32×32 cells); sources disagree on the order of rows and columns.
        extent=(39.83, 40.12, 116.25, 116.64),
        time_zone="Asia/Shanghai",
        note="extent and orientation approximate, unofficial",
        files=r"BJ\d\d_M32x32_T\d+_InOut",
        shape=(32, 32),
    ),
    "nyc_taxi": Place(
        name="nyc_taxi",
        extent=(40.699031, 40.849878, -74.022216, -73.873868),
        time_zone="America/New_York",
        files=r"NYC\d\d_M16x12_T\d+_InOut",
        shape=(16, 12),
    ),
}


def place_of_file(stem: str) -> Place | None:
    """The place whose data files are named like this one; None where none is."""
    return next((place for place in PLACES.values() if re.fullmatch(place.files, stem)), None)


class PlaceConfig(BaseModel):
    """Where the grid lies, for maps, files and the time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str | None = None
    """A name of `PLACES`; told by the names of the data files unless given. "none": nowhere."""
    extent: tuple[float, float, float, float] | None = None
    """South, north, west, east in degrees, the edges of the outer cells."""
    first_cell: Corner | None = None
    """The corner of row 0, column 0; the preset's, else "north-west", unless given."""
    transposed: bool | None = None
    """Whether rows run along longitude; the preset's, else not, unless given."""
    time_zone: str | None = None
    """IANA name, such as "Europe/Paris"; the preset's unless given."""

    @field_validator("preset")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in (*PLACES, "none"):
            raise ValueError(f"known are {', '.join(PLACES)}, none; or set place.extent")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError("it is no IANA name of a zone, such as Europe/Paris")
        return value

    @field_validator("extent", mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """`--set place.extent=39.8,40.1,116.2,116.6` arrives as one text."""
        edges = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if isinstance(edges, list | tuple) and len(edges) != 4:
            raise ValueError("write four numbers: south, north, west, east")
        return edges

    @property
    def zone(self) -> str | None:
        """IANA name of the time zone that is set, or that the preset has; None if neither tells."""
        preset = PLACES.get(self.preset or "")
        return self.time_zone or (preset.time_zone if preset else None)

    def changed(self, settings: Sequence[str]) -> "PlaceConfig":
        """The same with some keys set: "preset=nyc_taxi", "first_cell=south-west".

        Raises:
            ValueError: a setting is no KEY=VALUE, a key is unknown or a value out of its range.
        """
        tree: dict[str, Any] = self.model_dump(exclude_none=True)
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals or key not in type(self).model_fields:
                raise ValueError(
                    f"place takes KEY=VALUE with the keys {', '.join(type(self).model_fields)}, but "
                    f"it is {setting!r}."
                )
            # A preset and an extent say the same thing: the later one counts.
            tree.pop({"preset": "extent", "extent": "preset"}.get(key, ""), None)
            tree[key] = value
        try:
            return type(self).model_validate(tree)
        except ValidationError as error:
            problem = error.errors()[0]
            key = ".".join(map(str, ("place", *problem["loc"])))
            message = problem["msg"].removeprefix("Value error, ")
            raise ValueError(f"{key} = {problem['input']!r}: {message}.") from error

    def find(self, told: str | None = None) -> Place | None:
        """The place that is meant; None if none is known.

        Args:
            told: the name of the place that the data files are named after.

        Raises:
            ValueError: the extent is no box of degrees, or there is none to lay a grid into.
        """
        name = self.preset or (None if self.extent else told)
        changes = {
            key: value
            for key, value in self.model_dump(exclude={"preset"}).items()
            if value is not None
        }
        if name in PLACES:
            place = PLACES[name]
            if self.extent is not None:
                changes |= {"name": "own", "note": "", "shape": None}
            return replace(place, **changes)
        if self.extent is None:
            named = sorted(set(changes) - {"time_zone"})
            if named and name != "none":
                raise ValueError(
                    f"place.{named[0]} is set, but no place: set place.extent or place.preset too."
                )
            return None
        return Place(name="own", **changes)
