"""Ready text for other schedulers: systemd units, a line of a crontab, a CronJob of Kubernetes."""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stforecast.batch.cron import Cron, parse_cron
from stforecast.batch.job import Job, ScheduleConfig
from stforecast.batch.publish import is_url

__all__ = ["DEPLOYMENTS", "deployment_text"]

_LONGEST_NAME = 52
"""Of a CronJob, in characters: Kubernetes appends to it."""


def deployment_text(job: Job, file: str | Path, *, kind: str) -> str:
    """Text for one kind of scheduler, with every path absolute and quoted.

    Args:
        file: the job file.
        kind: a name of `DEPLOYMENTS`.

    Raises:
        ValueError: the kind is unknown, the job has no schedule, or one that this kind cannot say.
    """
    if kind not in DEPLOYMENTS:
        raise ValueError(f"--print {kind!r} is unknown; known: {', '.join(DEPLOYMENTS)}.")
    if job.schedule is None:
        raise ValueError(
            f'job {job.name} has no [schedule]; add that table with cron = "15 0,6,12,18 * * *" or '
            'every = "6h" to its file.'
        )
    return DEPLOYMENTS[kind](job, job.schedule, Path(file).resolve())


def _program() -> str:
    """The command of this very environment."""
    beside = Path(sys.executable).with_name("stforecast")
    return str(beside) if beside.is_file() else (shutil.which("stforecast") or "stforecast")


def _words(program: str, file: Path) -> list[str]:
    """What is called whenever the job is due: run, verify and keep, in one process."""
    return [program, "batch", "schedule", str(file), "--once"]


def _systemd(job: Job, schedule: ScheduleConfig, file: Path) -> str:
    name = f"stforecast-{job.name}"
    command = " ".join(map(_systemd_word, _words(_program(), file)))
    if schedule.cron is None:
        when = f"OnActiveSec=0\nOnUnitActiveSec={_seconds(schedule)}s"
    else:
        when = f"OnCalendar={_calendar(parse_cron(schedule.cron))}\nPersistent=true"
    return f"""\
# /etc/systemd/system/{name}.service
# A run never overlaps itself: the timer starts nothing while the service is active.
# It has failed with 1 (an init time, or the run), 2 (a mistake in the job file) or 4 (drift).
[Unit]
Description=stforecast batch job {job.name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command}
SuccessExitStatus=143
TimeoutStopSec=300

# /etc/systemd/system/{name}.timer
# systemctl enable --now {name}.timer
[Unit]
Description=stforecast batch job {job.name}, when it is due

[Timer]
{when}
Unit={name}.service

[Install]
WantedBy=timers.target
"""


def _systemd_word(word: str) -> str:
    """A word in systemd's quotes; % and $ would be taken for its own."""
    for sign, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(sign, escaped)
    return f'"{word}"'


def _calendar(cron: Cron) -> str:
    """As in systemd.time(7)."""
    weekdays = ",".join(name.capitalize() for name in cron.weekday_names)
    months, days, hours, minutes = (
        ",".join(f"{number:02d}" for number in numbers) or "*"
        for numbers in (cron.months, cron.days, cron.hours, cron.minutes)
    )
    return f"{weekdays} *-{months}-{days} {hours}:{minutes}:00 UTC".strip()


def _crontab(job: Job, schedule: ScheduleConfig, file: Path) -> str:
    words = map(shlex.quote, _words(_program(), file))
    log = shlex.quote(str(file.parent / f"{job.name}.log"))
    line = f"{' '.join(words)} >> {log} 2>&1".replace("%", "\\%")
    return f"""\
# crontab -e; two runs at once share the work, so that no lock is needed.
# The times are UTC: where cron does not know CRON_TZ (Debian's), they are the machine's own.
CRON_TZ=UTC
{_cron_text(schedule)} {line}
"""


def _cron_text(schedule: ScheduleConfig) -> str:
    """The schedule as five fields."""
    if schedule.cron is not None:
        return " ".join(schedule.cron.split())
    minutes, rest = divmod(_seconds(schedule), 60)
    hours, odd = divmod(minutes, 60)
    if not rest and minutes and 60 % minutes == 0:
        return f"*/{minutes} * * * *" if minutes < 60 else "0 * * * *"
    if not rest and not odd and hours and 24 % hours == 0:
        return f"0 */{hours} * * *" if hours < 24 else "0 0 * * *"
    raise ValueError(
        f"schedule.every = {_seconds(schedule)} s divides neither an hour nor a day, and cron knows "
        "nothing else; give schedule.cron."
    )


def _seconds(schedule: ScheduleConfig) -> int:
    assert schedule.every is not None  # one of the two is given
    return int(schedule.every / np.timedelta64(1, "s"))


def _kubernetes(job: Job, schedule: ScheduleConfig, file: Path) -> str:
    name = f"stforecast-{job.name}"[:_LONGEST_NAME].rstrip("-")
    folders = _folders(job, file)
    mounts = "\n".join(
        f"                - {{name: files-{number}, mountPath: {json.dumps(str(folder))}}}"
        for number, folder in enumerate(folders)
    )
    volumes = "\n".join(
        f"            - {{name: files-{number}, hostPath: {{path: {json.dumps(str(folder))}}}}}"
        for number, folder in enumerate(folders)
    )
    # Kubernetes takes $(NAME) for a variable.
    words = json.dumps([word.replace("$(", "$$(") for word in _words("", file)[1:]])
    return f"""\
# kubectl apply -f {name}.yaml
# Pods that move between nodes need a persistentVolumeClaim in place of each hostPath.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
spec:
  schedule: {json.dumps(_cron_text(schedule))}
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 2
      podFailurePolicy:
        rules:
          # 2: a mistake in the job file; 4: the scores have drifted. Neither mends itself.
          # 1: an init time or the run failed; it is tried again.
          - action: FailJob
            onExitCodes: {{containerName: job, operator: In, values: [2, 4]}}
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 300
          securityContext: {{runAsNonRoot: true, runAsUser: 1000}}
          containers:
            - name: job
              image: stforecast:latest
              imagePullPolicy: IfNotPresent
              args: {words}
              volumeMounts:
{mounts}
          volumes:
{volumes}
"""


def _folders(job: Job, file: Path) -> list[Path]:
    """The folders that a container needs, under the names that they have here."""
    data = [job.input.data] + ([job.verify.data] if job.verify and job.verify.data else [])
    paths = [job.run, *data, *(output.path for output in job.output)]
    local = [_whole_folder(path) for path in map(_without_scheme, paths) if not is_url(path)]
    wanted = {file.parent, Path(job.state).parent}
    # What has an ending may be a file.
    wanted |= {path.parent if path.suffix else path for path in local}
    return sorted(
        folder for folder in wanted if not any(other in folder.parents for other in wanted)
    )


def _without_scheme(path: str) -> str:
    """file:// is this machine's disk, which a container must be given too."""
    return path.removeprefix("file://")


def _whole_folder(path: str) -> Path:
    """The path, or the folder that a template begins with, not the half of a name after it."""
    begin, template, _ = path.partition("{")
    return Path(begin.rpartition("/")[0] or "/") if template else Path(begin)


DEPLOYMENTS: dict[str, Callable[[Job, ScheduleConfig, Path], str]] = {
    "systemd": _systemd,
    "cron": _crontab,
    "kubernetes": _kubernetes,
}
"""By the name that `--print` takes."""
