from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from stforecast.verification import lpips
from stforecast.verification.lpips import load_lpips, lpips_of_frames


def alexnet_features() -> nn.Sequential:
    """The features of torchvision's AlexNet, with weights of chance."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
    )


@pytest.fixture
def weights(tmp_path, monkeypatch) -> Path:
    """A file named and made like torchvision's."""
    file = tmp_path / "alexnet-owt-7be5be79.pth"
    features = alexnet_features().state_dict()
    torch.save({f"features.{name}": values for name, values in features.items()}, file)
    monkeypatch.setenv("STFORECAST_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(lpips, "_AT_ONCE", 2)
    return file


def distance(one: torch.Tensor, other: torch.Tensor, linear: list[torch.Tensor]) -> float:
    """By the formula: over layers, the weighed squared difference of unit features, meaned in space."""
    features, total = alexnet_features(), 0.0
    layers = [1, 4, 7, 9, 11]
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    for layer, weight in zip(layers, linear, strict=True):
        found = [
            features[: layer + 1](((2 * picture - 1 - shift) / scale)[None])[0]
            for picture in (one, other)
        ]
        for row in range(found[0].shape[1]):
            for column in range(found[0].shape[2]):
                unit = [f[:, row, column] / (f[:, row, column].norm() + 1e-10) for f in found]
                apart = (weight * (unit[0] - unit[1]) ** 2).sum().item()
                total += apart / (found[0].shape[1] * found[0].shape[2])
    return total


def test_lpips_follows_its_formula_and_gives_each_channel_the_number_of_its_frame(weights):
    random = np.random.default_rng(0)
    one, other = random.random((2, 1, 3, 3, 64, 64))
    found = lpips_of_frames(one, other)
    linear = [weight.detach() for weight in load_lpips(weights).weights]
    assert all(weight.min() >= 0 and weight.max() > 0 for weight in linear)
    for lead in range(3):
        pair = [torch.from_numpy(frames[0, lead]).float() for frames in (one, other)]
        assert found[0, lead] == pytest.approx(distance(*pair, linear), rel=1e-4)
    assert lpips_of_frames(one, one) == pytest.approx(0)


def test_grey_frames_count_as_colours_that_are_all_alike(weights):
    random = np.random.default_rng(0)
    one, other = random.random((2, 2, 1, 1, 64, 64))
    colours = [np.repeat(frames, 3, axis=2) for frames in (one, other)]
    assert lpips_of_frames(one, other)[..., 0] == pytest.approx(lpips_of_frames(*colours)[..., 0])


def test_weights_that_are_absent_or_foreign_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("STFORECAST_WEIGHTS", str(tmp_path))
    frames = np.zeros((1, 1, 1, 64, 64))
    with pytest.raises(ValueError, match="LPIPS needs alexnet-owt-7be5be79.pth"):
        lpips_of_frames(frames, frames)
    file = tmp_path / "alexnet-owt-7be5be79.pth"
    torch.save({"other": torch.zeros(1)}, file)
    with pytest.raises(ValueError, match="does not hold AlexNet's weights as torchvision"):
        lpips_of_frames(frames, frames)
