"""Scales of what is shown: one for each kind of field over all lead times, so that none moves."""

from stforecast.figures.panels import Scale
from stforecast.figures.scales import anomaly_scale, error_scale, field_scale
from stforecast.viewing.shown import Shown, View

__all__ = ["scale_of"]


def scale_of(shown: Shown, what: View) -> Scale:
    """The scale of one kind of field; forecast and truth share one, and so do their anomalies.

    Raises:
        ValueError: there is no such field.
    """
    fields, usual = shown.fields, shown.climatology
    if what in ("forecast", "truth"):
        return field_scale(fields, None)
    if what == "error" and fields.truth is not None:
        return error_scale(fields.forecast - fields.truth, None, fields=fields)
    if what in ("anomaly", "truth anomaly") and usual is not None:
        return anomaly_scale(fields, usual)
    raise ValueError(
        f"The forecast has no {what!r}: there is no truth or climatology to take it from."
    )
