"""A headless Chromium, and the pages as a process beside it: commands to a browser block this one.

Skips where no Chromium is installed.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from project88.store.connection import Database
from tests.browser.looking import Browser
from tests.hub_command import HubCommand
from tests.integration.operator_site import add_users, fill
from tests.integration.public_event import READS, TWO_PARTNERS, run

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
#: Nothing is asked of any machine but this one.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
#: Said to the browser when it starts: a driver that disables scripts in an open page waits for scripts of its own.
WITHOUT_SCRIPTS = "--blink-settings=scriptEnabled=false"


@pytest.fixture
async def address(db: Database, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """Where the pages of two partners are served."""
    await run(db, TWO_PARTNERS)
    await run(db, READS)
    async with HubCommand(database_url, tmp_path).web() as served_at:
        yield served_at


@pytest.fixture
async def operator_address(db: Database, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """Where the operator's page is served, with something on each of its pages and users of each role."""
    await fill(db)
    await add_users(db)
    async with HubCommand(database_url, tmp_path).web() as served_at:
        yield served_at


@pytest.fixture
def browser(address: str, tmp_path: Path) -> Iterator[Browser]:
    with opened(address, tmp_path / "browser") as made:
        yield made


@pytest.fixture
def browser_without_scripts(address: str, tmp_path: Path) -> Iterator[Browser]:
    with opened(address, tmp_path / "browser", WITHOUT_SCRIPTS) as made:
        yield made


@pytest.fixture
def operator(operator_address: str, tmp_path: Path) -> Iterator[Browser]:
    with opened(operator_address, tmp_path / "browser") as made:
        yield made


@pytest.fixture
def operator_without_scripts(operator_address: str, tmp_path: Path) -> Iterator[Browser]:
    with opened(operator_address, tmp_path / "browser", WITHOUT_SCRIPTS) as made:
        yield made


def opened(address: str, profile: Path, *more: str) -> Browser:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no Chromium with its driver is installed: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}", *more):
        options.add_argument(argument)
    return Browser(Chrome(options=options, service=Service(DRIVER)), address)
