"""Numbers that stand for missing values, where no attribute says so."""

import numpy as np

__all__ = ["mask_sentinels"]

_KNOWN = np.array(
    [
        *(
            -9999.0,
            -999.0,
            -99.0,
            -99.9,
            -999.9,
            -9999.9,
            -99999.0,
            -32767.0,
            -32768.0,
            9999.0,
            99999.0,
        ),
        *(32766.0, 32767.0, 65535.0, -2147483648.0, 9.969209968386869e36, 1e20, -1e20, 1e30, -1e30),
        *(1e35, 1e36, 3.4028234663852886e38, -3.4028234663852886e38, 9.999e20, 9e20, -9e33, 1e15),
    ]
)
"""In use by NetCDF, GRIB, CDO, GrADS, IDL and by hand."""
_HUGE = 1e14
"""Nothing on earth is measured in numbers above: for variables whose range is not known."""


def mask_sentinels(
    values: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, dict[float, int]]:
    """The values with NaN in place of sentinels, and how many there are of each.

    A sentinel is one of the known numbers, is the least or the greatest of the values, and does not
    occur in nature: outside `low` and `high`, or, where these are not known, beyond all measure or
    apart from the rest.
    """
    counts: dict[float, int] = {}
    while values.size and len(counts) < len(_KNOWN):
        least, most = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
        extremes = [e for e in (float(least), float(most)) if _is_known(e)]
        extremes = [e for e in extremes if _is_unnatural(e, values, low, high)]
        if not extremes:
            break
        if not counts:
            values = np.array(values)
        places = np.isclose(values, extremes[0], rtol=1e-6, atol=0)
        counts[_name(extremes[0])] = int(places.sum())
        values[places] = np.nan
    return values, counts


def _is_known(value: float) -> bool:
    return bool(np.isclose(value, _KNOWN, rtol=1e-6, atol=0).any())


def _name(value: float) -> float:
    return float(_KNOWN[np.isclose(value, _KNOWN, rtol=1e-6, atol=0).argmax()])


def _is_unnatural(value: float, values: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
    if np.isfinite(low).any() and np.isfinite(high).any():
        return bool(value < low.min() or value > high.max())
    if abs(value) >= _HUGE:
        return True
    # Of an unknown variable: far away from everything else, and more than once.
    others = values[np.isfinite(values) & ~np.isclose(values, value, rtol=1e-6, atol=0)]
    if not others.size or values.size - others.size < 2:
        return False
    spread = float(others.max() - others.min())
    return bool(abs(value - float(np.median(others))) > 10 * max(spread, 1.0))
