"""Cron expressions, read once and said in the words of each scheduler.

Schedulers disagree: 0 is Sunday in cron and Monday in APScheduler. So each field is read into the
numbers that it stands for, with the weekdays of cron.
"""

from dataclasses import dataclass

__all__ = ["Cron", "parse_cron"]

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = {
    "minute": (0, 59, {}),
    "hour": (0, 23, {}),
    "day of month": (1, 31, {}),
    "month": (1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    "day of week": (0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
}


@dataclass(frozen=True)
class Cron:
    """When something is due, in UTC: the numbers of each field, in order; none where all are meant."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    """Of the month."""
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    """0 is Sunday."""

    @property
    def weekday_names(self) -> tuple[str, ...]:
        """Three small letters each."""
        return tuple(_WEEKDAYS[number] for number in self.weekdays)


def parse_cron(text: str) -> Cron:
    """A cron expression of five fields: minute, hour, day of month, month, day of week.

    Raises:
        ValueError: it cannot be read, or names days of the month and of the week both.
    """
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"cron = {text!r} needs five fields: minute hour day month weekday")
    try:
        found = [_numbers(part, *_FIELDS[name]) for part, name in zip(parts, _FIELDS, strict=True)]
    except ValueError as error:
        raise ValueError(
            f"cron = {text!r} cannot be read: {error}; write for example 15 0,6,12,18 * * *"
        ) from error
    minutes, hours, days, months, weekdays = found
    weekdays = tuple(sorted({number % 7 for number in weekdays}))
    weekdays = () if len(weekdays) == 7 else weekdays
    if days and weekdays:
        # Cron means one or the other, systemd and others mean both at once.
        raise ValueError(
            f"cron = {text!r} names days of the month and days of the week, which schedulers "
            "understand differently; put * for one of them"
        )
    return Cron(minutes, hours, days, months, weekdays)


def _numbers(part: str, least: int, most: int, names: dict[str, int]) -> tuple[int, ...]:
    """What a field stands for; empty where it is everything."""
    numbers: set[int] = set()
    for item in part.split(","):
        span, slash, step = item.partition("/")
        if slash and (not step.isdecimal() or int(step) == 0):
            raise ValueError(f"{item!r} has no number above 0 after /")
        if span == "*":
            first, last = least, most
        else:
            start, dash, end = span.partition("-")
            first = _number(start, least, most, names)
            last = _number(end, least, most, names) if dash else (most if slash else first)
        if last < first:
            raise ValueError(f"{item!r} runs backwards")
        numbers |= set(range(first, last + 1, int(step) if slash else 1))
    return () if len(numbers) == most - least + 1 else tuple(sorted(numbers))


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    number = names.get(text, int(text) if text.isdecimal() else -1)
    if not least <= number <= most:
        raise ValueError(f"{text!r} is no number from {least} to {most}")
    return number
