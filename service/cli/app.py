"""The `tickmark` command, put together. Exit codes: 0, 1 for what went wrong, 2 for wrong settings and arguments."""

import asyncio
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper

import asyncpg
from cyclopts import App, CycloptsError

from service.cli.audit import audit
from service.cli.customers import firms, orgs
from service.cli.errors import TOLD, UNREACHABLE, ArgumentError, told
from service.cli.facts import add_facts
from service.cli.keys import keys
from service.cli.links import connections
from service.cli.money import billing
from service.cli.output import complain
from service.cli.running import add_running
from service.cli.vault import vault
from service.settings import SettingsError


def application() -> App:
    """Every command."""
    app = App(
        name="tickmark",
        help="One pay-per-call REST API over every practice-management system an accounting firm uses.",
        version=lambda: version("tickmark"),
    )
    add_running(app)
    for group in (orgs, firms, connections, keys, billing, audit, vault):
        app.command(group)
    add_facts(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Runs one command; its exit code. People get one line, never a traceback."""
    try:
        code = application()(
            arguments, exit_on_error=False, print_error=False, result_action="return_value", backend="asyncio"
        )
    except (SettingsError, CycloptsError, ArgumentError) as error:
        complain(str(error))
        return 2
    except (*TOLD, *UNREACHABLE, asyncpg.UndefinedTableError, asyncpg.UnknownPostgresError) as error:
        complain(told(error))
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return code if isinstance(code, int) else 0


def main() -> None:
    """The entry point of the `tickmark` command."""
    warnings.filterwarnings("ignore", module="platformdirs")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 gets a `?`, never a traceback
    sys.exit(run(sys.argv[1:]))
