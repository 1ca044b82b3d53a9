"""Units of weather reports: what is turned into them, and what is left as it is."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.series import Channel
from stforecast.viewing.units import everyday_units, in_everyday_units
from tests.stforecast.viewing.test_scaling import make_shown

Z500 = Channel("z500", "z", 500.0, "m2 s-2", "geopotential", "Geopotential at 500 hPa")


@pytest.mark.parametrize(
    ("channel", "units"),
    [
        (Channel("t850", "t", 850.0, "K", "air_temperature"), "°C"),
        (Z500, "m"),
        (Channel("u10", "u10", None, "m s-1", "eastward_wind"), ""),
        # Energy of another kind is no height.
        (Channel("ke", "ke", None, "m2 s-2", "specific_kinetic_energy_of_air"), ""),
    ],
)
def test_temperatures_and_geopotential_have_everyday_units(channel, units):
    assert everyday_units(channel) == units


def test_temperatures_are_shown_in_degrees_and_differences_keep_their_size():
    shown = make_shown()
    shown = replace(
        shown, baselines={"climatology": shown.climatology}, history=np.full((1, 3, 4), 273.15)
    )
    made = in_everyday_units(shown)
    assert made.fields.units == "°C"
    assert made.fields.title == "2 metre temperature"
    # 280 K is 6.85 °C
    assert made.fields.forecast[0, 0, 0] == pytest.approx(6.85, abs=1e-4)
    np.testing.assert_allclose(made.history, 0.0, atol=1e-4)
    for what in ("error", "anomaly", "truth anomaly"):
        np.testing.assert_allclose(made.field(what, 1), shown.field(what, 1), atol=1e-4)
    assert made.baselines["climatology"] is made.climatology
    assert shown.fields.forecast[0, 0, 0] == 280


def test_geopotential_is_shown_as_a_height_by_its_name():
    shown = make_shown(truth=False, climatology=False)
    high = np.full((2, 3, 4), 5500 * 9.80665)
    fields = replace(shown.fields, forecast=high, channel=Z500, units="m² s⁻²")
    made = in_everyday_units(replace(shown, fields=fields))
    np.testing.assert_allclose(made.fields.forecast, 5500.0, rtol=1e-6)
    assert (made.fields.title, made.fields.units) == ("Geopotential height at 500 hPa", "m")
    assert made.fields.truth is made.climatology is None


def test_what_has_no_everyday_units_is_refused():
    shown = make_shown()
    wind = Channel("u10", "u10", None, "m s-1", "eastward_wind")
    with pytest.raises(ValueError, match="u10 in 'm s-1' has no everyday units; show it as it is"):
        in_everyday_units(replace(shown, fields=replace(shown.fields, channel=wind)))
