"""Projections: the sheet of paper that a part of the Earth is laid out on."""

from dataclasses import dataclass

import numpy as np
from cartopy import crs
from jaxtyping import Float

from stforecast.figures.boxes import Box

__all__ = ["PROJECTIONS", "Paper", "is_polar", "lay_out"]

PROJECTIONS = ("automatic", "plate carrée", "robinson", "orthographic", "lambert azimuthal")
"""Names for users."""

_CAP = 20.0
"""Latitude in degrees beyond which what goes round the Earth is shown from above the pole."""
_LARGE = 40.0
"""Degrees across above which a region in equal steps of degrees looks stretched."""
_FAR = 30.0
"""Latitude in degrees beyond which it looks sheared."""
_WIDE = 150.0
"""Degrees of longitude above which a region is shown in equal steps of degrees all the same: bent
around a middle, its ends would be out of sight."""
_HAIR = 0.01
"""Degrees that a point is kept from where a projection ends."""
_FROM_ABOVE = 30.0
"""Latitude in degrees above which the viewer of the whole Earth stands: most of the land is north."""

_DEGREE = 111_195.0
"""Metres of a degree of a great circle, on a sphere of 6371 km."""

_DEGREES = crs.PlateCarree()


@dataclass(frozen=True, eq=False)
class Paper:
    """A projection, and the part of it that is shown."""

    extent: tuple[float, float, float, float]
    """Left, right, bottom, top, in the projection's coordinates."""
    projection: crs.Projection | None = None
    """None where the coordinates are degrees, or rows and columns."""
    middle: float = 0.0
    """Longitude in degrees that the projection is made around."""
    aspect: float = 1.0
    """Height of a unit of the vertical axis over the width of one of the horizontal axis."""
    outline: Float[np.ndarray, "N 2"] | None = None
    """Edge of what is shown, where it is not a rectangle."""
    is_edge: bool = False
    """The outline is convex, the same on the left and on the right, and nothing is shown beyond it."""
    centre: float | None = None
    """Longitude in degrees at horizontal coordinate 0, where the axes are in degrees; None elsewhere."""

    @property
    def width_over_height(self) -> float:
        """Shape on paper."""
        left, right, bottom, top = self.extent
        return (right - left) / ((top - bottom) * self.aspect)

    @property
    def degrees_across(self) -> float:
        """The longer side, in degrees of a great circle."""
        left, right, bottom, top = self.extent
        if self.projection is not None:
            return max(right - left, top - bottom) / _DEGREE
        return max((right - left) * float(np.cos(np.deg2rad((bottom + top) / 2))), top - bottom)

    def points(self, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates (height, width) of the middles of pixels, the top row first."""
        left, right, bottom, top = self.extent
        x = left + (np.arange(width) + 0.5) * (right - left) / width
        y = top - (np.arange(height) + 0.5) * (top - bottom) / height
        across, down = np.meshgrid(x, y)
        return across, down

    def degrees(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Degrees east and north of points on the paper, NaN beside the Earth."""
        if self.projection is None:
            return x + (self.centre or 0.0), y
        found = _DEGREES.transform_points(self.projection, x, y)
        beside = ~np.isfinite(found[..., :2]).all(axis=-1)
        if self.is_edge:
            beside |= ~self._within(x, y)
        elif isinstance(self.projection, crs.Robinson):
            # Beyond its edge it begins again at the other side.
            again = self.projection.transform_points(_DEGREES, found[..., 0], found[..., 1])
            beside |= np.hypot(again[..., 0] - x, again[..., 1] - y) > 1e-3 * _DEGREE
        found[beside] = np.nan
        return found[..., 0], found[..., 1]

    def place(self, east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where points on the Earth lie on the paper, NaN where they are out of sight."""
        if self.projection is None:
            return east - (self.centre or 0.0), north
        found = self.projection.transform_points(_DEGREES, east, north)[..., :2]
        found[~np.isfinite(found).all(axis=-1)] = np.nan
        return found[..., 0], found[..., 1]

    @property
    def box(self) -> Box:
        """What is to be seen of the Earth."""
        if self.projection is None:
            left, right, bottom, top = self.extent
            centre = self.centre or 0.0
            return left + centre, bottom, right + centre, top
        east, north = self.degrees(*self.points(61, 61))
        seen = np.isfinite(east)
        along = (east[seen] - self.middle + 180) % 360 - 180
        margin = 3.0  # degrees, of what lies between the points
        west, last = float(along.min()) - margin, float(along.max()) + margin
        south, top = float(north[seen].min()) - margin, float(north[seen].max()) + margin
        # Where a pole is near, all meridians are.
        if top > 89 or south < -89 or last - west > 300:
            west, last = -180.0, 180.0
        west, last = max(west, -180.0), min(last, 180.0)
        return self.middle + west, max(south, -90.0), self.middle + last, min(top, 90.0)

    def _within(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Points within the outline."""
        assert self.outline is not None
        levels, number = np.unique(self.outline[:, 1].round(3), return_inverse=True)
        widths = np.zeros(len(levels))
        np.maximum.at(widths, number, np.abs(self.outline[:, 0]))
        return np.abs(x) <= np.interp(y, levels, widths)


def lay_out(projection: str, *, box: Box, region: Box | None, is_global: bool) -> Paper:
    """The paper for a grid, or for a region of it.

    Args:
        projection: one of `PROJECTIONS`.
        box: what the grid covers.
        region: what is to be shown of it; all of it if None.
        is_global: the grid goes round the Earth.
    """
    shown = box if region is None else region
    if projection == "automatic":
        projection = _choose(shown, is_region=region is not None, is_global=is_global)
    match projection:
        case "plate carrée":
            return _in_degrees(shown)
        case "polar":
            return _polar(shown)
        case "robinson":
            middle = 0.0 if region is None else _middle(shown)[0]
            whole = crs.Robinson(middle)  # pyright: ignore[reportArgumentType]
            outline = np.array(whole.boundary.coords)[:, :2]
            return _round(whole, 0.0, outline) if region is None else _frame(whole, shown)
        case "orthographic":
            return _sphere(box, region)
        case _:
            return _equal_area(box, region, is_global=is_global)


def is_polar(box: Box) -> bool:
    """Whether a box goes round the Earth and holds one of the tropics at most, or neither."""
    return box[2] - box[0] > 359 and (box[1] >= _CAP or box[3] <= -_CAP)


def _choose(shown: Box, *, is_region: bool, is_global: bool) -> str:
    """The projection that looks best."""
    if is_global and is_polar(shown):
        return "polar"
    if not is_region:
        return "robinson" if is_global else "plate carrée"
    _, north = _middle(shown)
    across = max(shown[2] - shown[0], shown[3] - shown[1])
    bent = is_global and (across > _LARGE or abs(north) > _FAR)
    return "lambert azimuthal" if bent and shown[2] - shown[0] <= _WIDE else "plate carrée"


def _middle(box: Box) -> tuple[float, float]:
    """Longitude, from -180 to 180, and latitude."""
    return ((box[0] + box[2]) / 2 + 180) % 360 - 180, (box[1] + box[3]) / 2


def _in_degrees(box: Box) -> Paper:
    """Equal steps of degrees, true to shape in the middle."""
    west, south, east, north = box
    # The whole Earth is cut in the Pacific, wherever its data begin.
    centre = 0.0 if east - west > 359 and not west <= -180 <= east - 360 else (west + east) / 2
    half = (east - west) / 2
    aspect = 1 / max(np.cos(np.deg2rad((south + north) / 2)), 0.2)
    return Paper((-half, half, south, north), aspect=float(aspect), centre=centre, middle=centre)


def _round(projection: crs.Projection, middle: float, outline: np.ndarray) -> Paper:
    (left, bottom), (right, top) = outline.min(axis=0), outline.max(axis=0)
    extent = (float(left), float(right), float(bottom), float(top))
    return Paper(extent, projection, middle, outline=outline, is_edge=True)


def _circle(radius: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 361)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _polar(box: Box) -> Paper:
    """A polar cap from above the pole."""
    is_north = box[1] + box[3] > 0
    pole = crs.NorthPolarStereo() if is_north else crs.SouthPolarStereo()
    edge = box[1] if is_north else box[3]
    radius = abs(pole.transform_point(90.0, edge, _DEGREES)[0])
    return _round(pole, 0.0, _circle(radius))


def _sphere(box: Box, region: Box | None) -> Paper:
    """The Earth from space, above the middle of the region."""
    if region is not None:
        east, north = _middle(region)
    else:
        east, north = 0.0, _FROM_ABOVE
        if is_polar(box):
            north = 90.0 if box[1] > 0 else -90.0
    sphere = crs.Orthographic(east, north)
    # A hair within the horizon, beyond which there is no way back to degrees.
    outline = np.array(sphere.boundary.coords)[:, :2] * 0.9999
    return _round(sphere, east, outline)


def _equal_area(box: Box, region: Box | None, *, is_global: bool) -> Paper:
    """Lambert's azimuthal projection about a region, or of a hemisphere about its pole."""
    if is_global and (region is None or is_polar(region)):
        shown = box if region is None else region
        is_north = shown[3] > _CAP
        equal = crs.LambertAzimuthalEqualArea(0.0, 90.0 if is_north else -90.0)
        edge = max(shown[1], 0.0) if is_north else min(shown[3], 0.0)
        radius = float(np.hypot(*equal.transform_point(90.0, edge, _DEGREES)))
        return _round(equal, 0.0, _circle(radius))
    shown = box if region is None else region
    east, north = _middle(shown)
    equal = crs.LambertAzimuthalEqualArea(east, north)
    return _frame(equal, shown) if is_global else _fan(equal, shown)


def _frame(projection: crs.Projection, box: Box) -> Paper:
    """A rectangle about a box: as wide as it is in its middle, and as high.

    What lies beyond the box is shown where the paper reaches it.
    """
    east, north = _middle(box)
    # The point opposite to the middle lies nowhere, or all around.
    half = min((box[2] - box[0]) / 2, 180 - _HAIR)
    parallel = projection.transform_points(
        _DEGREES, east + np.linspace(-half, half, 61), np.full(61, north)
    )
    meridian = projection.transform_points(
        _DEGREES, np.full(61, east), np.linspace(box[1], box[3], 61)
    )
    left, right = parallel[:, 0].min(), parallel[:, 0].max()
    bottom, top = meridian[:, 1].min(), meridian[:, 1].max()
    return Paper((float(left), float(right), float(bottom), float(top)), projection, east)


def _fan(projection: crs.Projection, box: Box) -> Paper:
    """A box alone, with bent edges."""
    west, south, east, north = box
    along, up = np.linspace(west, east, 121), np.linspace(south, north, 121)
    edge = np.concatenate(
        [
            np.stack([along, np.full(121, south)], axis=1),
            np.stack([np.full(121, east), up], axis=1),
            np.stack([along[::-1], np.full(121, north)], axis=1),
            np.stack([np.full(121, west), up[::-1]], axis=1),
        ]
    )
    outline = projection.transform_points(_DEGREES, edge[:, 0], edge[:, 1])[:, :2]
    (left, bottom), (right, top) = outline.min(axis=0), outline.max(axis=0)
    extent = (float(left), float(right), float(bottom), float(top))
    return Paper(extent, projection, _middle(box)[0], outline=outline)
