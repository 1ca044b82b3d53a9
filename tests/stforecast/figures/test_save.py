import pytest
from PIL import Image

from stforecast.figures.panels import make_figure
from stforecast.figures.save import save_figure


def test_figure_becomes_a_png_of_its_size(tmp_path):
    file = save_figure(make_figure(3, 2), tmp_path / "new/f.png", dpi=50)
    with Image.open(file) as image:
        assert image.format == "PNG"
        assert image.size == (150, 100)


def test_same_figure_is_the_same_file(tmp_path):
    first = save_figure(make_figure(3, 2), tmp_path / "a.png").read_bytes()
    assert save_figure(make_figure(3, 2), tmp_path / "b.png").read_bytes() == first


def test_failure_leaves_nothing(tmp_path, monkeypatch):
    figure = make_figure(3, 2)

    def fail(path, **_options):
        path.write_bytes(b"half")
        raise RuntimeError("disk full")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        save_figure(figure, tmp_path / "f.png")
    assert list(tmp_path.iterdir()) == []


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"written as PNG, but the path is .*f\.svg"):
        save_figure(make_figure(3, 2), tmp_path / "f.svg")
