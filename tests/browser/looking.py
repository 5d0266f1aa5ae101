"""A browser as the tests use it: a screen of some size, keys, and the accessibility check. Starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
PATIENCE_SECONDS = 20
PHONE, DESK = 390, 1440
GRAVE = {"serious", "critical"}


class Browser:
    """One window. Closed at the end of its block."""

    def __init__(self, driver: Chrome, address: str) -> None:
        self.driver = driver
        self._address = address

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.driver.quit()

    def open(self, path: str, *, width: int = DESK, look: Literal["light", "dark"] = "light") -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 700}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": look}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get(self._address + path)

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def focused(self) -> str:
        return self.driver.switch_to.active_element.text

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def wait_for(self, words: str) -> None:
        WebDriverWait(self.driver, PATIENCE_SECONDS).until(lambda _: words in self.text, f"{words!r} in {self.text}")

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def faults(self) -> list[str]:
        """The grave faults that axe finds on the page, each with its place."""
        self.driver.execute_script(AXE)
        found = self.driver.execute_async_script("const done = arguments[0]; axe.run().then(done);")
        return [
            f"{fault['id']}: {node['html'][:200]}"
            for fault in found["violations"]
            if fault["impact"] in GRAVE
            for node in fault["nodes"]
        ]
