"""A real Chromium, headless: the one on this machine, else Playwright's own, else the operating system's package."""

import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache

from playwright.async_api import Browser, async_playwright

from tests.machine import MissingError, install, need_node, ran

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@asynccontextmanager
async def running_browser() -> AsyncGenerator[Browser]:
    """The browser, for the length of the block."""
    need_node()
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        yield browser
        await browser.close()


@cache
def find_browser() -> str | None:
    """The path of a Chromium; None for Playwright's own. Raises MissingError: the run fails then, it does not skip."""
    for attempt in (_on_path, _playwrights_own, _from_package):
        found = attempt()
        if found is not None:
            return found or None
    raise MissingError("no Chromium; install one, for example with `apt-get install chromium`")


def _on_path() -> str | None:
    chosen = os.environ.get("CHROMIUM")
    return chosen or next(filter(None, map(shutil.which, _NAMES)), None)


def _playwrights_own() -> str | None:
    """The empty text if Playwright has one, or can fetch one."""
    done = ran([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"])
    return "" if done else None


def _from_package() -> str | None:
    return _on_path() if install("chromium") else None
