"""Animations: what comes back when they are decoded again."""

import io
import struct
from weakref import ref

import av
import numpy as np
import pytest
from PIL import Image

from stforecast.figures.animation import animate, figure_picture, save_animation
from stforecast.figures.panels import make_figure

COLOURS = [(200, 30, 40), (20, 160, 60), (30, 60, 210), (240, 220, 30)]


def make_pictures(*, height=48, width=64, colours=COLOURS):
    """A square of another colour each time on a white ground that stands still."""
    for colour in colours:
        picture = np.full((height, width, 3), 255, dtype="uint8")
        picture[12:36, 16:48] = colour
        yield picture


def decode(content):
    with av.open(io.BytesIO(content)) as container:
        frames = list(container.decode(video=0))
        stream = container.streams.video[0]
        seconds = [float(frame.pts * stream.time_base) for frame in frames]
        return stream.codec_context.name, [f.to_ndarray(format="rgb24") for f in frames], seconds


def atoms(content):
    """Names of the outer boxes of an MP4, in order."""
    names, at = [], 0
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        names.append(name.decode())
        at += size
    return names


def test_gif_holds_every_picture_for_its_time_and_plays_again_and_again():
    with Image.open(io.BytesIO(animate(make_pictures(), kind="gif", seconds=0.4))) as image:
        assert image.size == (64, 48)
        assert image.n_frames == 4
        assert image.info["loop"] == 0
        for number, picture in enumerate(make_pictures()):
            image.seek(number)
            assert image.info["duration"] == 400
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), picture)


def test_gif_stores_what_has_changed_alone():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 1), dtype="uint8")
    still = np.repeat(noise, 3, axis=2)
    once = len(animate([still], kind="gif"))
    # Nineteen more of the same picture take less than one more.
    assert len(animate([still] * 20, kind="gif")) < 1.5 * once


def test_colours_of_a_gif_that_the_first_picture_lacks_are_shown_true():
    shades = np.arange(256, dtype="uint8")
    grey = np.broadcast_to(shades[None, :, None], (64, 256, 3)).copy()
    red = grey.copy()
    red[8:56, :, 1:] = 0
    _, shown, _ = decode(animate([grey, red, grey], kind="gif"))
    for frame, picture in zip(shown, [grey, red, grey], strict=True):
        assert np.abs(frame.astype(int) - picture).max() <= 8


def test_plain_colours_stay_as_they_are_among_many_shades():
    shades = np.random.default_rng(0).integers(0, 255, (80, 80, 3), dtype="uint8")
    picture = np.full((80, 160, 3), 255, dtype="uint8")
    picture[:, 80:] = shades
    picture[:20, :20], picture[20:40, :20] = (0, 0, 0), (253, 253, 253)
    _, (shown, again), _ = decode(animate([picture, picture], kind="gif"))
    _, (alone,), _ = decode(animate([shades], kind="gif"))
    for frame in (shown, again):
        np.testing.assert_array_equal(frame[:, :80], picture[:, :80])
    for frame in (shown[:, 80:], again[:, 80:], alone):
        assert np.abs(frame.astype(int) - shades).mean() < 20


def test_mp4_plays_in_browsers():
    content = animate(make_pictures(), kind="mp4", seconds=0.25)
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 4
        assert stream.frames == 4
    # The index stands before the frames: playing begins before all is loaded.
    boxes = atoms(content)
    assert boxes.index("moov") < boxes.index("mdat")


def test_mp4_shows_the_colours_of_the_pictures():
    _, frames, seconds = decode(animate(make_pictures(), kind="mp4", seconds=0.25))
    assert seconds == pytest.approx([0, 0.25, 0.5, 0.75], abs=1e-3)
    for frame, picture in zip(frames, make_pictures(), strict=True):
        # Away from edges, where 4:2:0 blurs colours.
        for part in (np.s_[18:30, 22:42], np.s_[2:8, 4:60]):
            assert np.abs(frame[part].astype(int) - picture[part]).max() <= 4


def test_odd_sizes_of_an_mp4_grow_by_a_pixel_at_the_edge():
    _, frames, _ = decode(animate(make_pictures(height=47, width=63), kind="mp4"))
    assert frames[0].shape == (48, 64, 3)
    assert frames[0][-1].min() > 245
    assert frames[0][:, -1].min() > 245
    _, frames, _ = decode(animate(make_pictures(height=47, width=63), kind="gif"))
    assert frames[0].shape == (47, 63, 3)


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_pictures_are_taken_one_at_a_time(kind):
    made, most = [], 0

    def pictures():
        nonlocal most
        for number in range(12):
            picture = np.full((32, 32, 3), 20 * number, dtype="uint8")
            made.append(ref(picture))
            most = max(most, sum(one() is not None for one in made))
            yield picture

    animate(pictures(), kind=kind)
    # The first, the one that is written, and the one that is being made.
    assert most <= 3


def test_single_picture_is_an_animation_too():
    (picture,) = make_pictures(colours=COLOURS[:1])
    for kind in ("gif", "mp4"):
        assert len(decode(animate([picture], kind=kind))[1]) == 1


def test_file_is_written_by_its_ending(tmp_path):
    for name, codec in (("a.gif", "gif"), ("new/b.MP4", "h264")):
        path = save_animation(make_pictures(), tmp_path / name, seconds=0.1)
        assert path == tmp_path / name
        assert decode(path.read_bytes())[0] == codec


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def breaking():
        yield from make_pictures()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        save_animation(breaking(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_figure_becomes_a_picture_of_its_size_and_stays_as_it_is():
    figure = make_figure(3, 2)
    figure.text(0.5, 0.5, "W", color="red", fontsize=60)
    dpi = figure.dpi
    picture = figure_picture(figure, dpi=50)
    assert picture.shape == (100, 150, 3)
    assert (picture[0, 0] == 255).all()
    assert (picture == [255, 0, 0]).all(axis=-1).any()
    assert figure.dpi == dpi


def test_what_is_no_animation_is_refused(tmp_path):
    with pytest.raises(ValueError, match="kind 'webm' is unknown; known: gif, mp4"):
        animate(make_pictures(), kind="webm")
    with pytest.raises(ValueError, match=r"the path is .*a\.avi; end it in \.gif or \.mp4"):
        save_animation(make_pictures(), tmp_path / "a.avi")
    with pytest.raises(ValueError, match="no picture to animate"):
        animate([], kind="gif")
    for seconds in (0.0, 0.01, float("nan")):
        with pytest.raises(ValueError, match=r"seconds must be at least 0\.02"):
            animate(make_pictures(), kind="gif", seconds=seconds)
    sizes = [np.zeros((4, 6, 3), "uint8"), np.zeros((4, 8, 3), "uint8")]
    with pytest.raises(ValueError, match="the first is 6×4 pixels and another 8×4"):
        animate(sizes, kind="mp4")
    with pytest.raises(ValueError, match=r"one is uint8 of shape \(4, 6, 4\)"):
        animate(iter([np.zeros((4, 6, 4), "uint8")]), kind="gif")
