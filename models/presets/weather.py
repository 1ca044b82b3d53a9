"""Published configurations of WeatherBench."""

from dataclasses import replace

from models.presets.preset import Preset, simvp_options

__all__ = ["WEATHER"]

_GSTA = simvp_options("gsta", 32, 256, 2, 8, drop_path=0.1)
_INCEPU = simvp_options("incepu", 32, 256, 2, 8)
_TAU = simvp_options("tau", 32, 256, 2, 8, drop_path=0.1)


_T2M = Preset(
    name="weatherbench-t2m-gsta",
    dataset="weatherbench",
    network="simvp",
    options=_GSTA,
    history=12,
    horizon=12,
    channels=1,
    height=32,
    width=64,
    learning_rate=5e-3,
    schedule="cosine",
    epochs=50,
    parameters=12_758_305,
    macs=7.006e9,
    variables=("t2m",),
    time_step="1h",
)
_T2M_INCEPU = replace(
    _T2M,
    name="weatherbench-t2m-incepu",
    options=_INCEPU,
    learning_rate=1e-2,
    parameters=14_666_017,
    macs=8.027e9,
)
_T2M_TAU = replace(
    _T2M,
    name="weatherbench-t2m-tau",
    options=_TAU,
    parameters=12_219_553,
    macs=6.70e9,
)
_MV = Preset(
    name="weatherbench-mv-gsta",
    dataset="weatherbench",
    network="simvp",
    options=_GSTA,
    history=4,
    horizon=4,
    channels=12,
    height=32,
    width=64,
    learning_rate=1e-3,
    schedule="cosine",
    warmup_epochs=5,
    epochs=50,
    parameters=9_964_268,
    macs=5.252e9,
    variables=tuple(f"{variable}{level}" for variable in "rtuv" for level in (150, 500, 850)),
    time_step="6h",
    note="r, t, u, v at 150, 500 and 850 hPa, 6-hourly. Published with a translator_width of 256; "
    "OpenSTL ships 512 (37.869 M parameters, 19.516 G multiply-adds).",
)
_HUMIDITY = "Relative humidity at 1000 hPa."

WEATHER: tuple[Preset, ...] = (
    _T2M,
    _T2M_INCEPU,
    _T2M_TAU,
    replace(_T2M, name="weatherbench-r-gsta", variables=("r1000",), note=_HUMIDITY),
    replace(
        _T2M_INCEPU,
        name="weatherbench-r-incepu",
        variables=("r1000",),
        learning_rate=1e-3,
        note=_HUMIDITY,
    ),
    replace(_T2M_TAU, name="weatherbench-r-tau", variables=("r1000",), note=_HUMIDITY),
    replace(
        _T2M,
        name="weatherbench-uv10-gsta",
        options={**_GSTA, "drop_path": 0.2},
        channels=2,
        variables=("u10", "v10"),
        parameters=12_758_626,
        macs=7.02e9,
    ),
    replace(
        _T2M_INCEPU,
        name="weatherbench-uv10-incepu",
        channels=2,
        variables=("u10", "v10"),
        learning_rate=5e-3,
        parameters=14_666_338,
        macs=8.04e9,
    ),
    replace(
        _T2M_TAU,
        name="weatherbench-uv10-tau",
        channels=2,
        variables=("u10", "v10"),
        learning_rate=5e-3,
        parameters=12_219_874,
        macs=6.70e9,
        note="",
    ),
    replace(_T2M, name="weatherbench-tcc-gsta", variables=("tcc",), learning_rate=1e-2),
    replace(_T2M_INCEPU, name="weatherbench-tcc-incepu", variables=("tcc",)),
    replace(_T2M_TAU, name="weatherbench-tcc-tau", variables=("tcc",), learning_rate=5e-4),
    replace(_T2M, name="weatherbench-t2m-1.40625-gsta", height=128, width=256, macs=112.09e9),
    replace(_T2M_INCEPU, name="weatherbench-t2m-1.40625-incepu", height=128, width=256, macs=128e9),
    _MV,
    replace(
        _MV,
        name="weatherbench-mv-incepu",
        options=_INCEPU,
        learning_rate=5e-3,
        parameters=None,
        macs=None,
        note="r, t, u, v at 150, 500 and 850 hPa, 6-hourly.",
    ),
    replace(
        _MV,
        name="weatherbench-mv-tau",
        options=_TAU,
        learning_rate=5e-3,
        parameters=None,
        macs=None,
        note="r, t, u, v at 150, 500 and 850 hPa, 6-hourly.",
    ),
)
