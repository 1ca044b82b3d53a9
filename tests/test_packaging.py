"""What holds the project together: names, lists that must agree, what may be imported when."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
# conda-forge's names where they differ from PyPI's.
CONDA_NAMES = {
    "torch": "pytorch",
    "eccodes": "python-eccodes",
    "pvlib": "pvlib-python",
    "playwright": "playwright-python",
}


def requirement(text):
    name, bound = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[a-z]+\])?(>=[\d.]+)", text).groups()
    return name.lower().replace("_", "-"), bound


def test_conda_installs_the_same_list_as_pip():
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    from_pip = {(CONDA_NAMES.get(name, name), bound) for name, bound in map(requirement, wanted)}
    lines = (HOME / "environment.yml").read_text().splitlines()
    from_conda = {
        requirement(line.strip().removeprefix("- "))
        for line in lines
        if ">=" in line and not line.strip().startswith("- python>=")
    }
    assert from_conda == from_pip


def test_every_constraint_is_of_something_that_is_asked_for():
    asked = {
        requirement(text)[0]
        for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    }
    lines = (HOME / "constraints.txt").read_text().splitlines()
    pinned = {
        re.split(r"[=<>]", line)[0].lower().replace("_", "-")
        for line in lines
        if line and not line.startswith("#")
    }
    assert pinned - asked == {"pyproj"}
    assert "torch==2.13.0" in lines


def test_no_other_distribution_owns_our_generic_names():
    owners = packages_distributions()
    for name in ("models", "pipelines", "app"):
        assert set(owners.get(name, ["stforecast"])) == {"stforecast"}


def run_python(code, cwd):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["models", "pipelines"])
def test_a_foreign_package_that_stands_before_ours_is_refused(name, tmp_path):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    result = run_python("import stforecast", tmp_path)
    assert f"needs its own package '{name}'" in result.stderr
    assert str(tmp_path / name) in result.stderr


def test_a_foreign_app_is_refused_where_the_dashboard_is_asked_for_alone(tmp_path):
    (tmp_path / "app.py").write_text("")
    result = run_python("from stforecast.serving import find_dashboard; find_dashboard()", tmp_path)
    assert "needs its own package 'app'" in result.stderr
    assert str(tmp_path / "app.py") in result.stderr


def test_no_file_of_the_dashboard_stands_before_somebody_elses_package():
    # Streamlit puts the folder of the first page before all others on sys.path.
    ours = {file.stem for file in (HOME / "app").glob("*.py")} - {"__init__", "main"}
    assert not ours & (set(packages_distributions()) | set(sys.stdlib_module_names))


def test_the_dashboard_is_packed_with_all_its_files():
    patterns = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["setuptools"]
    packed = {
        file for pattern in patterns["package-data"]["app"] for file in (HOME / "app").glob(pattern)
    }
    others = {
        file
        for file in (HOME / "app").iterdir()
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    assert packed == others


def test_help_waits_for_no_heavy_library(tmp_path):
    code = (
        "import sys, stforecast, stforecast.cli\n"
        "heavy = {'torch', 'lightning', 'xarray', 'pandas', 'numpy', 'matplotlib', 'dask', 'cartopy', "
        "'streamlit'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run_python(code, tmp_path).stdout.strip() == "[]"


def test_every_public_name_can_be_imported():
    import stforecast

    for name in stforecast.__all__:
        assert getattr(stforecast, name) is not None
    assert set(stforecast.__all__) <= set(dir(stforecast))
    with pytest.raises(AttributeError, match="stforecast has no 'lode'; it has"):
        stforecast.lode  # noqa: B018


def test_the_library_works_without_the_dashboard(tmp_path):
    code = (
        "import sys, stforecast\n"
        "stforecast.plot_maps, stforecast.evaluate_run, stforecast.load_forecaster\n"
        "import stforecast.viewing.catalogue, stforecast.viewing.forecasts\n"
        "print(sorted({'streamlit', 'app'} & set(sys.modules)))"
    )
    assert run_python(code, tmp_path).stdout.strip() == "[]"


def test_figures_do_without_pyplot(tmp_path):
    code = (
        "import sys, stforecast\n"
        "stforecast.plot_maps, stforecast.plot_scores, stforecast.plot_history\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    assert run_python(code, tmp_path).stdout.strip() == "False"
