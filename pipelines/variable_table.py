"""The table of variables: one entry a physical quantity, with its names, units and ranges."""

from dataclasses import dataclass

import numpy as np

from pipelines.readings import Reading
from pipelines.units import STANDARD_GRAVITY

__all__ = ["VARIABLES", "Variable"]


@dataclass(frozen=True)
class Variable:
    """A physical quantity, such as the temperature 2 m above the ground."""

    short: str
    """What channels are named after: "t2m", "z"."""
    long_name: str
    """What a reader should see."""
    units: str
    """Units of the series, as CF writes them."""
    readings: tuple[Reading, ...]
    """Units that files may hold, with their ranges; the first is that of the series."""
    standard_name: str = ""
    """CF standard name; empty where CF has none."""
    wb1_name: str = ""
    """Folder in WeatherBench 1, with the level appended where one was extracted."""
    wb2_name: str = ""
    """Name in WeatherBench 2."""
    wb2_units: str = ""
    """Units in WeatherBench 2, which writes none; empty where they are those of the series."""
    aliases: tuple[str, ...] = ()
    """Further names in files, compared without regard to case."""
    has_level: bool = False
    """Whether it is given on pressure levels."""
    height_m: float | None = None
    """Height above the ground in metres, where it is part of the definition."""
    cell_methods: str = ""
    """CF cell methods: "time: sum" where a value is a sum over the time before."""
    valid_min: float = -np.inf
    """Values below cannot exist, in `units`."""
    valid_max: float = np.inf
    """Values above cannot exist, in `units`."""
    display_units: str = ""
    """Units of tables and plots; empty where they are those of the series."""
    display_factor: float = 1.0
    """Value in display units = value × this."""

    def __post_init__(self) -> None:
        if not self.readings or self.readings[0].units != self.units:
            raise ValueError(
                f"Variable {self.short!r}: the first reading must be in {self.units!r}, the units "
                "of the series."
            )
        if not self.valid_min < self.valid_max:
            raise ValueError(
                f"Variable {self.short!r}: valid_min ({self.valid_min}) must be below valid_max "
                f"({self.valid_max})."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it goes by."""
        given = (self.short, self.wb1_name, self.wb2_name, *self.aliases)
        return tuple(dict.fromkeys(name for name in given if name))


def _wind(axis: str, direction: str, *, height_m: float | None) -> Variable:
    component = f"{axis}_component_of_wind"
    ground = height_m is not None
    return Variable(
        short=f"{axis}10" if ground else axis,
        long_name=f"{'10 metre ' if ground else ''}{axis.upper()} wind component",
        units="m s-1",
        readings=(Reading("m s-1", -200, 200),),
        standard_name=f"{direction}_wind",
        wb1_name=f"10m_{component}" if ground else component,
        wb2_name=f"10m_{component}" if ground else component,
        aliases=(f"10{axis}", f"{axis}10m", f"{axis}as") if ground else (f"{axis}a", f"{axis}wnd"),
        has_level=not ground,
        height_m=height_m,
    )


def _pressure(
    short: str,
    long_name: str,
    *,
    lowest_hpa: float,
    standard_name: str,
    wb2_name: str,
    aliases: tuple[str, ...],
) -> Variable:
    return Variable(
        short=short,
        long_name=long_name,
        units="Pa",
        readings=(Reading("Pa", 100 * lowest_hpa, 110_000), Reading("hPa", lowest_hpa, 1100)),
        standard_name=standard_name,
        wb2_name=wb2_name,
        aliases=aliases,
        display_units="hPa",
        display_factor=1e-2,
    )


def _precipitation(short: str, hours: str, *, aliases: tuple[str, ...] = ()) -> Variable:
    return Variable(
        short=short,
        long_name=f"Total precipitation{f' in {hours} hours' if hours else ''}",
        units="m",
        readings=(Reading("m", 0, 1), Reading("mm", 0, 1000)),
        standard_name="lwe_thickness_of_precipitation_amount",
        wb1_name="" if hours else "total_precipitation",
        wb2_name=f"total_precipitation_{hours}hr" if hours else "total_precipitation",
        aliases=aliases,
        cell_methods="time: sum",
        valid_min=0,
        display_units="mm",
        display_factor=1e3,
    )


VARIABLES: dict[str, Variable] = {
    variable.short: variable
    for variable in (
        Variable(
            short="t2m",
            long_name="2 metre temperature",
            units="K",
            readings=(Reading("K", 170, 345), Reading("degC", -105, 72)),
            standard_name="air_temperature",
            wb1_name="2m_temperature",
            wb2_name="2m_temperature",
            aliases=("2t", "tas", "t2", "temperature_2m"),
            height_m=2,
        ),
        _wind("u", "eastward", height_m=10),
        _wind("v", "northward", height_m=10),
        _pressure(
            "msl",
            "Mean sea level pressure",
            lowest_hpa=850,
            standard_name="air_pressure_at_mean_sea_level",
            wb2_name="mean_sea_level_pressure",
            aliases=("slp", "mslp", "prmsl", "psl", "pmsl", "sea_level_pressure"),
        ),
        _pressure(
            "sp",
            "Surface pressure",
            lowest_hpa=300,
            standard_name="surface_air_pressure",
            wb2_name="surface_pressure",
            aliases=("ps", "pres_sfc", "pressfc"),
        ),
        _precipitation("tp", "", aliases=("precip", "tot_prec")),
        _precipitation("tp6h", "6"),
        _precipitation("tp24h", "24"),
        Variable(
            short="tcc",
            long_name="Total cloud cover",
            units="1",
            readings=(Reading("1", 0, 1.02), Reading("%", 0, 102, least_max=1.5)),
            standard_name="cloud_area_fraction",
            wb1_name="total_cloud_cover",
            wb2_name="total_cloud_cover",
            aliases=("clt", "tcdc"),
            valid_min=0,
            valid_max=1,
            display_units="%",
            display_factor=1e2,
        ),
        Variable(
            short="z",
            long_name="Geopotential",
            units="m2 s-2",
            readings=(
                Reading("m2 s-2", per_metre=STANDARD_GRAVITY),
                Reading("m", per_metre=1.0),
            ),
            standard_name="geopotential",
            wb1_name="geopotential",
            wb2_name="geopotential",
            aliases=("hgt", "zg", "gh", "phi", "geopotential_height"),
            has_level=True,
        ),
        Variable(
            short="t",
            long_name="Temperature",
            units="K",
            readings=(Reading("K", 140, 345), Reading("degC", -135, 72)),
            standard_name="air_temperature",
            wb1_name="temperature",
            wb2_name="temperature",
            aliases=("ta", "air", "tmp"),
            has_level=True,
        ),
        _wind("u", "eastward", height_m=None),
        _wind("v", "northward", height_m=None),
        Variable(
            short="q",
            long_name="Specific humidity",
            units="kg kg-1",
            readings=(Reading("kg kg-1", -1e-3, 0.06), Reading("g kg-1", -1, 60)),
            standard_name="specific_humidity",
            wb1_name="specific_humidity",
            wb2_name="specific_humidity",
            aliases=("hus", "shum", "spfh"),
            has_level=True,
            valid_min=0,
            display_units="g kg-1",
            display_factor=1e3,
        ),
        Variable(
            short="r",
            long_name="Relative humidity",
            units="%",
            # Interpolation and supersaturation over ice pass both ends.
            readings=(Reading("%", -30, 250, least_max=2.5), Reading("1", -0.3, 2.5)),
            standard_name="relative_humidity",
            wb1_name="relative_humidity",
            wb2_name="relative_humidity",
            wb2_units="1",
            aliases=("hur", "rh", "rhum"),
            has_level=True,
            valid_min=0,
        ),
        Variable(
            short="tisr",
            long_name="TOA incident solar radiation",
            units="J m-2",
            readings=(Reading("J m-2", 0, 2e8, least_max=1e4),),
            wb1_name="toa_incident_solar_radiation",
            wb2_name="toa_incident_solar_radiation",
            cell_methods="time: sum",
            valid_min=0,
            display_units="MJ m-2",
            display_factor=1e-6,
        ),
    )
}
"""Short name to variable."""
