"""`tickmark demo`: the whole product on one machine, walked through once, then left running."""

import asyncio
import secrets
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from billing import PriceBook, load_price_book
from service import ids
from service.accounts.keys import mint_key
from service.accounts.members import add_owner
from service.accounts.organizations import list_organizations
from service.accounts.passwords import Passwords
from service.accounts.tokens import Mode, Peppers
from service.connections.vault import LocalKey, Vault
from service.db.migrate import MigrationError, migrate
from service.db.pool import Pool, open_pool
from service.db.region import RegionError
from service.demo import stage
from service.demo.afterwards import Owner, say_how_to_go_on, say_that_it_ends
from service.demo.bill import PLAN, Bill, close_month, price_of, show_bill
from service.demo.cast import API_VERSION, Cast, prepare_cast, reconnect
from service.demo.customer import Customer, UnexpectedAnswerError
from service.demo.home import DIRECTORY, DemoError, occupied
from service.demo.screen import Screen
from service.demo.stopping import StoppedError, stopping_on_signals
from service.demo.walk import Walk
from service.sandbox.serve import DEFAULT_CLIENTS, SandboxError
from service.settings import Settings

_NOT_A_KEY: Final = "tm_live_" + "0" * 33
_FIRST_NAME: Final = "Ledgerline Apps"


class Options(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    once: bool = False
    as_json: bool = False
    reset: bool = False
    clients: int = DEFAULT_CLIENTS
    port: int | None = None
    directory: Path = DIRECTORY


class Summary(Struct, frozen=True, kw_only=True):
    """The last line with `--json`. Counts are of this run, which is an organization and a month of its own."""

    calls: int
    billable_calls: int
    usage_rows: int
    rated_units: int
    invoiced_units: int
    invoice_total_minor: int
    currency: str
    reconcile_difference: int
    base_url: str
    organization: str
    seconds: float


def run(options: Options, screen: Screen) -> int:
    """Runs the demonstration; its exit code. Raises DemoError."""
    with stopping_on_signals():
        try:
            with ExitStack() as stack:
                _demonstrate(options, screen, stack)
        except StoppedError as stopped:
            return stopped.exit_code
        except (UnexpectedAnswerError, SandboxError, OSError) as error:
            raise DemoError(f"The demo cannot go on: {error}") from error
    return 0


def _demonstrate(options: Options, screen: Screen, stack: ExitStack) -> None:
    began = time.perf_counter()
    directory = stack.enter_context(occupied(options.directory, reset=options.reset))
    screen.say("Tickmark demo. Everything runs on this machine; nothing real is called.")
    screen.say(f"Data: {_shown(directory)}")
    screen.step("Starting")
    show = _Show(screen, stack, options, directory)
    cast, greedy_key, owner = show.prepare()
    screen.step("Calling the API as a customer's app would")
    show.walk(cast, greedy_key)
    screen.step("Closing the month")
    bill = show.close_month(cast)
    summary = _summary(bill, show.api.url, cast, time.perf_counter() - began)
    try:
        if options.once:
            say_that_it_ends(screen)
        else:
            say_how_to_go_on(screen, show.api.url, cast, owner)
        if options.as_json:
            screen.say()
            screen.say(msgspec.json.encode(summary).decode())
        if not options.once:
            show.api.process.wait()
            raise DemoError("The API has stopped by itself; api.log says why.")
    except StoppedError:
        return  # from here on, being stopped is how a demonstration ends well


class _Show:
    """The running parts, and what an operator does with them."""

    def __init__(self, screen: Screen, stack: ExitStack, options: Options, directory: Path) -> None:
        self._screen = screen
        port = stack.enter_context(stage.reserved_port(options.port))
        servers = stack.enter_context(stage.running_servers(directory, screen))
        runner = stack.enter_context(asyncio.Runner())
        self._run = runner.run
        with screen.doing("migrating the database"):
            self._run(_migrate(servers.postgres_url))
        self._sandboxes = stack.enter_context(stage.running_sandboxes(options.clients, screen))
        environ = stage.environment(servers, self._sandboxes, directory, port)
        self._settings: Settings = stage.read_settings(environ)
        self._pool: Pool = stack.enter_context(self._operator_pool())
        self.api = stack.enter_context(stage.running_api(environ, directory, screen))
        self._book: PriceBook = load_price_book()

    def prepare(self) -> tuple[Cast, str, Owner]:
        """A new customer, the token of a second key of its, and its owner."""
        return self._run(self._prepare())

    def walk(self, cast: Cast, greedy_key: str) -> None:
        """Makes all the calls."""
        url = self.api.url
        with Customer(url, cast.key) as app, Customer(url, greedy_key) as greedy, Customer(url, _NOT_A_KEY) as stranger:
            Walk(
                app=app,
                greedy_app=greedy,
                stranger=stranger,
                connections={vendor: ids.encode("con", link) for vendor, link in cast.connections.items()},
                sandboxes={sandbox.vendor: sandbox for sandbox in self._sandboxes},
                price_of=lambda request_id: self._run(self._price_of(cast, request_id)),
                screen=self._screen,
            ).go()

    def close_month(self, cast: Cast) -> Bill:
        """The bill, shown."""
        bill = self._run(self._close_month(cast))
        show_bill(bill, self._screen)
        return bill

    async def _prepare(self) -> tuple[Cast, str, Owner]:
        settings = self._settings
        peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
        vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
        async with self._pool.acquire() as connection:
            earlier = len(await list_organizations(connection))
            await reconnect(connection, vault, self._sandboxes)
            name = f"{_FIRST_NAME} {earlier + 1}" if earlier else _FIRST_NAME
            cast = await prepare_cast(
                connection, peppers, vault, self._sandboxes, organization=name, plan_version=PLAN, addressed=False
            )
            _, greedy_key = await mint_key(
                connection,
                peppers,
                org_id=cast.org_id,
                name="greedy",
                mode=Mode.LIVE,
                scopes=("vendors:read",),
                api_version=API_VERSION,
            )
            owner = Owner(f"owner{earlier + 1}@demo.tickmark.example", secrets.token_urlsafe(12))
            await add_owner(
                connection, Passwords(), cast.org_id, email=owner.email, name="Morgan Vale", password=owner.password
            )
        _say_who(self._screen, name, earlier)
        return cast, greedy_key, owner

    async def _price_of(self, cast: Cast, request_id: str) -> Decimal | None:
        async with self._pool.acquire() as connection:
            return await price_of(connection, self._book, cast.org_id, request_id)

    async def _close_month(self, cast: Cast) -> Bill:
        async with self._pool.acquire() as connection:
            return await close_month(connection, self._book, cast.org_id)

    @contextmanager
    def _operator_pool(self) -> Generator[Pool]:
        pool = self._run(open_pool(self._settings.database_url, "tickmark_operator", max_size=2))
        try:
            yield pool
        finally:
            self._run(pool.close())


async def _migrate(url: str) -> None:
    try:
        await migrate(url)
    except (MigrationError, RegionError) as error:
        raise DemoError(f"The kept data do not fit this version ({error}); start afresh with --reset.") from None


def _say_who(screen: Screen, name: str, earlier: int) -> None:
    if earlier:
        screen.say(
            f"  kept from before: {earlier} organization{'s' if earlier > 1 else ''}, with keys and usage; their keys"
            " still work"
        )
    screen.say(f"  organization {name} signed up; its firm Birch & Vale consented to both connections")


def _summary(bill: Bill, url: str, cast: Cast, seconds: float) -> Summary:
    found = bill.reconciliation
    assert found.rated_units is not None
    assert found.invoiced_units is not None
    return Summary(
        calls=found.calls,
        billable_calls=found.billable_calls,
        usage_rows=found.usage_rows,
        rated_units=found.rated_units,
        invoiced_units=found.invoiced_units,
        invoice_total_minor=bill.invoice.total_minor,
        currency=bill.invoice.currency,
        reconcile_difference=found.difference,
        base_url=url,
        organization=ids.encode("org", cast.org_id),
        seconds=round(seconds, 2),
    )


def _shown(directory: Path) -> str:
    try:
        return str(directory.relative_to(Path.cwd()))
    except ValueError:
        return str(directory)
