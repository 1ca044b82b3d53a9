import zipfile

import h5py
import numpy as np
import pytest

from pipelines.traffic_files import check_alike, city_of, find_files, open_flows

HALF_HOUR = np.timedelta64(30, "m")


def write(path, data, *, dates=None, **attrs):
    days = np.datetime64("2016-01-04") + np.arange(len(data)) // 48
    slots = np.arange(len(data)) % 48 + 1
    if dates is None:
        dates = [
            f"{str(day).replace('-', '')}{slot:02d}" for day, slot in zip(days, slots, strict=True)
        ]
    with h5py.File(path, "w") as file:
        file["data"] = data
        file["date"] = np.array(dates, dtype="S10")
        file.attrs.update(attrs)
    return path


def flows(n_times=4, shape=(2, 3), dtype="float32"):
    return np.ones((n_times, 2, *shape), dtype=dtype)


def test_a_folder_that_is_named_like_a_file_is_none(tmp_path):
    file = write(tmp_path / "X16_M2x3_T30_InOut.h5", flows())
    (tmp_path / "Old_InOut.h5").mkdir()
    assert find_files(tmp_path) == [file]


def test_a_file_is_opened_with_its_times_grid_and_origin(tmp_path):
    file = open_flows(write(tmp_path / "NYC16_M16x12_T30_InOut.h5", flows()))
    assert file.times[[0, -1]].astype("M8[m]").astype(str).tolist() == [
        "2016-01-04T00:00",
        "2016-01-04T01:30",
    ]
    assert (file.shape, file.time_step, file.is_synthetic) == ((2, 3), HALF_HOUR, False)
    assert file.place is not None
    assert file.place.name == "nyc_taxi"
    made_up = open_flows(write(tmp_path / "X16_M2x3_T30_InOut.h5", flows(), synthetic="true"))
    assert made_up.is_synthetic
    assert made_up.place is None


def test_two_cells_a_side_are_no_swapped_axes(tmp_path):
    path = write(tmp_path / "X16_M2x2_T30_InOut.h5", flows(2, (2, 2)))
    assert open_flows(path).shape == (2, 2)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 2, 3, 2), None),
        ((4, 1, 3, 3), "it has one channel, but needs inflow and outflow"),
        ((4, 3, 3, 2), "its axes are swapped. Save it again with numpy.moveaxis.data, 3, 1."),
        ((2, 4, 3, 3), "its axes are swapped. Save it again with numpy.moveaxis.data, 0, 1."),
        ((4, 5, 3, 3), "it should be .slots, 2, rows, columns., inflow before outflow"),
        ((5, 2, 3, 3), "5 frames, but date has 4; each frame needs one date"),
        ((4, 2, 3), "and date .4,.; it should be"),
        ((4, 2, 0, 3), "it should be"),
    ],
)
def test_data_of_another_shape_are_refused(tmp_path, shape, message):
    dates = [f"20160104{slot:02d}" for slot in range(1, 5)]
    path = write(tmp_path / "BJ_T30_InOut.h5", np.ones(shape), dates=dates)
    if message is None:
        assert open_flows(path).shape == (3, 2)
        return
    with pytest.raises(ValueError, match=f"BJ_T30_InOut.h5: data has the shape .*{message}"):
        open_flows(path)


def test_files_that_are_none_are_refused_with_the_way_out(tmp_path):
    path = tmp_path / "BJ16_M2x3_T30_InOut.h5"
    for content, message in [
        (b"", "is empty .0 bytes.; fetch"),
        (b"<html>503</html>", "is not an HDF5 file .it starts with b'<html>50'.; name"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"InOut.h5 {message}"):
            open_flows(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ValueError, match="is not an HDF5 file"):
        open_flows(path)


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    good = write(tmp_path / "good_T30.h5", np.random.default_rng(0).random((200, 2, 8, 8)))
    bad = tmp_path / "bad_T30.h5"
    bad.write_bytes(good.read_bytes()[:-5000])
    with pytest.raises(ValueError, match="bad_T30.h5 cannot be read: it is cut short or damaged"):
        open_flows(bad)


def test_damage_that_shows_as_the_dates_are_read_is_told(tmp_path):
    path = write(tmp_path / "BJ_T30_InOut.h5", flows(200))
    with h5py.File(path, "a") as file:
        dates = file["date"][()]
        del file["date"]
        packed = file.create_dataset("date", data=dates, chunks=(200,), compression="gzip")
        place = packed.id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place : place + 20] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match="BJ_T30_InOut.h5 cannot be read: it is cut short or damag"
    ):
        open_flows(path)


def test_other_hdf5_files_are_refused_with_what_they_have(tmp_path):
    path = tmp_path / "metr-la.h5"
    with h5py.File(path, "w"):
        pass
    with pytest.raises(ValueError, match="has no 'data': it is empty. TaxiBJ's files have"):
        open_flows(path)
    with h5py.File(path, "w") as file:
        file["df/axis0"] = [1]
        file.create_group("data")
    with pytest.raises(ValueError, match="metr-la.h5 has no 'data': it has data, df"):
        open_flows(path)
    with h5py.File(path, "w") as file:
        file["data"] = flows()
    with pytest.raises(ValueError, match="has no 'date': it has data"):
        open_flows(path)
    with h5py.File(path, "w") as file:
        file["data"] = np.full((4, 2, 2, 2), b"x")
        file["date"] = [2016010401] * 4
    with pytest.raises(ValueError, match=r"data holds .S1, not numbers"):
        open_flows(path)


def test_starts_and_ends_of_trips_are_not_taken_for_inflow_and_outflow(tmp_path):
    path = write(tmp_path / "NYC14_M16x8_T60_NewEnd.h5", flows())
    with pytest.raises(ValueError, match=r"begin \(new\) and end.*data\[:, ::-1\]"):
        open_flows(path)


def test_a_folder_gives_its_flows_in_order_of_name_else_its_windows(tmp_path):
    with pytest.raises(ValueError, match="absent does not exist; name a"):
        find_files(tmp_path / "absent")
    with pytest.raises(ValueError, match="has no .*InOut.h5 and no dataset.npz: it is empty"):
        find_files(tmp_path)
    (tmp_path / "readme.txt").touch()
    with pytest.raises(ValueError, match="it has readme.txt. Name the folder that has"):
        find_files(tmp_path)
    (tmp_path / "dataset.npz").touch()
    assert find_files(tmp_path) == [tmp_path / "dataset.npz"]
    for name in ("BJ16_InOut.h5", "BJ13_InOut.h5", ".BJ12_InOut.h5", "BJ_Meteorology.h5"):
        (tmp_path / name).touch()
    assert [place.name for place in find_files(tmp_path)] == ["BJ13_InOut.h5", "BJ16_InOut.h5"]
    assert find_files(tmp_path / "readme.txt") == [tmp_path / "readme.txt"]


def test_files_that_do_not_belong_together_are_named(tmp_path):
    first = open_flows(write(tmp_path / "BJ13_M2x3_T30_InOut.h5", flows()))
    check_alike([first, open_flows(write(tmp_path / "BJ14_M2x3_T30_InOut.h5", flows()))])
    for name, data, message in [
        (
            "BJ14_M3x3_T30_InOut.h5",
            flows(shape=(3, 3)),
            "are of different grids, 2×3 and 3×3; name",
        ),
        ("BJ14_M2x3_T60_InOut.h5", flows(), "have different time steps, 30min and 1h; name"),
        ("NYC14_M2x3_T30_InOut.h5", flows(), "are of different cities; name"),
    ]:
        other = open_flows(write(tmp_path / name, data))
        with pytest.raises(ValueError, match=f"BJ13_M2x3_T30_InOut.h5 and {name} in .* {message}"):
            check_alike([first, other])


def test_the_city_is_told_by_names_of_the_usual_form():
    assert city_of("BJ16_M32x32_T30_InOut") == city_of("bj_Meteorology") == "BJ"
    assert city_of("SAMPLE_Holiday") == "SAMPLE"
    assert city_of("january_InOut") == city_of("Meteorology") == city_of("2016_M2x2_T30") == ""
