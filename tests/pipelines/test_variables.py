import numpy as np
import pytest

from pipelines.readings import Reading
from pipelines.variable_table import Variable
from pipelines.variables import VARIABLES, channel_name, channel_of, find_variable, parse_channel


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("t2m", "t2m"),
        ("2m_temperature", "t2m"),
        ("2t", "t2m"),
        ("10m_u_component_of_wind", "u10"),
        ("SLP", "msl"),
        ("prmsl", "msl"),
        ("mean_sea_level_pressure", "msl"),
        ("geopotential", "z"),
        ("total_precipitation_6hr", "tp6h"),
        ("total_precipitation", "tp"),
    ],
)
def test_variables_are_found_by_the_names_of_several_worlds(name, short):
    assert find_variable(name).short == short


def test_no_name_belongs_to_two_variables():
    spelled = [name.casefold() for variable in VARIABLES.values() for name in set(variable.names)]
    assert len(spelled) == len(set(spelled))


def test_an_unknown_variable_lists_the_known_ones_and_the_nearest():
    with pytest.raises(ValueError, match=r"'2m_temprature' is unknown; known: t2m, .*mean 2m_temp"):
        find_variable("2m_temprature")


@pytest.mark.parametrize(
    ("name", "short", "level"),
    [
        ("z500", "z", 500.0),
        ("geopotential_500", "z", 500.0),
        ("t850", "t", 850.0),
        ("z", "z", None),
        ("u10", "u10", None),
        ("u10hPa", "u", 10.0),
        ("tp6h", "tp6h", None),
        ("z0.5", "z", 0.5),
    ],
)
def test_channels_are_variables_with_levels(name, short, level):
    variable, found = parse_channel(name)
    assert (variable.short, found) == (short, level)


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=list(VARIABLES))
def test_names_of_channels_are_read_back(variable):
    for level in (10.0, 500.0, 0.5) if variable.has_level else (None,):
        assert parse_channel(channel_name(variable, level)) == (variable, level)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("t2m500", "names a level, but t2m has none"),
        ("z0", "levels are positive"),
        ("w500", "variable 'w500' is unknown"),
        ("", "variable '' is unknown"),
    ],
)
def test_impossible_channels_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        parse_channel(name)


def test_a_channel_carries_what_its_variable_is():
    channel = channel_of(VARIABLES["z"], 500.0)
    assert channel.name == "z500"
    assert channel.long_name == "Geopotential at 500 hPa"
    assert channel.units == "m2 s-2"
    cloud = channel_of(VARIABLES["tcc"])
    assert (cloud.valid_min, cloud.valid_max, cloud.level) == (0, 1, None)


def test_a_variable_is_read_in_its_own_units_first():
    with pytest.raises(ValueError, match="first reading must be in 'K'"):
        Variable(short="x", long_name="x", units="K", readings=(Reading("degC"),))


def test_a_variable_has_a_valid_range():
    with pytest.raises(ValueError, match="valid_min .1. must be below valid_max .0."):
        Variable(
            short="x", long_name="x", units="K", readings=(Reading("K"),), valid_min=1, valid_max=0
        )


def test_display_units_multiply():
    assert VARIABLES["msl"].display_factor * 101_325 == pytest.approx(1013.25)
    assert np.isclose(VARIABLES["tp"].display_factor * 0.002, 2)
