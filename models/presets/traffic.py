"""Published configurations of city traffic."""

from dataclasses import replace

from models.presets.preset import Preset, simvp_options

__all__ = ["TRAFFIC"]

_TAXIBJ = Preset(
    name="taxibj-gsta",
    dataset="taxibj",
    network="simvp",
    options=simvp_options("gsta", 32, 256, 2, 8, drop_path=0.1),
    history=4,
    horizon=4,
    channels=2,
    height=32,
    width=32,
    learning_rate=5e-4,
    schedule="cosine",
    normalisation="minmax01",
    warmup_epochs=5,
    epochs=50,
    parameters=9_961_058,
    macs=2.613e9,
    note="OpenSTL's configs/taxibj/SimVP.py has a learning rate of 1e-3.",
)

TRAFFIC: tuple[Preset, ...] = (
    _TAXIBJ,
    replace(
        _TAXIBJ,
        name="taxibj-incepu",
        options=simvp_options("incepu", 32, 256, 2, 8),
        learning_rate=1e-3,
        parameters=13_794_914,
        macs=3.614e9,
        note="",
    ),
    replace(
        _TAXIBJ,
        name="taxibj-tau",
        options=simvp_options("tau", 32, 256, 2, 8, drop_path=0.1),
        learning_rate=1e-3,
        parameters=9_545_442,
        macs=2.49e9,
        note="",
    ),
)
