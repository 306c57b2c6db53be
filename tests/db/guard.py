"""Waits until the process that started it is gone, however it went; then stops the servers that it left in a directory.

Run as a script with that directory, which is removed. Needs nothing that is installed, so that it starts at once.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_WITHIN_S = 10.0


def main(directory: Path) -> None:
    sys.stdin.buffer.read()  # ends when nobody is left to write
    for pid_file in directory.glob("*/postmaster.pid"):
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGQUIT)
            ends_at = time.monotonic() + _WITHIN_S
            while pid_file.exists() and time.monotonic() < ends_at:
                time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
