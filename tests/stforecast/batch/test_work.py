import pickle

import numpy as np
import pytest

from stforecast.batch.work import Outcome, OutputSpec, Task, iso, passes

STEP = np.timedelta64(6, "h")


def times(*hours):
    return np.datetime64("2015-01-01", "ns") + np.array(hours) * np.timedelta64(1, "h")


def task(**changes):
    facts = {
        "run": "runs/r",
        "source": "data",
        "init_times": ("2015-01-01T00:00:00", "2015-01-01T06:00:00"),
        "wanted": ("2015-01-01T06:00:00",),
        "steps": 3,
        "batch_size": 2,
        "outputs": (OutputSpec("out/{init_time:%H}.nc", "cf"),),
        "work": "work",
    }
    return Task(**facts | changes)


def test_an_output_has_the_init_time_in_its_path():
    spec = OutputSpec("s3://b/{init_time:%Y/%m}/{init_time:%Y%m%dT%H}.nc", "cf")
    assert spec.target("2015-03-01T06:00:00") == "s3://b/2015/03/20150301T06.nc"
    assert spec.target(np.datetime64("2015-03-01T06", "ns")) == spec.target("2015-03-01T06")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("out/f.nc", r"no \{init_time\}, but each init time needs a file of its own"),
        ("out/{init_time:%Y}{lead}.nc", r"cannot be filled in \(KeyError\('lead'\)\)"),
        ("out/{init_time.epoch}.nc", "cannot be filled in"),
        ("out/{init_time", "cannot be filled in"),
    ],
)
def test_a_path_that_cannot_be_filled_in_is_refused(path, message):
    with pytest.raises(ValueError, match=message):
        OutputSpec(path, "cf")


def test_an_init_time_is_text_to_the_second_or_as_far_as_it_takes():
    assert iso(np.datetime64("2015-01-01T06", "ns")) == "2015-01-01T06:00:00"
    assert iso(np.datetime64("2015-01-01T06:00:00.040", "ns")) == "2015-01-01T06:00:00.040000000"


def test_a_pass_depends_on_the_axis_alone():
    # 2015-01-01 is step 65744 of 6 h since 1970, 0 modulo 4: it stands first in its pass.
    first, second = passes(times(0, 6, 12, 18, 24, 36), every=STEP, batch_size=4)
    assert first[0] == first[1] == tuple(iso(time) for time in times(0, 6, 12, 18))
    assert second[1] == tuple(iso(time) for time in times(24, 36))
    # A place that nothing stands in repeats one that something does.
    assert second[0] == tuple(iso(time) for time in times(24, 24, 36, 24))
    for order in (times(36, 24), times(24, 36, 24)):
        assert passes(order, every=STEP, batch_size=4) == [second]


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_an_init_time_has_one_place_whatever_else_is_due(batch_size):
    axis = times(*range(0, 240, 6))
    rng = np.random.default_rng(0)
    places = {
        time: cut[0].index(time)
        for cut in passes(axis, every=STEP, batch_size=batch_size)
        for time in cut[1]
    }
    for count in (1, 5, 20):
        chosen = rng.choice(axis, count, replace=False)
        cuts = passes(chosen, every=STEP, batch_size=batch_size)
        assert sorted(time for cut in cuts for time in cut[1]) == sorted(map(iso, chosen))
        for held, wanted in cuts:
            assert len(held) == batch_size
            assert all(held[places[time]] == time for time in wanted)


def test_init_times_closer_than_the_axis_get_passes_of_their_own():
    cuts = passes(times(0, 1, 2, 6), every=STEP, batch_size=2)
    assert [wanted for _, wanted in cuts] == [
        (iso(times(0)[()][0]), iso(times(6)[0])),
        (iso(times(1)[0]),),
        (iso(times(2)[0]),),
    ]


def test_times_before_1970_have_places_too():
    early = np.array(["1969-12-31T18", "1970-01-01T00"], dtype="datetime64[ns]")
    (last, _), (first, _) = passes(early, every=STEP, batch_size=2)
    assert last[1] == iso(early[0])
    assert first[0] == iso(early[1])


@pytest.mark.parametrize(("every", "batch_size"), [(STEP, 0), (STEP * 0, 4)])
def test_a_pass_without_places_or_steps_is_refused(every, batch_size):
    with pytest.raises(ValueError, match="batch_size and every must be above 0"):
        passes(times(0), every=every, batch_size=batch_size)


def test_tasks_and_outcomes_travel():
    assert pickle.loads(pickle.dumps(task())) == task()  # noqa: S301
    outcome = Outcome("2015-01-01T06:00:00", outputs=("out/06.nc",), error="none")
    assert pickle.loads(pickle.dumps(outcome)) == outcome  # noqa: S301


def test_a_task_checks_itself():
    with pytest.raises(ValueError, match="A pass has 3 places, but 2 init_times are given"):
        task(batch_size=3)
    with pytest.raises(ValueError, match=r"wanted must name init_times of the pass.*2016"):
        task(wanted=("2016-01-01T00:00:00",))
    with pytest.raises(ValueError, match="but it has none"):
        task(wanted=())
    with pytest.raises(ValueError, match="inputs has 9 fingerprints, but wanted"):
        task(inputs=("a",) * 9)
