"""Published configurations by name: network, window, training, parameters and multiply-adds.

Where the configuration that OpenSTL ships differs from the published one, the published one
stands here, and its note says so.

References:
    SimVPv2, arXiv 2211.12509; OpenSTL, arXiv 2306.11249, and its benchmark tables.
"""

from models.presets.preset import Preset
from models.presets.recurrent import RECURRENT
from models.presets.traffic import TRAFFIC
from models.presets.video import VIDEO
from models.presets.weather import WEATHER

__all__ = ["PRESETS", "Preset"]

PRESETS: dict[str, Preset] = {
    preset.name: preset for preset in (*WEATHER, *TRAFFIC, *VIDEO, *RECURRENT)
}
