"""An organization that has used the product for months, written straight into its tables."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from billing import GRACE, PriceBook, close_period, get_account, issue_invoice, list_invoices, load_price_book, sum_up
from service import ids
from service.accounts.keys import mint_key
from service.accounts.members import sign_up
from service.accounts.organizations import list_firms
from service.accounts.passwords import Passwords
from service.accounts.sessions import open_session
from service.accounts.tokens import Mode, Peppers
from service.audit.acts import member_actor
from service.audit.sealing import seal
from service.audit.signing import signer_of
from service.db.pool import Connection, as_organization, open_pool
from service.settings import Settings

KEYS: Final = 8
CONNECTIONS: Final = 20
_OF_FIRMS: Final = (
    "/firms/{id}",
    "/firms/{id}/connect",
    "/firms/{id}/consents",
    "/firms/{id}/consents/new",
    "/firms/{id}/disclosures",
    "/firms/{id}/evidence",
)
_OF_CONNECTIONS: Final = ("/connections/{id}/disconnect", "/connections/{id}/export")
_OPENED: Final = timedelta(days=80)

_FILL: Final = """
    WITH made AS (
        SELECT $2::timestamptz + ($3::timestamptz - $2::timestamptz) * (n / $4::float8) AS at, n,
               ($5::uuid[])[1 + (n * 7919) % $6] AS key_id, ($7::uuid[])[1 + (n * 104729) % $8] AS connection_id,
               (ARRAY['read', 'read', 'read', 'write', 'document'])[1 + n % 5] AS meter,
               'operation' || n % 25 AS operation
        FROM generate_series(0::bigint, $4 - 1) AS n
    ), named AS (
        SELECT made.*, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
                        || substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid AS request_id
        FROM made CROSS JOIN LATERAL md5(n::text || $9) AS noise
    )
"""
_USAGE: Final = """
    INSERT INTO billing.usage (org_id, request_id, recorded_at, key_id, connection_id, units, meter, operation)
    SELECT $1::uuid, request_id, at + interval '5 ms', key_id, connection_id, 1, meter, operation FROM named"""
_CALLS: Final = """
    INSERT INTO billing.calls (org_id, request_id, recorded_at, key_id, connection_id, vendor_us, platform_us, units,
                               row_count, status, billable, meter, vendor, operation, reason)
    SELECT $1::uuid, request_id, at + interval '5 ms', key_id, connection_id, 21000, 1900,
           CASE WHEN n % 50 = 0 THEN 0 ELSE 1 END, 50, CASE WHEN n % 50 = 0 THEN 502 ELSE 200 END, n % 50 <> 0,
           CASE WHEN n % 50 <> 0 THEN meter END, 'quickbooks', operation,
           CASE WHEN n % 50 = 0 THEN 'vendor_error' ELSE 'success' END
    FROM named"""
_AUDIT: Final = """
    INSERT INTO audit_rows (org_id, id, content)
    SELECT $1::uuid, request_id,
           format('{"org":"%s","id":"%s","kind":"call","actor":"key:%s","what":"%s","status":200,"outcome":"success"}',
                  $1::uuid, request_id, key_id, operation)
    FROM named WHERE connection_id IS NOT NULL"""

_ENDPOINT: Final = """
    INSERT INTO webhook_endpoints (org_id, id, url, description, mode, api_version, enabled, created_at, updated_at)
    VALUES ($1, $2, 'https://hooks.ledgerline.example/tickmark', 'ours', 'live', '2026-11-20', true, $3, $3)"""
_TOLD: Final = """
    SELECT publish_event($1, 'connection.healthy', 'live', $2::timestamptz - n * interval '1 minute', 'con', $3,
                         jsonb_build_object('vendor', 'quickbooks', 'state', 'healthy'))
    FROM generate_series(1, 1000) AS n"""


class Staged(Struct, frozen=True):
    """What is looked at."""

    session: str
    paths: dict[str, str]
    """The pages that name a thing, by their route."""


async def furnish(owner_url: str, settings: Settings, usage: int, calls: int) -> Staged:
    """The organization with its rows, its closed months and its sums."""
    owner = await asyncpg.connect(owner_url, timeout=60)
    app = await open_pool(owner_url, "tickmark_app", max_size=2)
    operators = await open_pool(owner_url, "tickmark_operator", max_size=1, timeout_s=600)
    at = datetime.now(UTC)
    opened = at - _OPENED
    member = await sign_up(
        app, Passwords(), email="bench@ledgerline.example", name="Morgan Vale", password="correct horse battery",
        organization="Ledgerline Apps", clock=lambda: opened,
    )  # fmt: skip
    org_id = member.org_id
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    async with as_organization(app, org_id) as connection:
        session = await open_session(connection, org_id, member.id, user_agent="bench", address="127.0.0.1")
        firm = (await list_firms(connection, org_id))[0]
        minted = [
            await mint_key(
                connection, peppers, org_id=org_id, name=f"worker {n}", mode=Mode.LIVE, scopes=["*:read"],
                api_version=date(2026, 11, 20), actor=member_actor(member.id),
            )
            for n in range(KEYS)
        ]  # fmt: skip
    keys = [key.id for key, _ in minted]
    links = [ids.new_uuid() for _ in range(CONNECTIONS)]
    await owner.executemany(
        "INSERT INTO connections (org_id, id, firm_id, vendor, state, sandbox, created_at, updated_at)"
        " VALUES ($1, $2, $3, 'quickbooks', 'healthy', true, $4, $4)",
        [(org_id, link, firm.id, at) for link in links],
    )
    shared = (keys, KEYS, links, CONNECTIONS, secrets.token_hex(4))
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = (org_id, month - timedelta(days=20), month - timedelta(hours=1), usage // 10, *shared)
    this = (org_id, month, at - timedelta(seconds=90), usage - usage // 10, *shared)
    await owner.execute("SELECT billing.make_partitions($1, 4)", opened)
    await owner.execute(_FILL + _USAGE, *before)
    await owner.execute(_FILL + _USAGE, *this)
    logged = (org_id, at - (at - month) * calls / usage, at - timedelta(seconds=90), calls, *shared)
    await owner.execute(_FILL + _CALLS, *logged)
    await owner.execute(_FILL + _AUDIT, *logged)
    await owner.execute(
        "INSERT INTO audit_pending (org_id, id) SELECT org_id, id FROM audit_rows ON CONFLICT DO NOTHING"
    )
    async with operators.acquire() as connection:
        await sum_up(connection)
        await seal(connection, signer_of(settings), None, at)
        invoice = await _close(connection, load_price_book(), org_id, at)
    minute = (org_id, at - timedelta(seconds=60), at, 600, *shared)
    await owner.execute(_FILL + _USAGE.replace("at + interval '5 ms'", "clock_timestamp()"), *minute)
    endpoint = ids.new_uuid()
    await owner.execute(_ENDPOINT, org_id, endpoint, at)
    await owner.execute(_TOLD, org_id, at, links[0])
    delivery = await owner.fetchval("SELECT id FROM webhook_deliveries ORDER BY id DESC LIMIT 1")
    await owner.execute("VACUUM ANALYZE")
    call = await owner.fetchval("SELECT request_id FROM billing.calls WHERE billable ORDER BY request_id DESC LIMIT 1")
    for pool in (app, operators):
        await pool.close()
    await owner.close()
    bill = ids.encode("bill", invoice)
    return Staged(
        session,
        {
            "/keys/{id}": f"/keys/{ids.encode('key', keys[0])}",
            "/connections/{id}": f"/connections/{ids.encode('con', links[0])}",
            "/log/{id}": f"/log/{ids.encode('req', call)}",
            "/invoices/{id}": f"/invoices/{bill}",
            "/invoices/{id}/lines/{n}": f"/invoices/{bill}/lines/2",
            **{path: path.replace("{id}", ids.encode("firm", firm.id)) for path in _OF_FIRMS},
            **{path: path.replace("{id}", ids.encode("con", links[0])) for path in _OF_CONNECTIONS},
            "/invoices/{id}/pdf": f"/invoices/{bill}/pdf",
            "/events/endpoints/{id}": f"/events/endpoints/{ids.encode('whe', endpoint)}",
            "/events/endpoints/{id}/edit": f"/events/endpoints/{ids.encode('whe', endpoint)}/edit",
            "/events/deliveries/{id}": f"/events/deliveries/{ids.encode('dlv', delivery)}",
            "/guides/{slug}": "/guides/errors",
            "/reference/{operation}": "/reference/listClients",
            "/log?status": "/log?status=502",
            "/log?key": f"/log?key={ids.encode('key', keys[0])}&status=502",
            "/log?status, none": "/log?status=401",
            "/usage?by=key": "/usage?by=key&days=90",
            "/usage?by=connection": "/usage?by=connection&days=30",
            "/usage?by=day": "/usage?by=day&days=90",
            "/audit?what, none": "/audit?what=keys.revoke",
        },
    )


async def _close(connection: Connection, book: PriceBook, org_id: UUID, at: datetime) -> UUID:
    """Closes and issues every month that is over; the last invoice."""
    account = await get_account(connection, org_id)
    month = account.opened_at.date().replace(day=1)
    while month < at.date().replace(day=1):
        draft = await close_period(connection, book, org_id, month, as_of=at + GRACE)
        await issue_invoice(connection, org_id, draft.invoice_id, at=at)
        month = (month + timedelta(days=32)).replace(day=1)
    (newest,) = await list_invoices(connection, org_id, limit=1)
    return newest.invoice_id
