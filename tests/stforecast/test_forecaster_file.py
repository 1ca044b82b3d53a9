import json
import stat

import pytest
import torch
from safetensors.torch import save_file

from stforecast.forecaster_file import read_facts, read_tensors, write_tensors

HEADER = {"schema_version": 1, "time_step": "6h"}


def test_tensors_and_header_come_back(tmp_path):
    file = tmp_path / "forecaster.safetensors"
    turned = torch.arange(6.0).view(2, 3).T  # not contiguous
    write_tensors(file, {"a.weight": turned, "empty_cells": turned > 2}, HEADER)
    assert read_facts(tmp_path) == HEADER
    tensors = read_tensors(tmp_path)
    assert torch.equal(tensors["a.weight"], turned)
    assert torch.equal(tensors["empty_cells"], turned > 2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_what_is_no_forecaster_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no forecaster.safetensors; is its training finished"):
        read_facts(tmp_path)
    with pytest.raises(ValueError, match="name a run folder"):
        read_facts(tmp_path / "absent")
    (tmp_path / "half.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(ValueError, match="no forecaster, or it is damaged"):
        read_facts(tmp_path / "half.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(ValueError, match="not written by stforecast"):
        read_facts(tmp_path / "foreign.safetensors")
    newer = {"stforecast": json.dumps({"schema_version": 99})}
    save_file({"a": torch.zeros(1)}, tmp_path / "newer.safetensors", metadata=newer)
    with pytest.raises(ValueError, match="has schema 99"):
        read_facts(tmp_path / "newer.safetensors")
