"""What the tests need of the machine besides Python: found there, or installed from the system's packages if allowed.

`python -m tests.machine` provides all of it at once.

Nothing that is there is touched, and what cannot be provided fails the run with the line to type; no test is skipped.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache

_INSTALL_WITHIN_S = 600


class MissingError(Exception):
    """The machine lacks something, and it cannot be installed from here."""


@cache
def need_command(name: str) -> str:
    """The path of a program, which its package is called after."""
    return _provided(name, lambda: shutil.which(name))


@cache
def need_node() -> None:
    """Node.js comes as a wheel, but for one library of its compiler's that small systems leave out."""
    if sys.platform == "linux":
        _provided("libatomic1", lambda: _loads("libatomic.so.1"))


def install(package: str) -> bool:
    """Installs one of the system's packages; False where that cannot be done."""
    if shutil.which("apt-get") is None:
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    wait = ("-o", "DPkg::Lock::Timeout=300")  # another worker of the same run installs as well
    ran([*sudo, "apt-get", *wait, "update", "-q"])
    return ran([*sudo, "apt-get", *wait, "install", "-y", "-q", "--no-install-recommends", package])


def ran(command: list[str]) -> bool:
    """Whether a command could be run and succeeded."""
    try:
        return subprocess.run(command, capture_output=True, timeout=_INSTALL_WITHIN_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _provided(package: str, look: Callable[[], str | None]) -> str:
    found = look()
    if found is None and install(package):
        found = look()
    if found is None:
        raise MissingError(f"{package} is missing; install it, for example with `apt-get install {package}`")
    return found


def _loads(library: str) -> str | None:
    try:
        ctypes.CDLL(library)
    except OSError:
        return None
    return library


def main() -> None:
    """Provides everything, and says what is there."""
    from tests.portal.browser import find_browser  # it asks this module

    need_node()
    print(f"browser: {find_browser() or 'of Playwright'}")
    for name in ("curl", "openssl"):
        print(f"{name}: {need_command(name)}")


if __name__ == "__main__":
    main()
