"""What waiting for the dashboard takes, as a browser sees it.

    python -m benchmarks.dashboard --runs demo [--run NAME] [--steps 1000] [--sessions 5]

Starts `stforecast app` on a folder, opens it in Chromium, and tells

- first paint: from the address to the first map on the screen, of the first visitor after the start and
  of later ones; beside it that of a page of Streamlit's without anything on it;
- a step in lead time: from the key to the last panel's new picture; the first time round, when pictures
  are made, and later, when they are kept; by the arrow keys, and by the slider, which waits for 0.2 s
  whether it is moved further;
- memory of the server over many steps through init times;
- a step in each of some sessions that move at once.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import quote

import psutil
from playwright.sync_api import Browser, Locator, Page, sync_playwright

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
MAP = ".panels img[alt*=' of ']"
WATCH = """
() => new Promise((done) => {
  const start = performance.now();
  const before = [...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ?
    [...e.shadowRoot.querySelectorAll('.panels img')] : []);
  const old = before.map((image) => image.src);
  const look = () => before.every((image, k) => image.src !== old[k]) ?
    done(performance.now() - start) : performance.now() - start > 60000 ? done(-1) :
    requestAnimationFrame(look);
  look();
})
"""
"""Milliseconds until every picture is another one, −1 if that takes a minute; none is the same at two
lead times."""


def tell(line: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def server(arguments: list[str], port: int) -> Iterator[psutil.Process]:
    """A process that serves at a port; its output goes nowhere."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            if process.poll() is not None:
                raise SystemExit(f"the server ended at once: {' '.join(arguments)}")
            try:
                with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                    break
            except OSError:
                time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def first_paint(browser: Browser, address: str, sign: str) -> float:
    """Seconds from a new page's address until a sign is on it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(sign, timeout=120_000)
    took = time.perf_counter() - start
    page.close()
    return took


def empty_page(browser: Browser) -> list[float]:
    """First paints in seconds of a page with one word on it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty_page.py"
        file.write_text("import streamlit as st\nst.html('<p id=\"word\">word</p>')\n")
        arguments = [sys.executable, "-m", "streamlit", "run", str(file)]
        arguments += ["--server.port", str(port), "--server.headless", "true"]
        arguments += ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
        with server(arguments, port):
            return [first_paint(browser, f"http://localhost:{port}", "#word") for _ in range(4)]


def watch(page: Page) -> None:
    """Begins to look for other pictures."""
    page.evaluate(f"() => {{ window.stepped = ({WATCH})(); }}")


def watched(page: Page) -> float:
    """Milliseconds until they were there."""
    took = float(page.evaluate("() => window.stepped"))
    if took < 0:
        raise SystemExit("a step took more than a minute; is every panel another one at each step?")
    return took


def step(page: Page, key: str) -> float:
    """Milliseconds from a key to the last new picture."""
    watch(page)
    page.keyboard.press(key)
    return watched(page)


def open_maps(browser: Browser, address: str) -> Page:
    """A page with its maps on the screen."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector(MAP)
    page.wait_for_timeout(1500)
    return page


def slider(page: Page) -> Locator:
    """The slider of the lead time."""
    return page.get_by_test_id("stSlider").locator("input").first


def sweep(page: Page, count: int) -> list[float]:
    """Milliseconds of steps by the arrow keys; after the last lead time comes the first."""
    return [step(page, "ArrowRight") for _ in range(count)]


def slide(page: Page, turns: int) -> list[float]:
    """Milliseconds of steps by the slider, there and back."""
    places = int(slider(page).get_attribute("max") or 1)
    slider(page).focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(1500)
    there, back = ["ArrowRight"] * places, ["ArrowLeft"] * places
    times = [step(page, key) for key in (there + back) * turns]
    slider(page).blur()
    return times


def told(times: list[float]) -> str:
    """Median and greatest, in milliseconds."""
    return f"{median(times):.0f} ms, at most {max(times):.0f} ms"


def measure_memory(page: Page, process: psutil.Process, steps: int) -> None:
    """Tells the server's memory over steps through lead and init times."""
    held = process.memory_info().rss
    tell(f"memory at first: {held / 2**20:.0f} MiB")
    done = 0
    while done < steps:
        done += len(sweep(page, min(50, steps - done)))
        watch(page)
        page.get_by_role("button", name="chevron_left").first.click()
        watched(page)
        page.wait_for_timeout(300)
        if done % 200 == 0 or done >= steps:
            tell(f"memory after {done} steps: {process.memory_info().rss / 2**20:.0f} MiB")


def measure_sessions(browser: Browser, address: str, count: int) -> None:
    """Tells a step in each of some sessions that move at once."""
    pages = [open_maps(browser, address) for _ in range(count)]
    times: list[float] = []
    for _ in range(10):
        for page in pages:
            watch(page)
        for page in pages:
            page.keyboard.press("ArrowRight")
        times += [watched(page) for page in pages]
    tell(f"step in {count} sessions at once: {told(times)}")
    for page in pages:
        page.close()


def parse_arguments() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Waiting for the dashboard.")
    parser.add_argument("--runs", required=True, help="folder of runs")
    parser.add_argument(
        "--run", default="", help="the run that is looked at; the newest unless given"
    )
    parser.add_argument("--show", default="", help="panels, such as forecast,truth,error")
    parser.add_argument("--steps", type=int, default=1000, help="for the memory")
    parser.add_argument("--sessions", type=int, default=5)
    return parser.parse_args()


def main() -> None:
    """Measures and tells."""
    given = parse_arguments()
    port = free_port()
    words = {"run": given.run, "show": given.show}
    query = "&".join(f"{key}={quote(value)}" for key, value in words.items() if value)
    address = f"http://localhost:{port}/?{query}"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    command = [sys.executable, "-m", "stforecast", "app", "--runs", given.runs]
    command += ["--port", str(port), "--no-browser"]
    tell(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        tell(f"first paint of an empty page: {median(empty_page(browser)):.2f} s")
        start = time.perf_counter()
        with server(command, port) as process:
            tell(f"server answers after: {time.perf_counter() - start:.2f} s")
            tell(f"first paint for the first visitor: {first_paint(browser, address, MAP):.2f} s")
            later = [first_paint(browser, address, MAP) for _ in range(5)]
            tell(f"first paint for later visitors: {median(later):.2f} s")
            page = open_maps(browser, address)
            turn = int(slider(page).get_attribute("max") or 1)
            tell(f"step, pictures made anew: {told(sweep(page, turn))}")
            tell(f"step, pictures kept: {told(sweep(page, 40))}")
            tell(f"step by the slider: {told(slide(page, 3))}")
            measure_sessions(browser, address, given.sessions)
            measure_memory(page, process, given.steps)
        browser.close()


if __name__ == "__main__":
    main()
