"""LPIPS: how far apart two pictures look, by the features of a network that was trained on photographs.

The weights are not ours to ship. With `alexnet-owt-7be5be79.pth` (torchvision's) in the folder that
`STFORECAST_WEIGHTS` names, the metric is computed; the linear layers come with torchmetrics.

N: picture, Y: row, X: column.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from stforecast.verification.picture_quality import WEIGHTS_FILE, weights_file

__all__ = ["Lpips", "load_lpips", "lpips_of_frames"]

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of photographs in [−1, 1], as the published code normalises them."""
_CONVOLUTIONS = (0, 3, 6, 8, 10)
"""Where AlexNet's convolutions stand among its features."""
_AT_ONCE = 64
"""Pictures whose features are in memory at once."""
_WIDTHS = (64, 192, 384, 256, 256)


class Lpips(nn.Module):
    """Distance of pictures: 0 alike; AlexNet's features, weighed as people judged.

    References:
        Zhang et al. 2018, arXiv:1801.03924, version 0.1.
    """

    def __init__(self) -> None:
        super().__init__()
        sizes = zip(
            (3, *_WIDTHS[:-1]),
            _WIDTHS,
            (11, 5, 3, 3, 3),
            (4, 1, 1, 1, 1),
            (2, 2, 1, 1, 1),
            strict=True,
        )
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel, stride=stride, padding=padding)
            for before, after, kernel, stride, padding in sizes
        )
        self.weights = nn.ParameterList(torch.zeros(width) for width in _WIDTHS)

    def forward(
        self, one: Float[Tensor, "N 3 Y X"], other: Float[Tensor, "N 3 Y X"]
    ) -> Float[Tensor, "N"]:
        """Distance of each pair of pictures of values in [0, 1], red, green and blue."""
        total = torch.zeros(len(one), dtype=one.dtype)
        pairs = zip(self._features(one), self._features(other), self.weights, strict=True)
        for first, second, weight in pairs:
            apart = (_unit(first) - _unit(second)).square()
            total = total + (weight[:, None, None] * apart).sum(dim=1).mean(dim=(1, 2))
        return total

    def _features(self, pictures: Tensor) -> list[Tensor]:
        shift, scale = (torch.tensor(values)[:, None, None] for values in (_SHIFT, _SCALE))
        values = (2 * pictures - 1 - shift) / scale
        found = []
        for number, convolution in enumerate(self.convolutions):
            if number in (1, 2):
                values = F.max_pool2d(values, kernel_size=3, stride=2)
            values = F.relu(convolution(values))
            found.append(values)
        return found


def lpips_of_frames(
    forecast: Float[np.ndarray, "B L C Y X"], truth: Float[np.ndarray, "B L C Y X"]
) -> Float[np.ndarray, "B L C"]:
    """LPIPS of each frame of values in [0, 1]; grey frames count as colours that are all alike.

    Each channel gets the number of its frame.

    Raises:
        ValueError: the weights are not on disk, or not what they should be.
    """
    file = weights_file()
    if file is None:
        raise ValueError(
            f"LPIPS needs {WEIGHTS_FILE}; name the folder that holds it with STFORECAST_WEIGHTS."
        )
    model = load_lpips(file)
    n_times, n_leads, n_channels, height, width = truth.shape
    one, other = (
        torch.from_numpy(np.ascontiguousarray(frames, dtype="float32"))
        .reshape(-1, n_channels, height, width)
        .expand(-1, 3, -1, -1)
        for frames in (forecast, truth)
    )
    with torch.inference_mode():
        parts = [
            model(first, second)
            for first, second in zip(one.split(_AT_ONCE), other.split(_AT_ONCE), strict=True)
        ]
    distance = torch.cat(parts).reshape(n_times, n_leads, 1).double().numpy()
    return np.repeat(distance, n_channels, axis=2)


def _unit(features: Tensor) -> Tensor:
    """Features of length 1 at each place."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)


@cache
def load_lpips(file: Path) -> Lpips:
    """The metric with AlexNet's weights in a file.

    Raises:
        ValueError: the file does not hold them.
    """
    package = find_spec("torchmetrics")
    assert package is not None  # lightning brings it
    assert package.origin is not None
    linear = Path(package.origin).parent / "functional/image/lpips_models/alex.pth"
    model = Lpips()
    try:
        features = torch.load(file, map_location="cpu", weights_only=True)
        tensors = {
            f"convolutions.{number}.{part}": features[f"features.{place}.{part}"]
            for number, place in enumerate(_CONVOLUTIONS)
            for part in ("weight", "bias")
        }
        layers = torch.load(linear, map_location="cpu", weights_only=True)
        for number in range(len(_WIDTHS)):
            tensors[f"weights.{number}"] = layers[f"lin{number}.model.1.weight"].flatten()
        model.load_state_dict(tensors)
    except (OSError, RuntimeError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"{file} does not hold AlexNet's weights as torchvision publishes them: {error}. Put the "
            "original file there, or unset STFORECAST_WEIGHTS to score without LPIPS."
        ) from error
    return model.eval()
