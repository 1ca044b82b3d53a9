"""Names of the extra inputs, of their groups, and how many planes each has: known without torch."""

__all__ = ["CLOCKED", "GROUPS", "INPUTS", "MEASURED", "SURFACE", "WEATHER_TYPES"]

CALENDAR = ("slot_of_day", "day_of_week", "holiday")
CLOCKED = (*CALENDAR, "time_of_year", "solar")
MEASURED = ("temperature", "wind_speed", "precipitation", "snowfall")
SURFACE = ("orography", "land_sea_mask")
WEATHER_TYPES = 17
"""As TaxiBJ's meteorology counts them."""

INPUTS: dict[str, int] = {
    "slot_of_day": 4,
    "time_of_year": 2,
    "day_of_week": 7,
    "holiday": 1,
    **dict.fromkeys(MEASURED, 1),
    "weather_type": WEATHER_TYPES,
    "latitude": 1,
    "longitude": 2,
    "orography": 1,
    "land_sea_mask": 1,
    "solar": 1,
    "present": 1,
}
"""Planes of each input: sine and cosine of the day and the half day, of the year, of the longitude; one
for each day of the week or weather type; of `present`, one for each channel; else one."""

GROUPS: dict[str, tuple[str, ...]] = {
    "calendar": CALENDAR,
    "weather": (*MEASURED, "weather_type"),
    "when": ("slot_of_day", "time_of_year", "solar"),
    "where": ("latitude", "longitude", *SURFACE),
}
"""Names that stand for all of these that the data have."""
