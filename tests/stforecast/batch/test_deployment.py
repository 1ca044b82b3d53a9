"""Text for other schedulers is ready to use."""

import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from stforecast.batch.deployment import deployment_text
from stforecast.batch.job import load_job


def text_of(desk, kind, **tables):
    job = desk.job(**{"schedule": {"cron": "15 0,6,12,18 * * 1-5"}, **tables})
    return deployment_text(job, desk.folder / "job.toml", kind=kind)


def value_of(text, key):
    return next(line for line in text.splitlines() if line.startswith(key)).removeprefix(key)


def test_systemd_runs_it_by_the_calendar_and_never_twice_at_once(desk):
    text = text_of(desk, "systemd")
    assert value_of(text, "OnCalendar=") == "Mon,Tue,Wed,Thu,Fri *-*-* 00,06,12,18:15:00 UTC"
    words = shlex.split(value_of(text, "ExecStart="))
    assert words[0].startswith("/")
    assert words[1:] == ["batch", "schedule", str(desk.folder / "job.toml"), "--once"]
    assert "Type=oneshot" in text
    assert "Persistent=true" in text
    every = text_of(desk, "systemd", schedule={"every": "90min"})
    assert "OnActiveSec=0\nOnUnitActiveSec=5400s\n" in every


def test_systemd_takes_every_sign_of_a_path_as_it_is(desk):
    folder = desk.folder / 'a "b" 100% $HOME \\'
    folder.mkdir()
    desk.job(schedule={"every": "6h"})
    shutil.copy(desk.folder / "job.toml", folder)
    text = deployment_text(load_job(folder / "job.toml"), folder / "job.toml", kind="systemd")
    assert r'a \"b\" 100%% $$HOME \\/job.toml" "--once"' in value_of(text, "ExecStart=")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_itself_accepts_the_units(desk):
    text = text_of(desk, "systemd")
    service, timer = text.split("# /etc/systemd/system/stforecast-waves.timer")
    for ending, unit in (("service", service), ("timer", timer)):
        (desk.folder / f"stforecast-waves.{ending}").write_text(unit)
    when = value_of(text, "OnCalendar=")
    for command in (
        ["systemd-analyze", "calendar", when],
        ["systemd-analyze", "verify", str(desk.folder / "stforecast-waves.timer")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_cron_gets_one_line(desk):
    folder = desk.folder / "it's 5%"
    folder.mkdir()
    desk.job(schedule={"cron": "15  6 * * *"})
    shutil.copy(desk.folder / "job.toml", folder)
    text = deployment_text(load_job(folder / "job.toml"), folder / "job.toml", kind="cron")
    line = text.splitlines()[-1]
    assert line.startswith("15 6 * * * /")
    words = shlex.split(line.replace("\\%", "%"))
    assert words[6:9] == ["batch", "schedule", str(folder / "job.toml")]
    assert words[-3:] == [">>", str(folder / "waves.log"), "2>&1"]
    assert "%" not in line.replace("\\%", "")


@pytest.mark.parametrize(
    ("every", "fields"),
    [
        ("15min", "*/15 * * * *"),
        ("1h", "0 * * * *"),
        ("6h", "0 */6 * * *"),
        ("24h", "0 0 * * *"),
    ],
)
def test_every_becomes_five_fields_where_it_can(desk, every, fields):
    line = text_of(desk, "cron", schedule={"every": every}).splitlines()[-1]
    assert line.startswith(f"{fields} /")


@pytest.mark.parametrize("every", ["7h", "90min", "30s", "48h"])
def test_an_every_that_divides_no_day_is_refused_by_cron(desk, every):
    for kind in ("cron", "kubernetes"):
        with pytest.raises(ValueError, match="divides neither an hour nor a day, and cron knows"):
            text_of(desk, kind, schedule={"every": every})


def test_kubernetes_gets_a_cronjob_that_forbids_overlaps(desk):
    outputs = [
        "/elsewhere/fc/{init_time:%Y%m%dT%H}.nc",
        "/third/of-{init_time:%Y%m%dT%H}.nc",
        "file:///fourth/{init_time:%Y%m%dT%H}.zarr",
        "s3://bucket/{init_time:%Y%m%dT%H}.nc",
    ]
    text = text_of(
        desk,
        "kubernetes",
        output=[{"path": path} for path in outputs],
        verify={"data": "/archive/truth"},
        name="a-name-" + "so-long-that-kubernetes-would-refuse-" + "it-all-the-same",
        state="state",
    )
    made = yaml.safe_load(text)
    assert made["kind"] == "CronJob"
    assert len(made["metadata"]["name"]) <= 52
    spec = made["spec"]
    assert spec["schedule"] == "15 0,6,12,18 * * 1-5"
    assert spec["timeZone"] == "Etc/UTC"
    assert spec["concurrencyPolicy"] == "Forbid"
    (rule,) = spec["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["values"] == [2, 4]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["batch", "schedule", str(desk.folder / "job.toml"), "--once"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    folders = {"/archive/truth", "/elsewhere/fc", "/third", "/fourth", str(desk.folder)}
    assert set(mounted.values()) == folders
    held = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"]}
    assert held == mounted


def test_the_command_is_that_of_this_environment(desk, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert '"stforecast" "batch"' in text_of(desk, "systemd")
    (tmp_path / "stforecast").touch()
    assert f'ExecStart="{tmp_path}/stforecast" "batch"' in text_of(desk, "systemd")


def test_a_mistake_is_named(desk):
    with pytest.raises(
        ValueError, match="--print 'launchd' is unknown; known: systemd, cron, kube"
    ):
        text_of(desk, "launchd")
    with pytest.raises(ValueError, match=r"has no \[schedule\]; add that table"):
        text_of(desk, "cron", schedule=None)
