"""The made-up sky over the made-up city: hours of temperature, wind, rain and snow."""

from dataclasses import dataclass

import numpy as np

from pipelines.traffic_rhythm import red_noise

__all__ = ["FLOW_SHARES", "WEATHER_TYPES", "Sky", "sky_on"]

WEATHER_TYPES = (
    *(
        "sunny",
        "cloudy",
        "overcast",
        "rainy",
        "sprinkle",
        "moderate rain",
        "heavy rain",
        "rainstorm",
    ),
    *("thunderstorm", "freezing rain", "snowy", "light snow", "moderate snow", "heavy snow"),
    *("foggy", "sandstorm", "dusty"),
)
"""The 17 types of TaxiBJ's meteorology, in the order of its columns (DeepST, data/TaxiBJ/README.md)."""

FLOW_SHARES = {
    "sprinkle": 0.93,
    "moderate rain": 0.82,
    "heavy rain": 0.68,
    "light snow": 0.85,
    "moderate snow": 0.68,
    "heavy snow": 0.45,
}
"""What is left of the traffic; all of it under any other sky."""

# What a wetness of mean 0 and standard deviation 1 is at least, for each type when it is mild and cold.
_WETNESS = (0.2, 0.9, 1.35, 1.75, 2.2)
_MILD = ("sunny", "cloudy", "overcast", "sprinkle", "moderate rain", "heavy rain")
_COLD = ("sunny", "cloudy", "overcast", "light snow", "moderate snow", "heavy snow")
_SNOW_BELOW = 2.0  # °C
_MEMORY_HOURS = np.array([10.0, 60.0, 12.0])  # wetness, warmth, wind


@dataclass(frozen=True, eq=False)
class Sky:
    """The weather of every hour."""

    temperature: np.ndarray
    """(hour,) °C."""
    wind_speed: np.ndarray
    """(hour,) km/h."""
    weather_type: np.ndarray
    """(hour,) index into `WEATHER_TYPES`."""

    @property
    def flow_share(self) -> np.ndarray:
        """(hour,) what the weather leaves of the traffic, 0 to 1."""
        shares = np.array([FLOW_SHARES.get(name, 1.0) for name in WEATHER_TYPES])
        return shares[self.weather_type]


def sky_on(first_day: np.datetime64, *, days: int, seed: int) -> Sky:
    """The weather from the first hour of a day on; more days go on where fewer end."""
    hours = first_day.astype("datetime64[h]") + np.arange(24 * days)
    generator = np.random.default_rng([seed, 2])
    noise = red_noise(len(hours), memory=_MEMORY_HOURS, generator=generator)
    year = (hours - hours.astype("datetime64[Y]")) / np.timedelta64(1, "D") / 365.25
    of_day = (hours - hours.astype("datetime64[D]")) / np.timedelta64(1, "h")
    # Continental: −4 °C in mid-January, 26 °C in mid-July, the day's swing largest in the afternoon.
    season = 11 - 15 * np.cos(2 * np.pi * (year - 0.04))
    swing = 4.5 * np.cos(2 * np.pi * (of_day - 15) / 24)
    temperature = np.round(season + swing + 3.5 * noise[:, 1], 1)
    kind = np.searchsorted(_WETNESS, noise[:, 0])
    mild, cold = (np.array([WEATHER_TYPES.index(name) for name in row]) for row in (_MILD, _COLD))
    return Sky(
        temperature=temperature,
        wind_speed=np.round(10 * np.exp(0.5 * noise[:, 2]), 1),
        weather_type=np.where(temperature < _SNOW_BELOW, cold[kind], mild[kind]),
    )
