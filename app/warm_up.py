"""What the first visitor would wait for: libraries, and the newest run as it is shown at first.

A script that `stforecast app` runs beside the server while that starts.
"""

import logging

from app.choices import catalogue
from app.opening import opening_sight
from app.pictures import picture_of

try:
    for entry in sorted(catalogue().entries, key=lambda entry: entry.changed, reverse=True):
        if not entry.problem:
            sight, panels = opening_sight(entry)
            for what in panels:
                picture_of(sight, what, 0)
            break
    import stforecast.forecaster  # noqa: F401  (runs forecast with it; files are shown without)
except Exception:
    # Whoever opens the run is told what is wrong with it; here it is only not ready in advance.
    logging.getLogger("stforecast.app").info("nothing was made in advance", exc_info=True)
