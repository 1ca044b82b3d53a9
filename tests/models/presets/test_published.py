import pytest

from models.presets import PRESETS
from models.presets.published import PUBLISHED
from models.presets.recurrent import RECURRENT

# Rows that the tables repeat from another network, and networks that they do not have.
WITHOUT = {
    "mmnist-convlstm-small",
    "weatherbench-r-predrnnpp",
    "weatherbench-r-mim",
    "weatherbench-tcc-mim",
}


def test_scores_are_those_of_presets():
    assert set(PUBLISHED) <= set(PRESETS)
    assert {preset.name for preset in RECURRENT} - set(PUBLISHED) == WITHOUT


def test_scores_are_copied_from_the_right_tables():
    assert PUBLISHED["mmnist-gsta"].mse == 26.69
    assert PUBLISHED["mmnist-gsta"].psnr == 22.78
    assert PUBLISHED["mmnist-predrnnpp"].mae == 69.58
    assert PUBLISHED["taxibj-tau"].mse == 0.3108
    assert PUBLISHED["weatherbench-tcc-mau"].rmse == 0.22260
    assert PUBLISHED["weatherbench-t2m-1.40625-gsta"].mse == 0.6499


@pytest.mark.parametrize("name", PUBLISHED)
def test_scores_hang_together(name):
    scores = PUBLISHED[name]
    assert scores.mse > 0
    assert scores.mae > 0
    if name.startswith("weatherbench"):
        assert scores.rmse**2 == pytest.approx(scores.mse, rel=1e-2)
        assert scores.mae < scores.rmse
    else:
        assert 0.6 < scores.ssim < 1
        assert scores.psnr is None or 20 < scores.psnr < 45
