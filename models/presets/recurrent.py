"""Published configurations of the recurrent networks.

They are those of OpenSTL's benchmark tables: its counts and epochs, and the configurations that it
ships where their counts are those of the tables. Where a learning rate is not at hand, a note says so.
The tables round some counts and cut others off.

References:
    OpenSTL, arXiv 2306.11249, docs/en/model_zoos and configs.
"""

from models.presets.preset import Preset
from models.presets.rows import Row, presets_of
from models.presets.traffic import TRAFFIC
from models.presets.video import VIDEO
from models.presets.weather import WEATHER

__all__ = ["RECURRENT"]

_LONG = "Also published with 2000 epochs."
_DEFAULT_RATE = "Its learning rate is not published; this is OpenSTL's default."
_SIGMOID = "Published with a sigmoid behind the decoder, which forecasts nothing outside 0…1."
_ONE_OF_TWO = "The table's 14.98 M parameters are those of two channels."
_RATE_OF_OTHERS = "No learning rate is at hand for this variable; this is that of others."

_MMNIST = (
    Row(
        "convlstm-s",
        {},
        5e-4,
        15_083_520,
        56.8e9,
        f"Four layers of 128, as OpenSTL's tables count; see mmnist-convlstm-small. {_LONG}",
    ),
    Row("convlstm-l", {"width": 192}, 5e-4, 33_782_784, 127.0e9),
    Row(
        "convlstm-small",
        {"width": 64},
        1e-3,
        3_822_592,
        14.45e9,
        "Four layers of 64 have the multiply-adds that the SimVPv2 paper gives for ConvLSTM-S. "
        + _DEFAULT_RATE,
    ),
    Row("predrnn", {}, 5e-4, 23_838_720, 116.0e9, _LONG),
    Row("predrnnpp", {}, 1e-4, 38_584_320, 171.7e9, _LONG),
    Row("predrnnv2", {}, 5e-4, 23_855_104, 116.6e9, _LONG),
    Row("mim", {}, 5e-4, 38_043_648, 179.2e9, _LONG),
    Row("mau", {}, 1e-3, 4_483_588, 17.8e9, _LONG),
    Row(
        "e3dlstm",
        {},
        1e-4,
        51_347_456,
        298.9e9,
        f"The table says 51.0 M parameters, the published code has 51.35 M. {_LONG}",
    ),
    Row("phydnet", {}, 1e-3, 3_091_732, 15.3e9, _LONG),
    Row(
        "crevnet",
        {},
        1e-3,
        4_997_444,
        16.92e9,
        f"The table's 270.7 G multiply-adds are those of a batch of 16. {_DEFAULT_RATE}",
    ),
)

_TAXIBJ = (
    Row("convlstm-s", {"patch": 2}, 5e-4, 14_980_096, 20.74e9),
    Row("predrnn", {"patch": 2}, 1e-4, 23_658_496, 42.40e9),
    Row("predrnnpp", {"patch": 2}, 1e-4, 38_404_096, 62.95e9),
    Row("predrnnv2", {"patch": 2}, 5e-4, 23_674_880, 42.63e9),
    Row("mim", {"patch": 2}, 1e-2, 37_863_424, 64.10e9),
    Row("mau", {"shrink": 2}, 1e-3, 4_409_868, 6.02e9),
    Row("e3dlstm", {"patch": 2}, 5e-3, 50_987_008, 98.19e9),
    Row("phydnet", {"patch": 2}, 5e-4, 3_092_309, 5.60e9),
)

_T2M = (
    Row("convlstm-s", {"patch": 2}, 5e-4, 14_928_384, 136e9, _ONE_OF_TWO),
    Row("predrnn", {"patch": 2}, 5e-4, 23_568_384, 278e9),
    Row("predrnnpp", {"patch": 2}, 5e-4, 38_313_984, 413e9, _RATE_OF_OTHERS),
    Row("predrnnv2", {"patch": 2}, 5e-4, 23_584_768, 279e9),
    Row("mim", {"patch": 4}, 1e-3, 37_748_736, 109e9, _DEFAULT_RATE),
    Row("mau", {"shrink": 2}, 1e-4, 5_458_308, 39.6e9),
    Row("e3dlstm", {"patch": 4}, 1e-4, 51_085_312, 169e9),
    Row("phydnet", {"patch": 2}, 1e-4, 3_091_732, 36.8e9, _SIGMOID),
)

_R = (
    _T2M[0],
    _T2M[1]._replace(learning_rate=1e-3),
    _T2M[2]._replace(note=""),
    _T2M[3]._replace(learning_rate=1e-3),
    _T2M[4],
    _T2M[5]._replace(learning_rate=5e-4),
    _T2M[6]._replace(note=_RATE_OF_OTHERS),
    _T2M[7],
)

_TCC = (
    _T2M[0]._replace(learning_rate=1e-4),
    _T2M[1],
    _T2M[2]._replace(learning_rate=1e-3, note=""),
    _T2M[3]._replace(learning_rate=1e-3),
    _T2M[4],
    _T2M[5]._replace(learning_rate=1e-3),
    _T2M[6]._replace(note=_RATE_OF_OTHERS),
    _T2M[7]._replace(note=""),
)

_UV10 = (
    Row("convlstm-s", {"patch": 2}, 5e-4, 14_980_096, 136e9),
    Row("predrnn", {"patch": 2}, 5e-4, 23_658_496, 279e9),
    Row("predrnnpp", {"patch": 2}, 5e-4, 38_404_096, 414e9),
    Row("predrnnv2", {"patch": 2}, 5e-4, 23_674_880, 280e9),
    Row(
        "mim",
        {"patch": 4},
        1e-3,
        38_109_184,
        109e9,
        f"The table's 37.75 M parameters are those of one channel. {_DEFAULT_RATE}",
    ),
    Row("mau", {"shrink": 2}, 1e-3, 5_458_444, 39.6e9, _DEFAULT_RATE),
    Row("e3dlstm", {"patch": 4}, 1e-4, 51_806_208, 171e9, _RATE_OF_OTHERS),
    Row("phydnet", {"patch": 2}, 1e-3, 3_092_309, 36.8e9, _SIGMOID),
)

_KTH = (
    Row("convlstm-s", {"patch": 2}, 1e-3, 14_928_384, 1368e9),
    Row("predrnn", {"patch": 2}, 1e-3, 23_568_384, 2800e9),
    Row("predrnnpp", {"patch": 2}, 1e-3, 38_313_984, 4162e9),
    Row("predrnnv2", {"patch": 2, "decouple": 0.01}, 1e-3, 23_584_768, 2815e9),
    Row("mim", {"patch": 4}, 1e-4, 39_813_120, 1099e9),
    Row("mau", {"shrink": 2}, 5e-4, 20_138_372, 399e9),
    Row(
        "e3dlstm",
        {"patch": 8},
        5e-4,
        53_510_144,
        None,
        "The table's 217 G multiply-adds are those of convolutions that leave out every second row "
        "and column; this one has 511 G.",
    ),
    Row("phydnet", {"patch": 4}, 1e-3, 3_091_732, 93.6e9),
)

_KITTI = (
    Row("convlstm-s", {"patch": 2}, 5e-3, 15_031_808, 595e9),
    Row("predrnn", {"patch": 2}, 1e-2, 23_748_608, 1216e9),
    Row("predrnnpp", {"patch": 2}, 5e-3, 38_494_208, 1803e9),
    Row("predrnnv2", {"patch": 2}, 1e-3, 23_764_992, 1223e9),
    Row("mim", {"patch": 2}, 1e-2, 49_160_192, 1858e9),
    Row("mau", {"shrink": 2}, 1e-3, 24_332_952, 172e9),
    Row(
        "e3dlstm",
        {"patch": 4},
        2.5e-3,
        54_886_400,
        None,
        "The table's 1004 G multiply-adds are of no configuration that OpenSTL ships; this one has "
        "1040 G.",
    ),
    Row("phydnet", {"patch": 4}, 1e-3, 3_092_886, 40.4e9),
)

_HUMAN_EPOCHS = "50 epochs by the table, 100 by its text."
_HUMAN = (
    Row("convlstm-s", {"patch": 4}, 1e-4, 15_497_216, 347e9, _HUMAN_EPOCHS),
    Row("predrnn", {"patch": 4}, 1e-4, 24_559_616, 704e9, _HUMAN_EPOCHS),
    Row("predrnnpp", {"patch": 4}, 1e-4, 39_305_216, 1033e9, _HUMAN_EPOCHS),
    Row("predrnnv2", {"patch": 4}, 1e-4, 24_576_000, 708e9, _HUMAN_EPOCHS),
    Row("mim", {"patch": 4}, 1e-4, 47_611_904, 1051e9, _HUMAN_EPOCHS),
    Row("mau", {"shrink": 4}, 1e-4, 20_212_504, 105e9, _HUMAN_EPOCHS),
    Row("e3dlstm", {"patch": 8}, 1e-4, 60_850_176, 542e9, _HUMAN_EPOCHS),
    Row(
        "phydnet",
        {"patch": 4},
        1e-4,
        None,
        None,
        "The table's 4.2 M parameters and 19.1 G multiply-adds are of no configuration that OpenSTL "
        f"ships; this one has 3.09 M and 90.3 G. {_HUMAN_EPOCHS}",
    ),
)

_BASES = {preset.name: preset for preset in (*VIDEO, *TRAFFIC, *WEATHER)}

RECURRENT: tuple[Preset, ...] = (
    *presets_of(_BASES["mmnist-gsta"], _MMNIST),
    *presets_of(_BASES["taxibj-gsta"], _TAXIBJ),
    *presets_of(_BASES["weatherbench-t2m-gsta"], _T2M),
    *presets_of(_BASES["weatherbench-r-gsta"], _R),
    *presets_of(_BASES["weatherbench-uv10-gsta"], _UV10),
    *presets_of(_BASES["weatherbench-tcc-gsta"], _TCC),
    *presets_of(_BASES["kth-gsta"], _KTH),
    *presets_of(_BASES["kitticaltech-gsta"], _KITTI),
    *presets_of(_BASES["human-gsta"], _HUMAN),
)
