"""Serving the dashboard: what is refused before it starts, and what Streamlit is told."""

import socket
import sys

import pytest

from stforecast import serving
from stforecast.cli import main
from stforecast.serving import find_dashboard, serve


@pytest.fixture
def started(monkeypatch):
    """What would have been served, without doing so."""
    calls = {}
    from streamlit.web import bootstrap

    monkeypatch.setattr(bootstrap, "load_config_options", lambda options: None)
    monkeypatch.setattr(
        bootstrap, "run", lambda path, is_hello, args, options: calls.update(options, path=path)
    )
    monkeypatch.setattr(serving, "_warm_up", lambda path: calls.update(warmed=path))
    # Set here first, so that what the command sets is taken back afterwards.
    for name in ("STFORECAST_RUNS", "STFORECAST_APP_DATA"):
        monkeypatch.setenv(name, "")
    return calls


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_the_command_serves_the_dashboard_beside_the_package(
    started, tmp_path, monkeypatch, capsys
):
    port = free_port()
    arguments = ["--runs", tmp_path, "--data", tmp_path, "--port", port, "--no-browser"]
    monkeypatch.setattr(sys, "argv", ["stforecast", "app", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert f"http://localhost:{port}" in capsys.readouterr().out
    assert started["path"] == str(find_dashboard())
    assert started["warmed"] == find_dashboard()
    assert (started["server_port"], started["server_headless"]) == (port, True)
    assert started["browser_gatherUsageStats"] is False
    assert started["client_showErrorDetails"] == "none"
    assert serving.os.environ["STFORECAST_RUNS"] == str(tmp_path.resolve())
    assert serving.os.environ["STFORECAST_APP_DATA"] == str(tmp_path.resolve())


def test_open_to_other_machines_it_names_an_address_of_this_one(started, tmp_path, capsys):
    serve(tmp_path, data=(), port=free_port(), host="0.0.0.0", browser=True)
    assert started["server_address"] == "0.0.0.0"
    assert started["browser_serverAddress"] == "localhost"
    assert started["server_headless"] is False
    assert "http://localhost:" in capsys.readouterr().out


def test_mistakes_are_told_before_anything_starts(started, tmp_path):
    given = {"data": (), "port": free_port(), "host": "localhost", "browser": False}
    with pytest.raises(ValueError, match=r"--runs .*absent is no folder\. .*stforecast train"):
        serve(tmp_path / "absent", **given)
    with pytest.raises(ValueError, match=r"--data .*absent does not exist"):
        serve(tmp_path, **{**given, "data": [tmp_path / "absent"]})
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ValueError, match=f"port {port} of 127.0.0.1 is taken.*--port"):
            serve(tmp_path, **{**given, "port": port, "host": "127.0.0.1"})
    with pytest.raises(ValueError, match=r"port \d+ of 192\.0\.2\.1 cannot be listened at"):
        serve(tmp_path, **{**given, "host": "192.0.2.1"})  # an address kept for examples: RFC 5737
    with pytest.raises(ValueError, match="--host no host is no address of this machine"):
        serve(tmp_path, **{**given, "host": "no host"})
    assert started == {}


def test_a_dashboard_that_is_not_installed_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(serving, "__file__", str(tmp_path / "stforecast" / "serving.py"))
    with pytest.raises(ValueError, match="the dashboard is not installed: there is no"):
        find_dashboard()


@pytest.mark.parametrize("found", [None, "/elsewhere/app/__init__.py"])
def test_somebody_elses_app_is_refused(monkeypatch, found):
    from importlib.machinery import ModuleSpec

    spec = None if found is None else ModuleSpec("app", None, origin=found)
    monkeypatch.setattr(serving, "find_spec", lambda name: spec)
    with pytest.raises(ValueError, match="needs its own package 'app' in") as told:
        find_dashboard()
    assert ("nowhere" if found is None else found) in str(told.value)


def test_the_first_visit_is_prepared_by_a_script_of_the_dashboards(tmp_path):
    (tmp_path / "warm_up.py").write_text("from pathlib import Path\nPath(__file__).unlink()\n")
    serving._warm_up(tmp_path / "main.py")
    assert not (tmp_path / "warm_up.py").exists()
