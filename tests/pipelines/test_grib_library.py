import subprocess
import sys


def test_maps_can_still_be_drawn_after_grib_was_read():
    # In a process of its own: pyproj may have been loaded here before.
    code = (
        "from pipelines.grib_library import load_eccodes\n"
        "load_eccodes()\n"
        "import pyproj\n"
        "print(pyproj.CRS('EPSG:4326').name)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout.strip()) == (0, "WGS 84"), result.stderr
