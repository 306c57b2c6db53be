"""A real Chromium, headless: the one on this machine, else Playwright's own, else the operating system's package."""

import os
import shutil
import subprocess
import sys
from functools import cache

from playwright.async_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_INSTALL_WITHIN_S = 600


class NoBrowserError(Exception):
    """There is none, and none can be installed: the run fails, it does not skip."""


async def launch(playwright: Playwright) -> Browser:
    """The browser, started."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    return await playwright.chromium.launch(executable_path=find_browser(), args=arguments)


@cache
def find_browser() -> str | None:
    """The path of a Chromium; None for Playwright's own. Raises NoBrowserError."""
    for attempt in (_on_path, _playwrights_own, _from_package):
        found = attempt()
        if found is not None:
            return found or None
    raise NoBrowserError("no Chromium; install one, for example with `apt-get install chromium`")


def _on_path() -> str | None:
    chosen = os.environ.get("CHROMIUM")
    return chosen or next(filter(None, map(shutil.which, _NAMES)), None)


def _playwrights_own() -> str | None:
    """The empty text if Playwright has one, or can fetch one."""
    done = _ran([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"])
    return "" if done else None


def _from_package() -> str | None:
    if shutil.which("apt-get") is None:
        return None
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    _ran([*sudo, "apt-get", "update", "-q"])
    _ran([*sudo, "apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
    return _on_path()


def _ran(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_INSTALL_WITHIN_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
