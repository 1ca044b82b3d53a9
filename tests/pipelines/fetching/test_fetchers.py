import inspect

import pytest

from pipelines.fetching import FETCHERS, find_fetcher


def test_each_archive_has_a_function_that_takes_a_path():
    for name, fetcher in FETCHERS.items():
        assert fetcher.name == name
        assert next(iter(inspect.signature(fetcher.fetch).parameters)) == "out"


def test_an_unknown_archive_lists_the_known_ones():
    with pytest.raises(ValueError, match="'moon' cannot be fetched; there are weatherbench"):
        find_fetcher("moon")
