"""A real headless Chromium, told what to do over the WebDriver protocol. Knows no page."""

from __future__ import annotations

import asyncio
import base64
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

DRIVER = shutil.which("chromedriver")
BROWSER = shutil.which("chromium")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Chromium:
    """One window."""

    http: aiohttp.ClientSession
    session: str

    async def command(self, method: str, path: str, **body: Any) -> Any:
        payload = None if method == "GET" else body
        async with self.http.request(method, f"/session/{self.session}/{path}", json=payload) as answer:
            value = (await answer.json())["value"]
            assert answer.status == 200, value
            return value

    async def open(self, address: str) -> None:
        await self.command("POST", "url", url=address)

    async def address(self) -> str:
        return str(await self.command("GET", "url"))

    async def run(self, script: str) -> Any:
        return await self.command("POST", "execute/sync", script=script, args=[])

    async def write(self, selector: str, text: str) -> None:
        await self.command("POST", f"element/{await self._find(selector)}/value", text=text)

    async def click(self, selector: str) -> None:
        await self.command("POST", f"element/{await self._find(selector)}/click")

    async def text(self, selector: str = "body") -> str:
        return str(await self.command("GET", f"element/{await self._find(selector)}/text"))

    async def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """As a screen of this size shows it; a window cannot be made as narrow as a phone."""
        await self._devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                             mobile=width < 500)  # fmt: skip
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self._devtools("Emulation.setEmulatedMedia", features=scheme)

    async def without_scripts(self) -> None:
        """Pages that are opened from now on run none of theirs."""
        await self._devtools("Emulation.setScriptExecutionDisabled", value=True)

    async def picture(self, path: Path, *, height_at_most: int = 2400) -> None:
        """Of the whole page, not only of what the window shows."""
        width, height = await self.run("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, height_at_most), "scale": 1}
        taken = await self._devtools("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    async def _devtools(self, command: str, **parameters: Any) -> Any:
        return await self.command("POST", "goog/cdp/execute", cmd=command, params=parameters)

    async def _find(self, selector: str) -> str:
        found = await self.command("POST", "element", using="css selector", value=selector)
        return str(found[ELEMENT])


@asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    """Ends with the block, and with it the profile it used."""
    assert DRIVER and BROWSER
    with tempfile.TemporaryDirectory(prefix="p88-browser-", ignore_cleanup_errors=True) as profile:
        driver = await asyncio.create_subprocess_exec(DRIVER, "--port=0", stdout=asyncio.subprocess.PIPE)
        try:
            async with aiohttp.ClientSession(await _address(driver)) as http:
                session = await _begin(http, profile)
                yield Chromium(http, session)
                async with http.delete(f"/session/{session}"):
                    pass
        finally:
            driver.terminate()
            await driver.communicate()


async def _address(driver: asyncio.subprocess.Process) -> str:
    """The driver says on which port it listens."""
    assert driver.stdout is not None
    async with asyncio.timeout(START_SECONDS):
        async for line in driver.stdout:
            if b"started successfully on port" in line:
                return f"http://127.0.0.1:{line.rstrip().rstrip(b'.').rpartition(b' ')[2].decode()}"
    raise AssertionError("chromedriver does not start")


async def _begin(http: aiohttp.ClientSession, profile: str) -> str:
    options = {"binary": BROWSER, "args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    async with http.post("/session", json=wanted) as answer:
        value = (await answer.json())["value"]
        assert answer.status == 200, value
        return str(value["sessionId"])
