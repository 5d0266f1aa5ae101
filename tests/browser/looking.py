"""A browser as the tests use it: a screen of some size, keys, forms, the accessibility check. Starts nothing."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
#: The folder where pictures of the pages are written; without it none are.
PICTURES = os.environ.get("TEST_PICTURES")
HIGHEST_PICTURE = 2400
PATIENCE_SECONDS = 20
#: No command to the driver takes longer: a browser that hangs fails its test instead of the run.
COMMAND_SECONDS = 60
TABS_AT_MOST = 60
PHONE, DESK = 390, 1440
GRAVE = {"serious", "critical"}

Look = Literal["light", "dark"]


class Browser:
    """One window. Closed at the end of its block."""

    def __init__(self, driver: Chrome, address: str) -> None:
        self.driver = driver
        self._address = address
        driver.command_executor.client_config.timeout = COMMAND_SECONDS
        driver.set_page_load_timeout(PATIENCE_SECONDS)
        driver.set_script_timeout(PATIENCE_SECONDS)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()

    def open(self, path: str, *, width: int = DESK, look: Look = "light") -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": look}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get(self._address + path)

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self._address)

    @property
    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def tab_to(self, *, text: str | None = None, element_id: str | None = None) -> None:
        """Press the tabulator until what has this text or this id has the focus."""
        for _ in range(TABS_AT_MOST):
            focused = self.focused
            if focused.text == text or focused.get_attribute("id") == element_id:
                return
            self.press(Keys.TAB)
        raise AssertionError(f"the tabulator does not reach {text or element_id}")

    def write(self, selector: str, text: str) -> None:
        self.find(selector).send_keys(text)

    def click(self, selector: str) -> None:
        """A link or a button that leads to another page."""
        with self.new_page():
            self.find(selector).click()

    @contextmanager
    def new_page(self) -> Iterator[None]:
        """What is done in the block leads to another page, which is there at its end."""
        old = self.find("html")
        yield
        wait = WebDriverWait(self.driver, PATIENCE_SECONDS, ignored_exceptions=[WebDriverException])
        wait.until(lambda _: _is_gone(old), "another page")

    def wait_for(self, words: str) -> None:
        wait = WebDriverWait(self.driver, PATIENCE_SECONDS, ignored_exceptions=[StaleElementReferenceException])
        wait.until(lambda _: words in self.text, f"{words!r} in {self.text}")

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def faults(self, *, width: int) -> list[str]:
        """The grave faults that axe finds on the page, each with its place, and whether it is too wide."""
        self.driver.execute_script(AXE)
        found = self.driver.execute_async_script("const done = arguments[0]; axe.run().then(done);")
        faults = [
            f"{fault['id']}: {node['html'][:200]}"
            for fault in found["violations"]
            if fault["impact"] in GRAVE
            for node in fault["nodes"]
        ]
        too_wide = self.run("return document.documentElement.scrollWidth") > width
        return [*faults, *(["wider than the screen"] if too_wide else [])]

    def picture(self, name: str) -> None:
        """Of the whole page, not only of what the window shows."""
        if PICTURES is None:
            return
        width, height = self.run("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, HIGHEST_PICTURE), "scale": 1}
        wanted = {"format": "png", "clip": clip, "captureBeyondViewport": True}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", wanted)
        (Path(PICTURES) / f"{name}-{width}.png").write_bytes(base64.b64decode(taken["data"]))


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False
