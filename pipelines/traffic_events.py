"""What happens in a made-up city: jams that block a road, and crowds that gather and go home.

T: slot of a day, C: channel (inflow, outflow), Y: row, X: column.
"""

import numpy as np
from jaxtyping import Float

from pipelines.traffic_city import City, nearness

__all__ = ["event_factors"]

_MOST_A_DAY = 6
_CHANCE = 0.6  # that one of them happens: 3.6 a day
_CROWD_SHARE = 0.35  # of the events; the others block
_HOURS = (1.0, 2.5)
_EARLIEST, _LATEST = 6.5, 20.5  # when one may begin; it ends on the same day
_RADIUS = (0.06, 0.16)  # when it begins and when it ends, in sides of the city
_BLOCKED = 0.75  # of the traffic at the heart of a jam, at its height
_CROWD = 1.6  # times the usual traffic comes on top


def event_factors(
    city: City, hours: np.ndarray, generator: np.random.Generator
) -> Float[np.ndarray, "T C Y X"]:
    """What a day's events make of the traffic: factors for slots whose middles lie at these hours.

    An event appears, spreads over its neighbours and fades. To a crowd people come first and leave
    afterwards: inflow rises in the first half and outflow in the second.
    """
    factors = np.ones((len(hours), 2, *city.y.shape), dtype="float32")
    drawn = generator.random((_MOST_A_DAY, 6))
    busy = np.cumsum(city.activity)
    for happens, kind, start, length, place, strength in drawn:
        if happens > _CHANCE:
            continue
        cell = np.unravel_index(np.searchsorted(busy, place * busy[-1]), city.y.shape)
        duration = _HOURS[0] + length * (_HOURS[1] - _HOURS[0])
        age = (hours - _EARLIEST - start * (_LATEST - _EARLIEST)) / duration
        radius = _RADIUS[0] + np.clip(age, 0, 1) * (_RADIUS[1] - _RADIUS[0])
        at = (float(city.y[cell]), float(city.x[cell]))
        reach = np.stack([nearness(city.y, city.x, at=at, radius=float(r)) for r in radius])
        strength = 0.5 + 0.5 * strength
        if kind < _CROWD_SHARE:
            height = _CROWD * strength * np.stack([_rise(2 * age), _rise(2 * age - 1)], axis=1)
        else:
            height = -_BLOCKED * strength * np.stack([_rise(age)] * 2, axis=1)
        factors *= 1 + height[:, :, None, None] * reach[:, None]
    return factors


def _rise(age: np.ndarray) -> np.ndarray:
    """0 before age 0 and after age 1, 1 halfway."""
    return np.where((age > 0) & (age < 1), np.sin(np.pi * np.clip(age, 0, 1)) ** 2, 0.0)
