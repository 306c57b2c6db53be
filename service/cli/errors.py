"""What the person at the terminal did, or found: one line, no traceback."""

import asyncpg

from billing import BillingError
from service.accounts.errors import AccountError
from service.audit.export import RowMissingError
from service.connections.errors import LinkError
from service.db.migrate import MigrationError
from service.db.pool import UnsafeRoleError
from service.db.region import FIRM_ELSEWHERE, RegionError
from service.demo.home import DemoError
from service.sandbox.serve import SandboxError


class CommandError(Exception):
    """Anything a command says no to."""


class ArgumentError(CommandError):
    """An argument that can never be right."""


TOLD = (
    CommandError,
    AccountError,
    BillingError,
    DemoError,
    LinkError,
    MigrationError,
    RegionError,
    RowMissingError,
    SandboxError,
    UnsafeRoleError,
)
"""Errors whose text was written for people."""

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InterfaceError,
)
"""The database cannot be used."""


def told(error: Exception) -> str:
    """The error in one line. Nothing of the database's address, which may hold a password."""
    if isinstance(error, TOLD):
        return str(error) or type(error).__name__
    if isinstance(error, asyncpg.UndefinedTableError):
        return "The database is not migrated; run `tickmark migrate`."
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate == FIRM_ELSEWHERE:
        return f"The firm's data are kept in region {error.message}; do this there."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"The database in DATABASE_URL cannot be used: {reason}."
