"""Scores that others have published for the presets.

They are copied, and not comparable with scores computed here: the best epoch was chosen on the test
data, weather fields were normalised with the statistics of the data that were scored, and traffic is
not split by time. Errors of video and traffic are those of values between 0 and 1, summed over the
cells and channels of a frame and averaged over frames; those of weather are means in physical units,
without weights for latitude. SSIM was computed as if values had a range of 2.

What cannot be right in the tables is left out. Relative humidity: PredRNN++ repeats ConvLSTM's row,
and MIM that of E3D-LSTM; so does MIM for cloud cover. Human3.6M: PhyDNet's PSNR. Several variables at
once ("mv"): the lead times are others than the table says. The PSNR of gSTA and IncepU on Moving MNIST
is that of the second table; the first one's was computed with differences that wrap around.

References:
    OpenSTL, arXiv 2306.11249, docs/en/model_zoos: video, traffic and weather benchmarks, 200 epochs on
    Moving MNIST, 100 on KTH and KittiCaltech, 50 elsewhere.
"""

from dataclasses import dataclass

__all__ = ["PUBLISHED", "PublishedScores"]


@dataclass(frozen=True)
class PublishedScores:
    """Scores of one preset."""

    mse: float
    """Mean squared error."""
    mae: float
    """Mean absolute error."""
    ssim: float | None = None
    """Structural similarity; video and traffic."""
    psnr: float | None = None
    """Peak signal-to-noise ratio, dB; video and traffic."""
    rmse: float | None = None
    """Root mean squared error over all lead times; weather."""


def _of(
    dataset: str, rows: dict[str, tuple[float, float, float | None, float | None]]
) -> dict[str, PublishedScores]:
    """Video and traffic: MSE, MAE, SSIM and PSNR of each network."""
    return {f"{dataset}-{network}": PublishedScores(*row) for network, row in rows.items()}


def _of_weather(
    variable: str, rows: dict[str, tuple[float, float, float]]
) -> dict[str, PublishedScores]:
    """MSE, MAE and RMSE of each network."""
    return {
        f"weatherbench-{variable}-{network}": PublishedScores(mse, mae, rmse=rmse)
        for network, (mse, mae, rmse) in rows.items()
    }


PUBLISHED: dict[str, PublishedScores] = {
    **_of(
        "mmnist",
        {
            "gsta": (26.69, 77.19, 0.9402, 22.78),
            "incepu": (32.15, 89.05, 0.9268, 21.84),
            "tau": (24.60, 71.93, 0.9454, 23.19),
            "convlstm-s": (29.80, 90.64, 0.9288, 22.10),
            "convlstm-l": (27.78, 86.14, 0.9343, 22.44),
            "phydnet": (28.19, 78.64, 0.9374, 22.62),
            "predrnn": (23.97, 72.82, 0.9462, 23.28),
            "predrnnpp": (22.06, 69.58, 0.9509, 23.65),
            "mim": (22.55, 69.97, 0.9498, 23.56),
            "mau": (26.86, 78.22, 0.9398, 22.76),
            "e3dlstm": (35.97, 78.28, 0.9320, 21.11),
            "crevnet": (30.15, 86.28, 0.9350, None),
            "predrnnv2": (24.13, 73.73, 0.9453, 23.21),
            "vit": (35.15, 95.87, 0.9139, 21.67),
            "swin": (29.70, 84.05, 0.9331, 22.22),
            "uniformer": (30.38, 85.87, 0.9308, 22.13),
            "mlpmixer": (29.52, 83.36, 0.9338, 22.22),
            "convmixer": (32.09, 88.93, 0.9259, 21.93),
            "poolformer": (31.79, 88.48, 0.9271, 22.03),
            "convnext": (26.94, 77.23, 0.9397, 22.74),
            "van": (26.10, 76.11, 0.9417, 22.89),
            "hornet": (29.64, 83.26, 0.9331, 22.26),
            "moganet": (25.57, 75.19, 0.9429, 22.99),
        },
    ),
    **_of(
        "mfmnist",
        {
            "gsta": (25.86, 101.22, 0.8933, 22.61),
            "incepu": (30.77, 113.94, 0.8740, 21.81),
        },
    ),
    **_of(
        "mmnist-cifar",
        {
            "gsta": (51.13, 185.13, 0.9512, 24.93),
            "incepu": (59.83, 214.54, 0.9414, 24.15),
        },
    ),
    **_of(
        "taxibj",
        {
            "gsta": (0.3246, 15.03, 0.9844, 39.71),
            "incepu": (0.3282, 15.45, 0.9835, 39.45),
            "tau": (0.3108, 14.93, 0.9848, 39.74),
            "convlstm-s": (0.3358, 15.32, 0.9836, 39.45),
            "e3dlstm": (0.3427, 14.98, 0.9842, 39.64),
            "phydnet": (0.3622, 15.53, 0.9828, 39.46),
            "predrnn": (0.3194, 15.31, 0.9838, 39.51),
            "mim": (0.3110, 14.96, 0.9847, 39.65),
            "mau": (0.3268, 15.26, 0.9834, 39.52),
            "predrnnpp": (0.3348, 15.37, 0.9834, 39.47),
            "predrnnv2": (0.3834, 15.55, 0.9826, 39.49),
        },
    ),
    **_of(
        "kth",
        {
            "gsta": (45.02, 417.8, 0.9049, 27.04),
            "incepu": (41.11, 397.1, 0.9065, 27.46),
            "tau": (45.32, 421.7, 0.9086, 27.10),
            "convlstm-s": (47.65, 445.5, 0.8977, 26.99),
            "e3dlstm": (136.40, 892.7, 0.8153, 21.78),
            "phydnet": (91.12, 765.6, 0.8322, 23.41),
            "mau": (51.02, 471.2, 0.8945, 26.73),
            "mim": (40.73, 380.8, 0.9025, 27.78),
            "predrnn": (41.07, 380.6, 0.9097, 27.95),
            "predrnnpp": (39.84, 370.4, 0.9124, 28.13),
            "predrnnv2": (39.57, 368.8, 0.9099, 28.01),
        },
    ),
    **_of(
        "kitticaltech",
        {
            "gsta": (129.7, 1507.7, 0.9454, 27.89),
            "incepu": (160.2, 1690.8, 0.9338, 26.81),
            "tau": (131.1, 1507.8, 0.9456, 27.83),
            "convlstm-s": (139.6, 1583.3, 0.9345, 27.46),
            "e3dlstm": (200.6, 1946.2, 0.9047, 25.45),
            "phydnet": (312.2, 2754.8, 0.8615, 23.26),
            "mau": (177.8, 1800.4, 0.9176, 26.14),
            "mim": (125.1, 1464.0, 0.9409, 28.10),
            "predrnn": (130.4, 1525.5, 0.9374, 27.81),
            "predrnnpp": (125.5, 1453.2, 0.9433, 28.02),
            "predrnnv2": (147.8, 1610.5, 0.9330, 27.12),
        },
    ),
    **_of(
        "human",
        {
            "gsta": (108.4, 1441.0, 0.9834, 34.08),
            "incepu": (115.8, 1511.5, 0.9822, 33.73),
            "convlstm-s": (125.5, 1566.7, 0.9813, 33.40),
            "e3dlstm": (143.3, 1442.5, 0.9803, 32.52),
            "phydnet": (125.7, 1614.7, 0.9804, None),
            "mau": (127.3, 1577.0, 0.9812, 33.33),
            "mim": (112.1, 1467.1, 0.9829, 33.97),
            "predrnn": (113.2, 1458.3, 0.9831, 33.94),
            "predrnnpp": (110.0, 1452.2, 0.9832, 34.02),
            "predrnnv2": (114.9, 1484.7, 0.9827, 33.84),
        },
    ),
    **_of_weather(
        "t2m",
        {
            "gsta": (1.105, 0.6567, 1.051),
            "incepu": (1.238, 0.7037, 1.113),
            "tau": (1.162, 0.6707, 1.078),
            "convlstm-s": (1.521, 0.7949, 1.233),
            "e3dlstm": (1.592, 0.8059, 1.262),
            "phydnet": (285.9, 8.7370, 16.91),
            "predrnn": (1.331, 0.7246, 1.154),
            "predrnnpp": (1.634, 0.7883, 1.278),
            "mim": (1.784, 0.8716, 1.336),
            "mau": (1.251, 0.7036, 1.119),
            "predrnnv2": (1.545, 0.7986, 1.243),
        },
    ),
    **_of_weather(
        "t2m-1.40625",
        {
            "gsta": (0.6499, 0.4909, 0.8062),
            "incepu": (0.8492, 0.5636, 0.9215),
        },
    ),
    **_of_weather(
        "r",
        {
            "gsta": (31.426, 3.765, 5.606),
            "incepu": (34.355, 3.994, 5.861),
            "tau": (31.831, 3.818, 5.642),
            "convlstm-s": (35.146, 4.012, 5.928),
            "e3dlstm": (36.534, 4.100, 6.044),
            "phydnet": (239.00, 8.975, 15.46),
            "predrnn": (37.611, 4.096, 6.133),
            "mau": (34.529, 4.004, 5.876),
            "predrnnv2": (36.508, 4.087, 6.042),
        },
    ),
    **_of_weather(
        "uv10",
        {
            "gsta": (1.5069, 0.8142, 1.2276),
            "incepu": (1.9993, 0.9510, 1.4140),
            "tau": (1.5925, 0.8426, 1.2619),
            "convlstm-s": (1.8976, 0.9215, 1.3775),
            "e3dlstm": (2.4111, 1.0342, 1.5528),
            "phydnet": (16.798, 2.9208, 4.0986),
            "predrnn": (1.8810, 0.9068, 1.3715),
            "predrnnpp": (1.8727, 0.9019, 1.3685),
            "mim": (3.1399, 1.1837, 1.7720),
            "mau": (1.9001, 0.9194, 1.3784),
            "predrnnv2": (2.0072, 0.9413, 1.4168),
        },
    ),
    **_of_weather(
        "tcc",
        {
            "gsta": (0.04657, 0.14688, 0.21580),
            "incepu": (0.04765, 0.15029, 0.21829),
            "tau": (0.04723, 0.14604, 0.21733),
            "convlstm-s": (0.04944, 0.15419, 0.22234),
            "e3dlstm": (0.05729, 0.15293, 0.23936),
            "phydnet": (0.09913, 0.22614, 0.31485),
            "predrnn": (0.05504, 0.15877, 0.23461),
            "predrnnpp": (0.05479, 0.15435, 0.23407),
            "mau": (0.04955, 0.15158, 0.22260),
            "predrnnv2": (0.05051, 0.15867, 0.22475),
        },
    ),
}
"""By the name of the preset."""
