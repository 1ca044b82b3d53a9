"""Boxes: what a grid covers of the Earth, and what is to be seen of it."""

import numpy as np

__all__ = ["Box", "box_of", "check_region", "crop", "steps_of"]

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west < east, which may pass 180 and 360."""


def check_region(region: Box) -> None:
    """Refuses what is no box.

    Raises:
        ValueError: it has no width or height, or goes round the Earth more than once.
    """
    west, south, east, north = region
    if not (west < east <= west + 360 and -90 <= south < north <= 90):
        raise ValueError(
            f"region {region}: give west, south, east and north in degrees, from west to east (170 to "
            "190 across the dateline) and from south to north."
        )


def steps_of(latitude: np.ndarray, longitude: np.ndarray) -> tuple[float, float]:
    """Degrees between columns and between rows; of a single one, those of the other."""
    east = abs(longitude[-1] - longitude[0]) / max(len(longitude) - 1, 1)
    north = abs(latitude[-1] - latitude[0]) / max(len(latitude) - 1, 1)
    return float(east or north or 1.0), float(north or east or 1.0)


def box_of(latitude: np.ndarray, longitude: np.ndarray) -> Box:
    """What a grid covers, to the edges of its cells."""
    step, rise = steps_of(latitude, longitude)
    west, east = longitude.min() - step / 2, longitude.max() + step / 2
    if len(longitude) > 1 and east - west + step / 2 >= 360:
        east = west + 360
    south, north = latitude.min() - rise / 2, latitude.max() + rise / 2
    return float(west), float(max(south, -90.0)), float(east), float(min(north, 90.0))


def crop(
    region: Box, latitude: np.ndarray, longitude: np.ndarray, *, is_global: bool, as_cells: bool
) -> Box:
    """What the grid has of a region, in its own range of longitudes; whole cells of counts.

    Raises:
        ValueError: it has no cell of it.
    """
    west, south, east, north = region
    box = box_of(latitude, longitude)
    if not is_global:
        # The turn at which most of it lies on the grid.
        turns = [
            (min(east + turn, box[2]) - max(west + turn, box[0]), turn)
            for turn in (-360.0, 0.0, 360.0)
        ]
        turn = max(turns)[1]
        west, east = max(west + turn, box[0]), min(east + turn, box[2])
    south, north = max(south, box[1]), min(north, box[3])
    columns = longitude if not is_global else west + (longitude - west) % 360
    columns = columns[(columns >= west) & (columns <= east)]
    rows = latitude[(latitude >= south) & (latitude <= north)]
    if len(columns) == 0 or len(rows) == 0:
        raise ValueError(
            f"region {region} holds no cell of the grid, which covers {box[0]:g} to {box[2]:g} degrees "
            f"east and {box[1]:g} to {box[3]:g} degrees north; choose a region within it."
        )
    if not as_cells:
        return west, south, east, north
    step, rise = (half / 2 for half in steps_of(latitude, longitude))
    return (
        float(columns.min() - step),
        float(max(rows.min() - rise, -90.0)),
        float(columns.max() + step),
        float(min(rows.max() + rise, 90.0)),
    )
