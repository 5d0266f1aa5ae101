"""Takes the pictures of the public pages in docs/images from a rehearsal that runs. Starts none and changes no page.

Run `PROJECT88_HOME=/tmp/p88 project88 up --rehearsal --field 3000 --no-browser`, wait until runners finish, then
`PROJECT88_HOME=/tmp/p88 PROJECT88_REHEARSAL=1 TEST_PICTURES=docs/images python -m scripts.take_pictures`.
Pictures of the operator's page are taken by tests/browser with TEST_PICTURES set.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from selenium.webdriver.common.by import By

from tests.browser import looking
from tests.browser.conftest import opened
from tests.browser.looking import DESK, PHONE, Browser

HUB = [sys.executable, "-m", "project88"]
ADDRESS = "http://127.0.0.1:8088"
#: What stands further down repeats what is above.
HIGHEST = {PHONE: 1500, DESK: 1100}


def main() -> None:
    address = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else ADDRESS
    with tempfile.TemporaryDirectory() as profile, opened(address, Path(profile)) as browser:
        for name, path in pages(browser).items():
            for width in (PHONE, DESK):
                looking.HIGHEST_PICTURE = HIGHEST[width]
                browser.open(path, width=width)
                if browser.driver.find_elements(By.ID, "live"):
                    browser.wait_for("Updates by itself")
                browser.picture(name)
                sys.stdout.write(f"{name}-{width}.png\n")


def pages(browser: Browser) -> dict[str, str]:
    """The event that is timed now, who leads it, and a display of each kind."""
    browser.open("/")
    event = link(browser, ".live-card a[href^='/events/']").partition("?")[0]
    browser.open(event)
    runner = link(browser, "a[href*='/runner?']")
    displays = {kind: display(kind, event.rpartition("/")[2]) for kind in ("announcer", "wall")}
    return {"events": "/", "event": event, "runner": runner, "charts": f"{event}/charts", **displays}


def link(browser: Browser, selector: str) -> str:
    return str(browser.driver.find_element(By.CSS_SELECTOR, selector).get_dom_attribute("href"))


def display(kind: str, event: str) -> str:
    command = [*HUB, "display", "create", event, "--kind", kind, "--hours", "1", "--address", "http://x"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().removeprefix("http://x")


if __name__ == "__main__":
    main()
