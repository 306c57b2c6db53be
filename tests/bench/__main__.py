"""All benches, one after the other, each in a process of its own: `python -m tests.bench [--quick]`."""

import argparse
import subprocess
import sys
from typing import Final

BENCHES: Final[dict[str, tuple[list[str], list[str]]]] = {
    "facade": ([], ["--seconds", "1", "--rounds", "3"]),
    "mapping": ([], []),
    "keys_limits": ([], ["--calls", "20000", "--repeats", "3"]),
    "metering": ([], ["--rows", "16000", "--repeats", "3"]),
    "keys": ([], ["--calls", "20000"]),
    "audit": ([], ["--rows", "100000", "--calls", "8000", "--repeats", "3"]),
    "streams": ([], ["--rounds", "1"]),
    "memory": ([], ["--calls", "5000", "--starts", "3"]),
}
"""What each is told, in full and in short."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about two minutes; figures to look at, not to quote")
    options = parser.parse_args()
    failed: list[str] = []
    for name, (full, quick) in BENCHES.items():
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{name}", *(quick if options.quick else full)]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
