"""Load: `wrk`, one thread, for a fixed time over a fixed number of connections."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

_REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\\n{"requests": %d, "seconds": %f, "p50_us": %d, "p99_us": %d, "failed": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


class Load(msgspec.Struct, frozen=True):
    """What one run came to."""

    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    failed: int

    @property
    def calls_per_s(self) -> float:
        return self.requests / self.seconds


def run(url: str, headers: Mapping[str, str], connections: int, seconds: float) -> Load:
    """One run. Exits with a line when a call failed: a bench of failures measures nothing."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_REPORT)
        script.flush()
        words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        command = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", script.name, *words, url]
        done = subprocess.run([_wrk(), *command], capture_output=True, text=True, check=True)
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=Load)
    if found.failed or not found.requests:
        sys.exit(f"{found.failed} of {found.requests} calls failed at {url}")
    return found


def _wrk() -> str:
    path = shutil.which("wrk")
    if path is None:
        sys.exit("wrk is not installed: `apt-get install wrk`")
    return path


def nginx() -> str | None:
    """Where nginx is, if it is installed."""
    return shutil.which("nginx") or next((path for path in ("/usr/sbin/nginx",) if Path(path).exists()), None)
