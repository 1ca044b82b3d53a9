"""Which files make a folder that Moving MNIST is opened from."""

import hashlib
from dataclasses import replace

import pytest

import pipelines.fetching.mnist as mnist
from pipelines.fetching import find_fetcher
from pipelines.fetching.failure import FetchError, Patience

TRAIN, T10K = "train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    ("name", "files"),
    [("mnist", [TRAIN, T10K, "mnist_test_seq.npy"]), ("fashion-mnist", [TRAIN, T10K])],
)
def test_images_and_test_set_are_fetched(name, files, serve, tmp_path, monkeypatch):
    (tmp_path / "web").mkdir()
    for file in files:
        (tmp_path / "web" / file).write_bytes(file.encode())
    server = serve(tmp_path / "web")
    fetch = find_fetcher(name).fetch
    hurry = Patience(retries=0)
    with pytest.raises(FetchError, match=f"{TRAIN} cannot be had: .* the server has 26 bytes, but"):
        fetch(tmp_path / "out", source=server.url, patience=hurry)
    small = [
        replace(file, size=len(file.name), md5=hashlib.md5(file.name.encode()).hexdigest())
        for file in mnist._FILES[name]
    ]
    monkeypatch.setitem(mnist._FILES, name, small)
    got = fetch(tmp_path / "out", source=f"{server.url}/", retries=0)
    assert [file.name for file in got] == files


def test_addresses_are_folders_and_sizes_those_of_the_files():
    for file in (*mnist._FILES["mnist"], *mnist._FILES["fashion-mnist"]):
        assert file.addresses
        assert all(
            address.endswith("/") and address.startswith("http") for address in file.addresses
        )
        assert len(file.md5) == 32
    # 20 · 10,000 · 64 · 64 grey levels behind a head of 80 bytes.
    assert mnist._FILES["mnist"][-1].size == 20 * 10_000 * 64 * 64 + 80
