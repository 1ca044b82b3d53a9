"""Norpix sequences, as Caltech's files are and as they arrive broken."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from pipelines.video.seq import open_seq, write_seq
from tests.pipelines.video.conftest import flat_frames

COLOURS = [np.full((16, 32, 3), value, dtype="uint8") for value in ((200, 60, 20), (10, 20, 250))]


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("is_packed", [True, False])
def test_each_frame_can_be_had_alone(tmp_path, grey, is_packed):
    write_seq(tmp_path / "V000.seq", flat_frames(range(6), grey=grey), is_packed=is_packed)
    file = open_seq(tmp_path / "V000.seq")
    assert (file.look.n_frames, file.look.shape, file.look.is_grey) == (6, (16, 32), grey)
    assert file.look.is_synthetic
    for numbers in ([4], [0, 1, 2, 3, 4, 5], [1, 5]):
        frames = list(file.frames(np.array(numbers)))
        assert [int(frame.mean().round()) for frame in frames] == [10 + 4 * n for n in numbers]
    assert file.label(0) == f"{tmp_path / 'V000.seq'}, frame 1"


@pytest.mark.parametrize("is_packed", [True, False])
def test_colours_come_out_as_red_green_blue(tmp_path, is_packed):
    write_seq(tmp_path / "V000.seq", COLOURS, is_packed=is_packed, is_synthetic=False)
    file = open_seq(tmp_path / "V000.seq")
    assert not file.look.is_synthetic
    for frame, wanted in zip(file.frames(np.arange(2)), COLOURS, strict=True):
        assert np.abs(frame.astype(int) - wanted).max() < 8


@pytest.mark.parametrize("n_bytes", [6, 8, 16, 20])
def test_the_next_frame_is_found_however_long_its_time_is(tmp_path, n_bytes):
    write_seq(tmp_path / "a.seq", flat_frames(range(4)))
    whole = (tmp_path / "a.seq").read_bytes()
    parts, start = [whole[:1024]], 1024
    for _ in range(4):
        end = start + struct.unpack_from("<I", whole, start)[0]
        parts.append(whole[start:end] + bytes(n_bytes))
        start = end + 8
    (tmp_path / "b.seq").write_bytes(b"".join(parts))
    frames = open_seq(tmp_path / "b.seq").frames(np.arange(4))
    assert [int(frame.mean().round()) for frame in frames] == [10, 14, 18, 22]


def test_pngs_and_longer_heads_are_read_too(tmp_path):
    write_seq(tmp_path / "a.seq", flat_frames([0]))
    head = bytearray((tmp_path / "a.seq").read_bytes()[:1024])
    struct.pack_into("<i", head, 32, 8192)
    struct.pack_into("<2I", head, 568, 1, 2)
    body = io.BytesIO()
    Image.fromarray(COLOURS[1]).save(body, "PNG")
    frame = struct.pack("<I", len(body.getvalue()) + 4) + body.getvalue() + bytes(8)
    (tmp_path / "b.seq").write_bytes(bytes(head).ljust(8192, b"\0") + 2 * frame)
    for decoded in open_seq(tmp_path / "b.seq").frames(np.arange(2)):
        np.testing.assert_array_equal(decoded, COLOURS[1])


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_file_that_is_cut_off_is_told_by_its_frame(tmp_path, is_packed):
    file = tmp_path / "V000.seq"
    write_seq(file, flat_frames(range(6)), is_packed=is_packed)
    whole = file.read_bytes()
    file.write_bytes(whole[: 1024 + (len(whole) - 1024) * 7 // 12])
    opened = open_seq(file)
    assert len(list(opened.frames(np.arange(2)))) == 2
    with pytest.raises(ValueError, match=r"V000\.seq announces 6 frames, but ends in number 4"):
        list(opened.frames(np.arange(6)))
    with pytest.raises(ValueError, match="announces 6 frames, but ends in number"):
        list(open_seq(file).frames(np.array([5])))


def test_a_damaged_picture_is_told_by_its_number(tmp_path):
    file = tmp_path / "V000.seq"
    write_seq(file, flat_frames(range(3), (48, 64)))
    whole = bytearray(file.read_bytes())
    start = 1024 + struct.unpack_from("<I", whole, 1024)[0] + 8
    whole[start + 8 : start + 300] = bytes(292)
    file.write_bytes(whole)
    with pytest.raises(ValueError, match=r"V000\.seq, frame 2 cannot be read as a picture"):
        list(open_seq(file).frames(np.arange(3)))


@pytest.mark.parametrize("body", [b"", b"<html>", bytes(2000)])
def test_what_is_no_sequence_is_refused(tmp_path, body):
    (tmp_path / "V000.seq").write_bytes(body)
    with pytest.raises(ValueError, match=r"V000\.seq is no Norpix sequence"):
        open_seq(tmp_path / "V000.seq")


@pytest.mark.parametrize(
    ("place", "value", "match"),
    [
        (572, 0, "announces 0 frames of 16x32: its head is damaged"),
        (552, 0, "announces 2 frames of 0x32"),
        (568, 101, "has pictures of kind 101 with 8 bits a channel"),
        (568, 900, "of kind 900"),
        (560, 12, "of kind 100 with 12 bits"),
    ],
)
def test_a_head_that_makes_no_sense_is_refused(tmp_path, place, value, match):
    file = tmp_path / "V000.seq"
    write_seq(file, flat_frames(range(2), grey=True), is_packed=False)
    head = bytearray(file.read_bytes())
    struct.pack_into("<I", head, place, value)
    file.write_bytes(head)
    with pytest.raises(ValueError, match=match):
        open_seq(file)
