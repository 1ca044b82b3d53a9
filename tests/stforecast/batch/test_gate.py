import numpy as np
import pytest

from stforecast.batch.fingerprint import (
    file_fingerprint,
    frame_facts,
    input_fingerprint,
    label_digest,
    settings_fingerprint,
)
from stforecast.batch.gate import hold, judge, stale_reason
from stforecast.batch.job import HistoryConfig

OFFSETS = np.arange(-3, 1) * np.timedelta64(6, "h").astype("timedelta64[ns]")
TIME = np.datetime64("2015-01-03T00:00", "ns")
NOW = TIME + np.timedelta64(24, "h")


def verdict(series, *, init_time=TIME, now=NOW, **limits):
    return judge(
        init_time,
        frame_facts(series, init_time + OFFSETS),
        offsets=OFFSETS,
        channels=["t2m", "z500"],
        frame_size=2 * 8 * 16,
        labels=label_digest(series),
        config=HistoryConfig(**limits),
        now=now,
    )


def test_a_whole_finite_history_is_good(waves):
    found = verdict(waves)
    assert (found.judgement, found.passes, found.missing) == ("good", True, 0.0)
    assert found.init_time == "2015-01-03T00:00:00"


def test_values_that_are_missing_count_against_the_limits(waves):
    holes = waves.copy(deep=True)
    holes.loc[{"time": TIME, "channel": "t2m"}] = np.nan
    # One of 4 frames, one of 2 channels: 1/8.
    assert verdict(holes).missing == 0.125
    assert verdict(holes).judgement == "waiting"
    assert verdict(holes).reason == "12.5 % of the values are missing, above 0 %"
    assert verdict(holes, max_missing=0.125).judgement == "good"
    assert verdict(holes, degraded=0.2).judgement == "degraded"
    assert verdict(holes, degraded=0.1, otherwise="fail").judgement == "failed"
    assert verdict(holes, degraded=0.1).reason.endswith("above 10 %")


def test_a_channel_without_a_value_and_infinite_values_never_pass(waves):
    empty = waves.copy(deep=True)
    empty.loc[{"channel": "z500"}] = np.nan
    found = verdict(empty, degraded=0.9)
    assert (found.judgement, found.reason) == ("waiting", "there is no value of z500")
    wild = waves.copy(deep=True)
    wild[8, 0, 0, :2] = np.inf
    found = verdict(wild, degraded=0.9)
    assert (found.judgement, found.reason) == ("waiting", "2 values are infinite")


def test_a_frame_that_is_absent_is_named(waves):
    found = verdict(waves.isel(time=slice(6, None)))
    assert (found.missing, found.input_fingerprint) == (None, None)
    assert found.reason == "1 of 4 frames are absent: 2015-01-02T06:00:00"
    assert verdict(waves.isel(time=slice(6, None)), otherwise="skip").judgement == "skipped"


def test_waiting_comes_to_an_end(waves):
    late = verdict(waves[:6], now=TIME + np.timedelta64(49, "h"), give_up="2d")
    assert late.judgement == "skipped"
    assert late.reason.endswith("given up after 2d")
    assert verdict(waves[:6], give_up="2d").judgement == "waiting"


def test_an_input_is_stale_once_it_is_older_than_allowed(waves):
    config = HistoryConfig(max_age="24h")
    assert stale_reason(TIME, config=config, now=NOW) is None
    assert stale_reason(TIME, config=HistoryConfig(), now=NOW + np.timedelta64(99, "D")) is None
    reason = stale_reason(TIME, config=config, now=NOW + np.timedelta64(90, "m"))
    assert reason.endswith("2015-01-03T00:00:00 is 25.5 h old, more than 1d")
    held = hold(verdict(waves), reason, config=config, now=NOW)
    assert (held.judgement, held.held, held.missing) == ("waiting", True, 0.0)


def test_the_fingerprint_of_a_history_depends_on_its_values_times_and_labels_alone(waves):
    base = verdict(waves).input_fingerprint
    later = waves.copy(deep=True)
    later[9:] = 0
    later[:5] = 0
    assert verdict(later).input_fingerprint == base
    assert verdict(waves.chunk(time=3)).input_fingerprint == base
    for changed in (
        waves + 1e-4,
        waves.assign_coords(units=("channel", ["degC", "m2 s-2"])),
        waves.assign_coords(latitude=waves["latitude"] + 1),
        waves.assign_attrs(holidays="2015-01-01"),
        waves.assign_coords(temperature=("time", np.arange(200.0))),
    ):
        assert verdict(changed.assign_coords(units=changed["units"])).input_fingerprint != base
    assert verdict(waves, init_time=TIME + OFFSETS[-2]).input_fingerprint != base


def test_missing_values_are_one_whatever_their_bits(waves):
    one, other = waves.copy(deep=True), waves.copy(deep=True)
    one[8, 0, 0, 0] = np.nan
    bits = np.array([0x7FC00001], dtype="uint32").view("float32")[0]
    other.values[8, 0, 0, 0] = bits
    assert verdict(one).input_fingerprint == verdict(other).input_fingerprint


def test_frames_are_read_in_blocks_and_counted(waves, monkeypatch):
    monkeypatch.setattr("stforecast.batch.fingerprint._BLOCK_BYTES", 3 * 2 * 8 * 16 * 4)
    told = []
    wanted = waves["time"].values[10:18]
    facts = frame_facts(waves.chunk(time=5), wanted, progress=lambda *counts: told.append(counts))
    assert told == [(3, 8), (6, 8), (8, 8)]
    monkeypatch.undo()
    whole = frame_facts(waves, wanted)
    assert [f.digest for f in facts.values()] == [f.digest for f in whole.values()]
    assert list(facts) == list(wanted)
    assert input_fingerprint("x", [*facts.values()], labels=b"") == input_fingerprint(
        "x", [*whole.values()], labels=b""
    )


def test_a_run_without_a_forecaster_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no forecaster.safetensors; name a run folder"):
        file_fingerprint(tmp_path)


def test_settings_that_change_a_forecast_change_its_fingerprint(desk, new_forecaster):
    base = settings_fingerprint(desk.job(), steps=3, engine="torch")
    assert settings_fingerprint(desk.job(name="other"), steps=3, engine="torch") == base
    other_path = [{"path": "elsewhere/{init_time:%Y%m%dT%H}.nc"}]
    for job, steps in (
        (desk.job(), 4),
        (desk.job(batch_size=1), 3),
        (desk.job(threads=2), 3),
        (desk.job(output=other_path), 3),
    ):
        assert settings_fingerprint(job, steps=steps, engine="torch") != base
    assert settings_fingerprint(desk.job(), steps=3, engine="onnx") != base
    run = desk.job().run
    before = file_fingerprint(run)
    assert file_fingerprint(f"{run}/forecaster.safetensors") == before
    new_forecaster(1)
    assert file_fingerprint(run) != before
