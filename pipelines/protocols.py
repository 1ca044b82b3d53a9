"""Split protocols of the literature, by name: which frames at the end are for testing."""

import numpy as np

from pipelines.civil_time import deepst_targets

__all__ = ["PROTOCOLS", "test_frames"]

PROTOCOLS: dict[str, str] = {
    "openstl": "the last 500 windows, as OpenSTL tests TaxiBJ",
    "stresnet": "the last four weeks, as DeepST and ST-ResNet test TaxiBJ",
    "published": "the clips that a video data set's publication tests on",
}
"""What each one tests on. OpenSTL validates on its test windows, and cuts training right up to them;
here validation is its own, and a gap is kept."""

_OPENSTL_WINDOWS = 500
_STRESNET_DAYS = 28


def test_frames(
    times: np.ndarray, protocol: str, *, window_steps: int, time_step: np.timedelta64
) -> range:
    """The frames that a protocol tests on, as a range of indices into `times`.

    Args:
        times: strictly increasing.
        window_steps: history + horizon.

    Raises:
        ValueError: the data are too short for the protocol.

    References:
        "openstl": openstl/datasets/dataloader_taxibj.py. "stresnet": the last 28 × (slots of a day)
        samples of DeepST's TaxiBJ loader, whose first target is where the range begins; in TaxiBJ,
        where days are missing, 1344 of them begin on 2016-03-10, not 28 days before the end.
    """
    if protocol == "openstl":
        # Here, so that a page or a command that names protocols does not wait for torch.
        from pipelines.windows import WindowSpec, window_starts

        spec = WindowSpec(1, window_steps - 1)
        starts = window_starts(times, spec, time_step=time_step, within=range(len(times)))
        wanted, kind = _OPENSTL_WINDOWS, "windows"
    else:
        starts = deepst_targets(times, time_step=time_step)
        wanted, kind = _STRESNET_DAYS * int(np.timedelta64(1, "D") / time_step), "samples"
    if len(starts) <= wanted:
        raise ValueError(
            f"split.protocol = {protocol!r} tests on the last {wanted} {kind}, but the data have "
            f"{len(starts)}; name fractions or times instead."
        )
    return range(int(starts[-wanted]), len(times))
