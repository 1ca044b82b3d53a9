"""Films."""

import wave

import av
import numpy as np
import pytest

from pipelines.video.decoding import open_movie, write_movie
from tests.pipelines.video.conftest import flat_frames


def values(movie, numbers):
    return [int(frame[8, 16].mean().round()) for frame in movie.frames(np.array(numbers))]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.avi", "mpeg4"), ("a.mp4", "mpeg4"), ("a.mov", "mpeg4"), ("a.mkv", "ffv1")],
)
def test_frames_are_counted_before_and_decoded_when_asked_for(tmp_path, write_film, name, codec):
    movie = open_movie(write_film(tmp_path / name, 12, codec=codec))
    assert (movie.look.n_frames, movie.look.shape, movie.look.is_grey) == (12, (16, 32), False)
    assert values(movie, range(12)) == pytest.approx([10 + 4 * n for n in range(12)], abs=2)
    assert values(movie, [3, 7]) == pytest.approx([22, 38], abs=2)
    assert values(movie, []) == []


def test_colours_come_out_as_red_green_blue(tmp_path):
    frame = np.zeros((32, 32, 3), dtype="uint8")
    frame[...] = (200, 60, 20)
    write_movie(tmp_path / "a.mp4", [frame] * 3)
    movie = open_movie(tmp_path / "a.mp4")
    assert movie.look.is_synthetic
    decoded = next(movie.frames(np.array([2])))
    assert np.abs(decoded.astype(int) - (200, 60, 20)).max() < 8


def test_a_film_in_grey_has_one_channel(tmp_path):
    with av.open(tmp_path / "a.mkv", "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "gray"
        for frame in flat_frames(range(3), grey=True):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())
    movie = open_movie(tmp_path / "a.mkv")
    assert movie.look.is_grey
    assert [frame[0, 0] for frame in movie.frames(np.arange(3))] == [10, 14, 18]


@pytest.mark.parametrize("share", [0.7, 0.8])
def test_a_film_that_is_cut_off_is_refused_by_its_head(tmp_path, write_film, share):
    file = write_film(tmp_path / "a.avi", 60)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(ValueError, match=r"a\.avi announces 60 frames, but holds \d+: it is cut"):
        open_movie(file)


def test_a_film_that_has_lost_its_index_alone_is_read(tmp_path, write_film):
    file = write_film(tmp_path / "a.avi", 60)
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.rindex(b"idx1")])
    movie = open_movie(file)
    assert movie.look.n_frames == 60
    assert values(movie, [59]) == pytest.approx([10 + 4 * 59], abs=2)


@pytest.mark.parametrize("name", ["a.avi", "a.mp4", "a.mkv"])
@pytest.mark.parametrize("body", [b"", b"<html>not here</html>" * 30])
def test_what_is_no_film_is_refused(tmp_path, name, body):
    (tmp_path / name).write_bytes(body)
    with pytest.raises(ValueError, match=f"{name} cannot be read as a clip"):
        open_movie(tmp_path / name)


def test_a_film_that_ends_while_it_is_decoded_is_refused(tmp_path, write_film):
    movie = open_movie(write_film(tmp_path / "a.avi", 12))
    write_film(tmp_path / "a.avi", 5)
    with pytest.raises(ValueError, match=r"should hold 12 frames, but 5 can be decoded"):
        values(movie, range(12))
    (tmp_path / "a.avi").write_bytes(b"")
    with pytest.raises(ValueError, match=r"should hold 12 frames, but 0 can be decoded"):
        values(movie, range(12))


def test_sound_alone_is_no_film(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "none"))
        sound.writeframes(bytes(1600))
    (tmp_path / "a.wav").rename(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="holds no film, only audio"):
        open_movie(tmp_path / "a.mp4")
