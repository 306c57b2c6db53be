"""Newman from npm, run by the Node.js of a wheel: installed once, by its lock file."""

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.machine import need_node

from .runners import NODE_FOLDER

_FOLDER = Path(__file__).parent / "newman"
_NPM = NODE_FOLDER.parent / "lib/node_modules/npm/bin/npm-cli.js"
_INSTALL_WITHIN_S = 300
_AWAY = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT")


class Sent(Struct, frozen=True):
    """One request of a run."""

    name: str
    status: int
    failed: tuple[str, ...]


class RegistryAwayError(Exception):
    """npm's registry cannot be reached from this machine, which says nothing of the collections."""


def install() -> None:
    """Raises RegistryAwayError, and CalledProcessError when npm fails for another reason."""
    need_node()
    installed = _FOLDER / "node_modules/.package-lock.json"
    lock = _FOLDER / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(
        [str(NODE_FOLDER / "node"), str(_NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=_FOLDER,
        env={**os.environ, "PATH": f"{NODE_FOLDER}{os.pathsep}{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=_INSTALL_WITHIN_S,
    )
    if any(sign in done.stderr for sign in _AWAY):
        raise RegistryAwayError
    done.check_returncode()


async def run(collection: Path, values: Mapping[str, str], folder: Path, *options: str) -> list[Sent]:
    """Runs a collection with these variables; what was sent, in order."""
    environment = folder / "environment.json"
    report = folder / "report.json"
    environment.write_bytes(
        msgspec.json.encode({"name": "test", "values": [{"key": k, "value": v} for k, v in values.items()]})
    )
    process = await asyncio.create_subprocess_exec(
        *(str(NODE_FOLDER / "node"), str(_FOLDER / "node_modules/newman/bin/newman.js"), "run", str(collection)),
        *("-e", str(environment), "-r", "json", "--reporter-json-export", str(report), "--timeout-request", "30000"),
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert report.exists(), printed.decode()
    told: dict[str, Any] = msgspec.json.decode(report.read_bytes())
    return [_sent(one) for one in told["run"]["executions"] if "response" in one]


def _sent(one: dict[str, Any]) -> Sent:
    problems = [check["error"]["message"] for check in one.get("assertions", ()) if "error" in check]
    problems += [script["error"]["message"] for script in one.get("testScript", ()) if "error" in script]
    return Sent(one["item"]["name"], one["response"]["code"], tuple(problems))
