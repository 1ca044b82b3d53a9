import pytest
import torch

from stforecast.device import choose_device


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(ValueError, match="torch sees no GPU here"):
        choose_device("cuda")
    with pytest.raises(ValueError, match="device 'tpu' is unknown; known: auto, cpu, cuda"):
        choose_device("tpu")
