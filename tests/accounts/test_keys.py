"""Minting, binding, rolling and revoking keys, and who a token turns out to be."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from service.accounts import errors
from service.accounts.authenticate import KeyRing
from service.accounts.caller import check_address
from service.accounts.keys import list_keys, mint_key, revoke_key, roll_key
from service.accounts.organizations import create_firm, create_organization, set_networks
from service.accounts.store import KeyRecord
from service.accounts.tokens import Mode, Peppers, new_token
from service.audit.acts import member_actor
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.ids import new_uuid

pytestmark = pytest.mark.anyio

PEPPERS = Peppers({1: b"p" * 32})
VERSION = date(2026, 11, 1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def mint(
    pool: Pool,
    org_id: UUID,
    peppers: Peppers = PEPPERS,
    *,
    scopes: Sequence[str] = ("*:read",),
    firm_ids: Sequence[UUID] | None = None,
    ip_allow: Sequence[str] = (),
    expires_in: timedelta | None = None,
    clock: Clock = now,
) -> tuple[KeyRecord, str]:
    async with pool.acquire() as connection:
        return await mint_key(
            connection,
            peppers,
            org_id=org_id,
            name="nightly",
            mode=Mode.LIVE,
            scopes=scopes,
            api_version=VERSION,
            firm_ids=firm_ids,
            ip_allow=ip_allow,
            expires_in=expires_in,
            clock=clock,
        )


async def organization(pool: Pool) -> UUID:
    async with pool.acquire() as connection:
        return (await create_organization(connection, "Ledger Apps")).id


async def test_minted_token_names_its_caller(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    made, token = await mint(operator_pool, org_id)

    caller = await KeyRing(app_pool, PEPPERS).caller(token)

    assert (caller.org_id, caller.key_id, caller.mode, caller.api_version) == (org_id, made.id, Mode.LIVE, VERSION)
    assert "clients:read" in caller.scopes
    assert "clients:write" not in caller.scopes
    assert caller.firm_ids is None


async def test_altered_and_invented_tokens_are_unknown(app_pool: Pool, operator_pool: Pool) -> None:
    _, token = await mint(operator_pool, await organization(operator_pool))
    ring = KeyRing(app_pool, PEPPERS)

    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "", "tm_live_", "x" * 5000):
        with pytest.raises(errors.UnknownKeyError):
            await ring.caller(wrong)


async def test_unknown_token_with_right_checksum_is_asked_once(app_pool: Pool) -> None:
    ring = KeyRing(app_pool, PEPPERS, monotonic=lambda: 5.0)
    token = new_token(Mode.TEST)
    with pytest.raises(errors.UnknownKeyError):
        await ring.caller(token)
    await app_pool.close()

    with pytest.raises(errors.UnknownKeyError):
        await ring.caller(token)


async def test_revoked_key_is_refused_within_a_second_by_every_process(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    made, token = await mint(operator_pool, org_id)
    seconds = [0.0]
    rings = [KeyRing(app_pool, PEPPERS, monotonic=lambda: seconds[0]) for _ in range(2)]
    for ring in rings:
        await ring.caller(token)
    async with operator_pool.acquire() as connection:
        await revoke_key(connection, org_id, made.id)

    seconds[0] = 0.999
    for ring in rings:
        with pytest.raises(errors.RevokedKeyError):
            await ring.caller(token)


async def test_a_thousand_first_calls_read_the_key_once(app_pool: Pool, operator_pool: Pool) -> None:
    _, token = await mint(operator_pool, await organization(operator_pool))
    ring = KeyRing(app_pool, PEPPERS, monotonic=lambda: 5.0)

    callers = await asyncio.gather(*(ring.caller(token) for _ in range(1000)))

    assert len(set(map(id, callers))) == 1  # every read makes a Caller of its own


async def test_expired_key_is_refused_even_while_remembered(app_pool: Pool, operator_pool: Pool) -> None:
    instant = [NOON]
    org_id = await organization(operator_pool)
    _, token = await mint(operator_pool, org_id, expires_in=timedelta(hours=1), clock=lambda: instant[0])
    ring = KeyRing(app_pool, PEPPERS, clock=lambda: instant[0], monotonic=lambda: 5.0)
    await ring.caller(token)

    instant[0] = NOON + timedelta(hours=1)
    with pytest.raises(errors.ExpiredKeyError):
        await ring.caller(token)


async def test_rolled_key_works_until_the_overlap_ends(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    old, old_token = await mint(operator_pool, org_id, scopes=["clients:*"])
    async with operator_pool.acquire() as connection:
        made, token = await roll_key(connection, PEPPERS, org_id, old.id, overlap=timedelta(days=1), clock=lambda: NOON)

    during = KeyRing(app_pool, PEPPERS, clock=lambda: NOON + timedelta(hours=23))
    after = KeyRing(app_pool, PEPPERS, clock=lambda: NOON + timedelta(hours=24))
    assert (await during.caller(old_token)).key_id == old.id
    assert (await during.caller(token)).key_id == made.id
    assert (await after.caller(token)).scopes == {"clients:read", "clients:write"}
    with pytest.raises(errors.ExpiredKeyError):
        await after.caller(old_token)


async def test_keys_of_an_older_pepper_keep_working(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    made, token = await mint(operator_pool, org_id)
    both = Peppers({1: b"p" * 32, 2: b"q" * 32})

    assert (await KeyRing(app_pool, both).caller(token)).key_id == made.id
    _, newer = await mint(operator_pool, org_id, both)
    with pytest.raises(errors.UnknownKeyError):
        await KeyRing(app_pool, PEPPERS).caller(newer)


async def test_token_is_nowhere_in_the_database(operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    _, token = await mint(operator_pool, org_id)

    row = await operator_pool.fetchval("SELECT api_keys::text FROM api_keys")

    assert token not in row
    assert token[8:] not in row


async def test_key_cannot_be_bound_to_a_foreign_firm(operator_pool: Pool) -> None:
    mine, theirs = await organization(operator_pool), await organization(operator_pool)
    async with operator_pool.acquire() as connection:
        firm = await create_firm(connection, theirs, "Foreign & Co")

    with pytest.raises(errors.UnknownFirmError):
        await mint(operator_pool, mine, firm_ids=[firm.id])
    made, _ = await mint(operator_pool, theirs, firm_ids=[firm.id])
    assert made.firm_ids == (firm.id,)


async def test_key_of_a_missing_organization_is_refused(operator_pool: Pool) -> None:
    with pytest.raises(errors.UnknownOrganizationError):
        await mint(operator_pool, new_uuid())


async def test_impossible_network_is_refused(operator_pool: Pool) -> None:
    with pytest.raises(errors.ImpossibleValueError, match=r"192\.0\.2\.1/24"):
        await mint(operator_pool, new_uuid(), ip_allow=["192.0.2.1/24"])


async def test_unknown_scope_names_the_nearest(operator_pool: Pool) -> None:
    with pytest.raises(errors.UnknownScopeError, match="clients:read"):
        await mint(operator_pool, new_uuid(), scopes=["client:read"])


async def test_key_is_held_to_its_networks(app_pool: Pool, operator_pool: Pool) -> None:
    _, token = await mint(operator_pool, await organization(operator_pool), ip_allow=["192.0.2.0/24", "2001:db8::/32"])
    caller = await KeyRing(app_pool, PEPPERS).caller(token)

    for inside in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"):
        check_address(caller, inside)
    for outside in ("198.51.100.1", "2001:db9::1", "", "unix"):
        with pytest.raises(errors.AddressNotAllowedError):
            check_address(caller, outside)


async def test_last_use_is_written_later_in_one_go(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    _, token = await mint(operator_pool, org_id)
    ring = KeyRing(app_pool, PEPPERS, clock=lambda: NOON)
    await ring.caller(token)
    async with operator_pool.acquire() as connection:
        assert [key.last_used_at for key in await list_keys(connection, org_id)] == [None]

        await ring.write_last_used()

        assert [key.last_used_at for key in await list_keys(connection, org_id)] == [NOON]


async def test_app_role_cannot_read_token_hashes(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)

    async with as_organization(app_pool, org_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT token_hash FROM api_keys")


async def test_networks_of_the_organization_hold_keys_without_their_own(app_pool: Pool, operator_pool: Pool) -> None:
    org_id, other = await organization(operator_pool), await organization(operator_pool)
    _, plain = await mint(operator_pool, org_id)
    _, own = await mint(operator_pool, org_id, ip_allow=["198.51.100.0/24"])
    _, theirs = await mint(operator_pool, other)
    seconds = [0.0]
    ring = KeyRing(app_pool, PEPPERS, monotonic=lambda: seconds[0])
    check_address(await ring.caller(plain), "203.0.113.9")
    async with as_organization(app_pool, org_id) as connection:
        await set_networks(connection, org_id, ["192.0.2.0/24"], actor=member_actor(new_uuid()))

    seconds[0] = 1.0
    held = await ring.caller(plain)
    check_address(held, "192.0.2.7")
    with pytest.raises(errors.AddressNotAllowedError):
        check_address(held, "203.0.113.9")
    check_address(await ring.caller(own), "198.51.100.7")
    check_address(await ring.caller(theirs), "203.0.113.9")


async def test_impossible_network_is_refused_and_none_means_anywhere(app_pool: Pool, operator_pool: Pool) -> None:
    org_id = await organization(operator_pool)
    _, token = await mint(operator_pool, org_id)
    async with as_organization(app_pool, org_id) as connection:
        for wrong in ("192.0.2.1/24", "office", ""):
            with pytest.raises(errors.ImpossibleValueError):
                await set_networks(connection, org_id, [wrong], actor=member_actor(new_uuid()))
        await set_networks(connection, org_id, ["192.0.2.0/24"], actor=member_actor(new_uuid()))
        await set_networks(connection, org_id, [], actor=member_actor(new_uuid()))

    check_address(await KeyRing(app_pool, PEPPERS).caller(token), "203.0.113.9")
