from dataclasses import replace

import numpy as np
import pytest
import tomli_w

from stforecast.batch.drift import DriftLine
from stforecast.batch.rows import open_rows, put_row
from stforecast.batch.verification import MonthScore
from stforecast.viewing import jobs
from tests.app.views import address_of, open_view, texts_of

ROWS = [
    ("done", ""),
    ("failed", "the network gave NaN"),
    ("failed", "the network gave NaN"),
    ("degraded", "4 % are missing"),
    ("waiting", "3 of 12 frames are not there"),
]


def write_job(folder, name="waves", *, rows=ROWS, first=None, **tables):
    """A job with a record of such states, a day each, from a time on (some days ago unless given)."""
    tree = {
        "name": name,
        "run": "run",
        "input": {"data": "data"},
        "init_times": {"every": "24h"},
        "output": [{"path": f"{name}/{{init_time:%Y%m%d}}.nc"}],
        **tables,
    }
    (folder / f"{name}.toml").write_text(tomli_w.dumps(tree))
    start = np.datetime64(first or "2015-01-01", "s")
    with open_rows(folder / f"{name}.state" / "status.sqlite", write=True) as connection:
        for day, (state, reason) in enumerate(rows):
            output = folder / name / f"{day}.nc"
            output.parent.mkdir(exist_ok=True)
            output.write_bytes(b"forecast")
            put_row(
                connection,
                str(start + np.timedelta64(day, "D")),
                {
                    "state": state,
                    "reason": reason,
                    "outputs": (str(output),) if state == "done" else (),
                    "attempts": 2 if state == "failed" else 1,
                    "first_seen": "2015-01-01T00:00:00",
                },
            )
        connection.execute(
            "INSERT INTO runs VALUES ('2015-01-06T00:00:00', '2015-01-06T00:01:00', '{}', 1)"
        )


@pytest.fixture
def view(monkeypatch, tmp_path):
    return lambda **address: open_view(monkeypatch, "jobs", tmp_path, **address)


def test_a_job_shows_its_age_its_states_and_its_last_run(view, tmp_path):
    write_job(tmp_path, freshness={"max_age": "2d"})
    opened = view()
    said = texts_of(opened)
    assert ":red-badge[stale]" in said
    assert "1 done · 1 degraded · 1 waiting · 2 failed" in said
    assert "<b>2015-01-01 00:00</b>" in said
    assert "something failed (exit code 1)" in said
    assert 'alt="Init times by what became of them"' in said


def test_what_waits_and_what_failed_comes_with_its_reason(view, tmp_path):
    write_job(tmp_path)
    said = texts_of(view())
    assert "waiting: 3 of 12 frames are not there" in said
    # two in a row with one reason are one line
    assert "**2015-01-02 00:00 to 2015-01-03 00:00 (2)** failed: the network gave NaN" in said
    assert "2 attempts" in said
    assert "degraded: 4 % are missing" in said


def test_of_many_reasons_the_newest_are_told(view, tmp_path):
    write_job(tmp_path, rows=[("failed", f"reason {number}") for number in range(15)])
    said = texts_of(view())
    assert "reason 14" in said
    assert "reason 1\n" not in said
    assert "and 3 more reasons" in said


def test_a_fresh_job_is_green(view, tmp_path):
    today = np.datetime64("now", "s")
    write_job(tmp_path, rows=ROWS[:1], first=str(today), freshness={"max_age": "2d"})
    assert ":green-badge[fresh]" in texts_of(view())


def test_of_several_jobs_the_worst_comes_first_and_one_is_chosen(view, tmp_path):
    today = str(np.datetime64("now", "s"))
    write_job(tmp_path, "alpha", rows=ROWS[:1], first=today, freshness={"max_age": "2d"})
    write_job(tmp_path, "beta", freshness={"max_age": "2d"})
    opened = view(run="beta.toml")
    assert opened.selectbox(key="job").options == ["beta.toml", "alpha.toml"]
    assert opened.selectbox(key="job").value == "beta.toml"
    opened.selectbox(key="job").set_value("alpha.toml").run()
    assert address_of(opened)["job"] == "alpha.toml"
    assert view(job="alpha.toml").selectbox(key="job").value == "alpha.toml"


def test_its_forecasts_are_a_click_away(view, tmp_path):
    write_job(tmp_path)
    [link] = view().get("page_link")
    assert link.proto.query_string == "run=waves.toml"


def test_lost_outputs_are_told(view, tmp_path):
    write_job(tmp_path, rows=ROWS[:1])
    (tmp_path / "waves" / "0.nc").unlink()
    opened = view()
    assert any("0.nc" in each.value for each in opened.warning)


def test_a_job_that_never_ran_says_how_to_start_it(view, tmp_path):
    write_job(tmp_path, rows=[])
    opened = view()
    assert opened.code[0].value == f"stforecast batch run {tmp_path / 'waves.toml'}"


def test_a_job_file_with_a_mistake_says_which(view, tmp_path):
    write_job(tmp_path, colour="blue")
    opened = view()
    assert "colour is no key of a job" in opened.error[0].value
    assert ":red-badge[broken]" in texts_of(opened)


def test_a_damaged_record_is_told_and_the_other_job_is_shown(view, tmp_path):
    write_job(tmp_path, "alpha")
    write_job(tmp_path, "beta")
    (tmp_path / "alpha.state" / "status.sqlite").write_bytes(b"no database" * 100)
    opened = view(job="beta.toml")
    said = texts_of(opened)
    assert ":red-badge[broken]" in said
    assert 'alt="Init times by what became of them"' in said
    assert "is damaged" in view(job="alpha.toml").error[0].value


def test_a_folder_without_jobs_says_what_a_job_is(view):
    opened = view()
    assert "There is no batch job" in opened.info[0].value
    assert opened.code[0].value == "stforecast batch run JOB.toml"


def test_a_job_that_does_not_verify_is_told_how_to(view, tmp_path):
    write_job(tmp_path)
    assert any(r"add a \[verify\] table" in each.value for each in view().info)


@pytest.fixture
def verified(monkeypatch, tmp_path):
    """A job with scores of two months in two regions, and drift at the second lead time."""
    write_job(tmp_path)
    month = MonthScore("2015-01", "all", "t2m", 6.0, 10, 0, 99, "K", 1.5, 1.0, 0.1, 2.5)
    scores = (
        month,
        replace(month, lead_hours=12.0, rmse=2.25),
        replace(month, month="2015-02", rmse=None, persistence_rmse=None),
        replace(month, region="north", rmse=9.0, persistence_rmse=None),
    )
    fine = DriftLine("t2m", 6.0, 20, 1.5, 1.6, "K", -0.05, 0.0, False)
    drift = (fine, replace(fine, lead_hours=12.0, rmse=2.0, excess=0.25, drifts=True))
    plain = jobs.job_overview

    def overview(entry, *, now):
        return replace(plain(entry, now=now), scores=scores, drift=drift, notes=())

    monkeypatch.setattr(jobs, "job_overview", overview)
    return tmp_path


def test_scores_by_month_stand_beside_persistence(view, verified):
    opened = view()
    table = opened.dataframe[1].value
    assert table.columns.tolist() == ["variable", "lead time", "2015-01", "2015-02"]
    assert table["2015-01"].tolist() == ["1.5 (2.5)", "2.25 (2.5)"]
    assert table["2015-02"].tolist() == ["–", "–"]


def test_a_region_has_scores_of_its_own(view, verified):
    opened = view(region_of="north")
    assert opened.dataframe[1].value["2015-01"].tolist() == ["9"]
    assert address_of(opened)["region_of"] == "north"


def test_drift_is_told_in_words_and_numbers(view, verified):
    opened = view()
    said = [each.value for each in opened.warning]
    assert any("t2m drifts: at +12 h its RMSE is 25% above" in text for text in said)
    table = opened.dataframe[0].value
    assert table["verdict"].tolist() == ["as tested", "drifts"]
    assert table["change"].tolist() == ["−5%", "+25%"]
