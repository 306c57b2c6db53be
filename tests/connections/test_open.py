"""Who may use which connection, and when."""

from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest

from service.accounts.errors import UnknownFirmError
from service.accounts.tokens import Mode
from service.connections import errors
from service.connections.credentials import Credentials
from service.connections.link import create_connection, disconnect, set_state
from service.connections.open import USABLE, Connections
from service.connections.states import move_connection
from service.connections.store import State, get_connection
from service.db.pool import Pool, as_organization
from service.ids import new_uuid

from .conftest import NOON, Linked, caller_of

pytestmark = pytest.mark.anyio


async def test_own_connection_opens_with_its_accounts(app_pool: Pool, linked: Linked) -> None:
    opened = await Connections(app_pool, lambda: NOON).open(linked.caller, linked.record.id)

    assert (opened.vendor, opened.base_url, opened.sandbox) == ("quickbooks", "http://127.0.0.1:9", True)
    assert [account.remote_id for account in opened.accounts] == ["9130"]


async def test_foreign_missing_and_unbound_connections_look_the_same(app_pool: Pool, linked: Linked) -> None:
    connections = Connections(app_pool, lambda: NOON)
    bound_elsewhere = msgspec.structs.replace(linked.caller, connection_ids=frozenset({new_uuid()}))
    other_firm = msgspec.structs.replace(linked.caller, firm_ids=frozenset({new_uuid()}))
    await connections.open(linked.caller, linked.record.id)
    said: set[str] = set()

    for caller, asked in (
        (caller_of(new_uuid()), linked.record.id),
        (linked.caller, new_uuid()),
        (bound_elsewhere, linked.record.id),
        (other_firm, linked.record.id),
    ):
        for question in (connections.open, connections.get):
            with pytest.raises(errors.ConnectionNotFoundError) as refusal:
                await question(caller, asked)
            said.add(str(refusal.value))

    assert len(said) == 1


async def test_visible_connections_are_those_the_key_is_bound_to(app_pool: Pool, linked: Linked) -> None:
    connections = Connections(app_pool, lambda: NOON)
    bound_elsewhere = msgspec.structs.replace(linked.caller, connection_ids=frozenset({new_uuid()}))

    assert await connections.visible(linked.caller) == [linked.record]
    assert await connections.visible(bound_elsewhere) == []
    assert await connections.visible(caller_of(new_uuid())) == []


async def test_accounts_are_given_to_their_own_organization_alone(app_pool: Pool, linked: Linked) -> None:
    connections = Connections(app_pool, lambda: NOON)

    own = await connections.accounts_of(linked.caller, [linked.record])
    foreign = await connections.accounts_of(caller_of(new_uuid()), [linked.record])

    assert [account.remote_id for account in own[linked.record.id]] == ["9130"]
    assert not any(foreign.values())


async def test_live_key_does_not_reach_a_sandbox_unless_allowed(app_pool: Pool, linked: Linked) -> None:
    live = msgspec.structs.replace(linked.caller, mode=Mode.LIVE)

    with pytest.raises(errors.ConnectionModeError):
        await Connections(app_pool, lambda: NOON).open(live, linked.record.id)
    demo = Connections(app_pool, lambda: NOON, live_keys_reach_sandboxes=True)
    assert (await demo.open(live, linked.record.id)).sandbox


async def test_test_key_never_reaches_a_live_connection(app_pool: Pool, operator_pool: Pool, linked: Linked) -> None:
    await operator_pool.execute("UPDATE connections SET sandbox = false")

    with pytest.raises(errors.ConnectionModeError):
        await Connections(app_pool, lambda: NOON, live_keys_reach_sandboxes=True).open(linked.caller, linked.record.id)


@pytest.mark.parametrize("state", [state for state in State if state not in USABLE])
async def test_unusable_state_stops_calls_and_says_why(
    app_pool: Pool, operator_pool: Pool, linked: Linked, state: State
) -> None:
    async with operator_pool.acquire() as connection:
        await set_state(connection, linked.caller.org_id, linked.record.id, state, "the reason")

    with pytest.raises(errors.ConnectionNotUsableError) as refusal:
        await Connections(app_pool, lambda: NOON).open(linked.caller, linked.record.id)

    assert (refusal.value.state, refusal.value.reason) == (state, "the reason")
    assert isinstance(refusal.value, errors.ConnectionNeedsAttentionError) == (state == State.NEEDS_ATTENTION)


async def test_change_is_felt_within_a_second(app_pool: Pool, operator_pool: Pool, linked: Linked) -> None:
    seconds = [0.0]
    connections = Connections(app_pool, lambda: NOON, lambda: seconds[0])
    await connections.open(linked.caller, linked.record.id)
    async with operator_pool.acquire() as connection:
        await set_state(connection, linked.caller.org_id, linked.record.id, State.PAUSED)

    seconds[0] = 0.999
    with pytest.raises(errors.ConnectionNotUsableError):
        await connections.open(linked.caller, linked.record.id)


@pytest.mark.parametrize("when", [NOON - timedelta(seconds=1), NOON + timedelta(days=365)])
async def test_consent_counts_only_between_grant_and_end(app_pool: Pool, linked: Linked, when: datetime) -> None:
    with pytest.raises(errors.ConsentMissingError):
        await Connections(app_pool, lambda: when).open(linked.caller, linked.record.id)


async def test_disconnected_connection_has_neither_secret_nor_consent(operator_pool: Pool, linked: Linked) -> None:
    async with operator_pool.acquire() as connection:
        await disconnect(connection, linked.caller.org_id, linked.record.id, clock=lambda: NOON)

    assert await operator_pool.fetchval("SELECT count(*) FROM connection_secrets") == 0
    assert await operator_pool.fetchval("SELECT revoked_at FROM consents") == NOON
    with pytest.raises(errors.ConnectionNotFoundError):
        async with operator_pool.acquire() as connection:
            await disconnect(connection, new_uuid(), linked.record.id)


@pytest.mark.parametrize("state", [State.PENDING, State.PAUSED, State.REVOKED, State.DISCONNECTED])
async def test_platform_leaves_alone_what_is_no_more_in_use(operator_pool: Pool, linked: Linked, state: State) -> None:
    org_id, at = linked.record.org_id, datetime.now(UTC)
    async with operator_pool.acquire() as connection:
        await set_state(connection, org_id, linked.record.id, state)
        for wanted in (State.NEEDS_ATTENTION, State.DEGRADED, State.EXPIRING, State.HEALTHY):
            await move_connection(connection, org_id, linked.record.id, wanted, "it seemed so a moment ago", at)

        found = await get_connection(connection, org_id, linked.record.id)

    assert found is not None
    assert found.state is state


async def test_app_role_cannot_move_a_connection_to_another_address(app_pool: Pool, linked: Linked) -> None:
    async with as_organization(app_pool, linked.caller.org_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE connections SET base_url = 'http://evil.example'")


async def test_connection_of_a_foreign_firm_is_refused_whole(operator_pool: Pool, linked: Linked) -> None:
    async with operator_pool.acquire() as connection:
        with pytest.raises(UnknownFirmError):
            await create_connection(
                connection,
                linked.vault,
                org_id=linked.record.org_id,
                firm_id=new_uuid(),
                vendor="canopy",
                accounts=[],
                credentials=Credentials(access_token="a"),
                granted_by="partner@alderbirch.example",
                consent_scopes=["clients"],
            )

    assert await operator_pool.fetchval("SELECT count(*) FROM connections") == 1
