"""What each run-time role can reach in billing: its own organization, its own verbs, nothing else."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import (
    PUBLIC_PLAN,
    AccountExists,
    AccountUnknown,
    InvoiceUnknown,
    PriceBook,
    UsageLedger,
    close_period,
    get_account,
    get_call,
    get_invoice,
    issue_invoice,
    list_calls,
    list_invoices,
    open_account,
)
from billing.store import Connection
from billing.usage import insert_voids
from service.db.pool import Pool, as_organization
from tests.billing.calls import billable
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER, OPENED

pytestmark = pytest.mark.anyio

_TABLES = ["calls", "usage", "voids", "accounts", "plan_pins", "periods", "invoices", "invoice_lines"]
_MONEY = ["invoice_moves", "payments", "credit_notes", "prepaid", "details", "budget_alerts"]
_CAPS = ["budgets", "spend", "spend_leases"]
_ROLES = ["tickmark_app", "tickmark_meter", "tickmark_operator"]


@pytest.fixture
async def two_orgs(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> tuple[UUID, UUID]:
    """Two organizations with rows in every table."""
    other = uuid4()
    await open_account(operator, other, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=OPENED)
    for one in (org, other):
        call = billable(one, IN_OCTOBER)
        await asyncio.gather(ledger.record(call), ledger.record(billable(one, IN_OCTOBER)))
        await insert_voids(owner, [call])
        await close_period(operator, book, one, OCTOBER, as_of=EARLY_NOVEMBER)
    return org, other


async def test_every_table_is_forced_and_led_by_the_organization(owner: Connection) -> None:
    rows = await owner.fetch("""
        SELECT c.relname, c.relispartition, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS leading
        FROM pg_class c WHERE c.relnamespace = 'billing'::regnamespace AND c.relkind IN ('r', 'p')""")

    assert {row["relname"] for row in rows if not row["relispartition"]} >= {*_TABLES, *_MONEY, *_CAPS}
    assert {(row["forced"], row["leading"]) for row in rows} == {(True, "org_id")}


async def test_one_organization_never_sees_another_on_one_connection(
    app_pool: Pool, two_orgs: tuple[UUID, UUID]
) -> None:
    for org_id in two_orgs * 2:
        async with as_organization(app_pool, org_id) as connection:
            for table in _TABLES:
                seen = await connection.fetch(f"SELECT DISTINCT org_id FROM billing.{table}")
                assert [row["org_id"] for row in seen] == [org_id], table


async def test_nothing_is_seen_without_an_organization(app_pool: Pool, two_orgs: tuple[UUID, UUID]) -> None:
    for table in _TABLES:
        assert await app_pool.fetchval(f"SELECT count(*) FROM billing.{table}") == 0


async def test_partitions_are_closed_to_every_role(owner: Connection, two_orgs: tuple[UUID, UUID]) -> None:
    partitions = await owner.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relispartition "
        "AND relkind = 'r' AND relnamespace = 'billing'::regnamespace"
    )
    assert len(partitions) >= 10
    for role in _ROLES:
        for row in partitions:
            assert not await owner.fetchval(
                "SELECT has_table_privilege($1, $2, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')", role, row["name"]
            )


async def test_another_organizations_ids_are_unknown(
    app_pool: Pool, operator: Connection, book: PriceBook, two_orgs: tuple[UUID, UUID]
) -> None:
    org, other = two_orgs
    (call, _), (invoice,) = await list_calls(operator, other), await list_invoices(operator, other)

    async with as_organization(app_pool, org) as connection:
        assert await get_call(connection, book, org, call.request_id) is None
        assert await get_call(connection, book, other, call.request_id) is None
        assert await list_calls(connection, other) == ()
        with pytest.raises(InvoiceUnknown):
            await get_invoice(connection, org, invoice.invoice_id)
        with pytest.raises(InvoiceUnknown):
            await get_invoice(connection, other, invoice.invoice_id)
        with pytest.raises(AccountUnknown):
            await get_account(connection, other)


@pytest.mark.parametrize("role", _ROLES)
@pytest.mark.parametrize(
    "verb", ["UPDATE billing.{} SET org_id = org_id", "DELETE FROM billing.{}", "TRUNCATE billing.{}"]
)
async def test_no_role_edits_what_is_written(
    owner: Connection, two_orgs: tuple[UUID, UUID], role: str, verb: str
) -> None:
    await owner.execute(f"SET ROLE {role}")
    await owner.execute("SELECT set_config('tickmark.org_id', $1, false)", str(two_orgs[0]))
    for table in _TABLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(verb.format(table))


@pytest.mark.parametrize("table", ["calls", "usage", "voids", "invoice_lines", "periods", "plan_pins"])
async def test_not_even_the_owner_edits_the_ledger(owner: Connection, two_orgs: tuple[UUID, UUID], table: str) -> None:
    for sql in (f"UPDATE billing.{table} SET org_id = org_id", f"DELETE FROM billing.{table}"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never edited"):
            await owner.execute(sql)


@pytest.mark.parametrize("role", _ROLES)
@pytest.mark.parametrize("verb", ["UPDATE billing.{} SET org_id = org_id", "DELETE FROM billing.{}"])
async def test_no_role_edits_what_happened_to_an_invoice(owner: Connection, role: str, verb: str) -> None:
    await owner.execute(f"SET ROLE {role}")
    for table in _MONEY:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(verb.format(table))


@pytest.mark.parametrize("table", ["calls", "usage", "voids"])
async def test_only_the_meter_adds_to_the_ledger_and_it_reads_nothing(
    owner: Connection, two_orgs: tuple[UUID, UUID], table: str
) -> None:
    for role in ("tickmark_app", "tickmark_operator"):
        assert not await owner.fetchval("SELECT has_table_privilege($1, $2, 'INSERT')", role, f"billing.{table}")
    await owner.execute("SET ROLE tickmark_meter")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.fetch(f"SELECT FROM billing.{table}")


async def test_a_request_opens_an_account_for_its_own_organization_only(app_pool: Pool, book: PriceBook) -> None:
    org, other = uuid4(), uuid4()
    plan = book.find(*PUBLIC_PLAN)
    async with as_organization(app_pool, org) as connection:
        await open_account(connection, org, plan, "Europe/Berlin", "USD")
        with pytest.raises(AccountExists):
            await open_account(connection, org, plan, "UTC", "USD")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with as_organization(app_pool, org) as connection:
            await open_account(connection, other, plan, "UTC", "USD")


async def test_an_issued_invoice_keeps_its_money_and_state(
    operator: Connection, owner: Connection, two_orgs: tuple[UUID, UUID]
) -> None:
    (invoice,) = await list_invoices(operator, two_orgs[0])
    await issue_invoice(operator, two_orgs[0], invoice.invoice_id, at=EARLY_NOVEMBER)
    for change in ("total_minor = 0", "org_id = org_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await operator.execute(f"UPDATE billing.invoices SET {change}")

    with pytest.raises(asyncpg.RestrictViolationError, match="does not go from paid to draft"):
        await operator.execute(
            "UPDATE billing.invoices SET state = 'draft', number = NULL, issued_at = NULL WHERE state = 'paid'"
        )


async def test_the_operator_alone_makes_partitions(owner: Connection) -> None:
    for role in ("tickmark_app", "tickmark_meter"):
        for function in ("make_partitions(timestamptz, integer)", "fix_cutoff()", "harden_partition(regclass)"):
            assert not await owner.fetchval(
                "SELECT has_function_privilege($1, $2, 'EXECUTE')", role, f"billing.{function}"
            )
