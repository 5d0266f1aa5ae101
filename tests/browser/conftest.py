"""A headless Chromium and the pages as a process beside it. Skips where no Chromium is installed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from project88.store.connection import Database
from tests.browser.looking import Browser
from tests.hub_command import CHECKOUT, HubCommand
from tests.integration.public_event import READS, TWO_PARTNERS, run

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
START_SECONDS = 60
#: Nothing is asked of any machine but this one.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture
async def address(db: Database, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """Where the pages of two partners are served."""
    await run(db, TWO_PARTNERS)
    await run(db, READS)
    hub = HubCommand(database_url, tmp_path)
    process = await asyncio.create_subprocess_exec(
        *hub.line("web", "--port", "0"), stdout=asyncio.subprocess.PIPE, env=hub.environment, cwd=CHECKOUT
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            said = (await process.stdout.readline()).decode()
        yield said.removeprefix("Results pages: ").strip().removesuffix("/")
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
def browser(address: str, tmp_path: Path) -> Iterator[Browser]:
    with opened(address, tmp_path / "browser") as made:
        yield made


@pytest.fixture
def browser_without_scripts(address: str, tmp_path: Path) -> Iterator[Browser]:
    with opened(address, tmp_path / "browser", "--blink-settings=scriptEnabled=false") as made:
        yield made


def opened(address: str, profile: Path, *more: str) -> Browser:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no Chromium with its driver is installed: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}", *more):
        options.add_argument(argument)
    return Browser(Chrome(options=options, service=Service(DRIVER)), address)
