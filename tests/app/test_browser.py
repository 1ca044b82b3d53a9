"""The whole path in a real browser: choose, slide, play, click, download, go back."""

import re
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

FORECAST = "img[alt^='Forecast of']"


def address_of(page):
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def wait_for_map(page, lead):
    """Until the forecast's map is that of a valid time."""
    page.wait_for_selector(f"img[alt='Forecast of t2m at {lead}']")


@pytest.fixture
def errors(page):
    """What the page complains of in the browser's console."""
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_choose_slide_play_click_and_download(server, page, errors):
    page.goto(f"{server}/?run=region&init=2015-02-09T00:00")
    wait_for_map(page, "2015-02-09T06:00")
    assert page.locator(".panels figure").count() == 3
    assert page.title() == "stforecast"

    # choose
    page.get_by_text("Error", exact=True).first.click()
    page.wait_for_url(re.compile(r"show=forecast%2Ctruth(&|$)"))

    # slide
    page.get_by_test_id("stSlider").locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    wait_for_map(page, "2015-02-09T12:00")
    page.wait_for_url(re.compile(r"lead=12"))
    assert page.get_by_text("Mon 9 Feb 2015 12:00 UTC · +12 h").is_visible()

    # click, in the middle of the map
    page.locator(FORECAST).click()
    page.wait_for_url(re.compile(r"point="))
    latitude, longitude = map(float, address_of(page)["point"].split(","))
    assert abs(latitude - 55.5) < 2  # the grid is 61° to 50° N, 8° W to 1° E
    assert abs(longitude + 3.5) < 2
    page.wait_for_selector("img[alt^='Series of t2m']")

    # play
    page.get_by_role("button", name="Play").click()
    page.wait_for_selector("img[alt='Forecast of t2m at 2015-02-09T18:00']")
    page.wait_for_selector("img[alt='Forecast of t2m at 2015-02-09T06:00']")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()

    # download
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Map at this lead time (PNG)").click()
    assert re.fullmatch(
        r"region_t2m_20150209T00_lead0(06|12|18)h_forecast\.png", download.value.suggested_filename
    )
    assert Image.open(BytesIO(download.value.path().read_bytes())).width > 500
    with page.expect_download() as download:
        page.get_by_role("button", name="Series at the point (CSV)").click()
    assert b"persistence" in download.value.path().read_bytes()
    assert errors == []


def test_the_way_back_in_the_browser_is_the_way_back_in_the_view(server, page, errors):
    page.goto(f"{server}/?run=region&init=2015-02-09T00:00")
    wait_for_map(page, "2015-02-09T06:00")
    page.wait_for_url(re.compile(r"lead=6"))
    page.get_by_test_id("stSlider").locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    wait_for_map(page, "2015-02-09T12:00")
    page.wait_for_url(re.compile(r"lead=12"))
    page.go_back()
    wait_for_map(page, "2015-02-09T06:00")
    assert errors == []


def test_one_click_is_one_step_back_and_first_defaults_are_none(server, page, errors):
    page.goto(f"{server}/?run=region")
    page.wait_for_url(re.compile(r"run=region&.*lead=6"))
    begun = page.evaluate("history.length")
    page.get_by_role("button", name="chevron_left").click()
    page.wait_for_url(re.compile(r"init=2015-02-08T18"))
    assert page.evaluate("history.length") == begun + 1
    page.get_by_test_id("stSidebarNav").get_by_text("Skill", exact=True).click()
    page.wait_for_url(re.compile(r"/skill\?run=region"))
    assert page.evaluate("history.length") == begun + 2
    page.go_back()
    page.wait_for_url(re.compile(r"init=2015-02-08T18"))
    page.go_back()
    page.wait_for_url(re.compile(r"init=2015-02-09T00"))
    page.get_by_text("started from Mon 9 Feb 2015 00:00 UTC").wait_for()
    assert errors == []


def test_the_views_are_a_click_apart_and_keep_the_run(server, page, errors):
    page.goto(f"{server}/?run=city&init=2016-01-15T00:00")
    page.wait_for_selector("img[alt^='Forecast of inflow']")
    for name in ("Skill", "Jobs", "Data", "Forecast"):
        page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
        page.wait_for_url(re.compile("run=city"))
        page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
        assert page.locator("[data-testid=stException]").count() == 0
    page.wait_for_selector("img[alt^='Forecast of inflow']")
    assert errors == []


def test_on_a_narrow_screen_the_panels_stand_one_above_the_other(server, page):
    page.set_viewport_size({"width": 420, "height": 900})
    page.goto(f"{server}/?run=region&init=2015-02-09T00:00")
    wait_for_map(page, "2015-02-09T06:00")
    boxes = [figure.bounding_box() for figure in page.locator(".panels figure").all()]
    assert len({box["x"] for box in boxes}) == 1
    assert all(box["width"] > 340 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
