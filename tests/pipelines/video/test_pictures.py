"""Pictures as frames."""

import numpy as np
import pytest
from PIL import Image

from pipelines.video.pictures import decode_picture, open_pictures, write_picture

COLOUR = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype="uint8")


@pytest.mark.parametrize("ending", [".png", ".bmp"])
def test_colours_come_out_as_red_green_blue(tmp_path, ending):
    Image.fromarray(COLOUR).save(tmp_path / f"a{ending}")
    pictures = open_pictures(tmp_path, [f"a{ending}"])
    assert (pictures.look.shape, pictures.look.is_grey) == ((6, 9), False)
    np.testing.assert_array_equal(next(pictures.frames(np.array([0]))), COLOUR)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_pictures_have_one_channel(tmp_path, mode):
    Image.fromarray(COLOUR).convert(mode).save(tmp_path / "a.png")
    pictures = open_pictures(tmp_path, ["a.png"])
    assert pictures.look.is_grey
    assert next(pictures.frames(np.array([0]))).shape == (6, 9)


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_other_ways_to_write_colour_are_brought_to_red_green_blue(tmp_path, mode):
    file = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new("RGB", (9, 6), (255, 0, 0)).convert(mode).save(file)
    assert np.abs(decode_picture(file, "a").astype(int) - (255, 0, 0)).max() < 4


def test_frames_come_in_the_order_that_is_asked_for(tmp_path, write_pictures):
    write_pictures(tmp_path, range(5), grey=True)
    pictures = open_pictures(tmp_path, [f"{number:06d}.png" for number in range(5)])
    values = [frame[0, 0] for frame in pictures.frames(np.array([1, 3, 4]))]
    assert values == [14, 22, 26]


def test_samples_are_known_by_their_mark(tmp_path):
    for ending in (".png", ".jpg"):
        write_picture(tmp_path / f"a{ending}", COLOUR)
        assert open_pictures(tmp_path, [f"a{ending}"]).look.is_synthetic
        write_picture(tmp_path / f"b{ending}", COLOUR, is_synthetic=False)
        assert not open_pictures(tmp_path, [f"b{ending}"]).look.is_synthetic


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_a_picture_that_is_cut_off_is_named(tmp_path, ending):
    file = tmp_path / f"a{ending}"
    Image.fromarray(np.kron(COLOUR, np.ones((20, 20, 1), dtype="uint8"))).save(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ValueError, match=rf"a\{ending} cannot be read as a picture .*cut off"):
        decode_picture(file, str(file))


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x89PNG\r\n\x1a\nrubbish and more rubbish"])
def test_what_is_no_picture_is_refused_before_any_frame_is_read(tmp_path, body):
    (tmp_path / "a.png").write_bytes(body)
    with pytest.raises(ValueError, match=r"a\.png cannot be read as a picture"):
        open_pictures(tmp_path, ["a.png"])


def test_pictures_of_more_than_8_bits_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 40_000, dtype="uint16")).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="more than 8 bits a channel"):
        open_pictures(tmp_path, ["a.png"])
    with pytest.raises(ValueError, match="more than 8 bits a channel"):
        decode_picture(tmp_path / "a.png", "a.png")
