"""The log in the database: rows ride in the usage commit, are chained seconds later, and nobody can touch them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from billing import BesideRow, UsageLedger
from billing.literals import array
from service.accounts.organizations import create_organization
from service.audit import store
from service.audit.acts import member_actor, record_act
from service.audit.checkpoints import CheckpointFile, Signer, read_checkpoints
from service.audit.entry import from_content, to_row
from service.audit.export import RowMissingError, export
from service.audit.personal import destroy_keys, rewrap_audit_keys, unseal
from service.audit.sealing import chain, seal
from service.audit.verify import Verdict, verify
from service.connections.errors import SecretUnreadableError
from service.connections.vault import LocalKey, Vault
from service.db.pool import Connection, Pool, as_organization
from service.ids import new_uuid
from tests.audit.conftest import Record, invocation
from tests.audit.logs import entry

pytestmark = pytest.mark.anyio

SIGNER = Signer(b"s" * 32)
TABLES = ["audit_rows", "audit_links", "audit_checkpoints"]
Owner = "asyncpg.Connection[asyncpg.Record]"


def now() -> datetime:
    return datetime.now(UTC)


async def exported(connection: Connection, org: UUID) -> list[bytes]:
    return [line async for line in export(connection, org, SIGNER.public_key, now())]


async def verdict(connection: Connection, org: UUID) -> Verdict:
    return verify(await exported(connection, org), public_key=SIGNER.public_key)


async def contents(connection: Connection, org: UUID) -> list[str]:
    return [row.content or "" for row in await store.list_chained_rows(connection, org, 1, 100)]


async def test_row_is_committed_with_its_usage_row(record: Record, owner: "Connection", org: UUID) -> None:
    request_id = await record(org)

    same = await owner.fetchval(
        "SELECT a.xmin = c.xmin FROM audit_rows a JOIN billing.calls c ON c.request_id = a.id WHERE a.id = $1",
        request_id,
    )
    assert same is True


async def test_row_that_cannot_be_keeps_its_call_from_being_recorded(
    ledger: UsageLedger, owner: "Connection", org: UUID
) -> None:
    request_id = new_uuid()

    with pytest.raises(Exception, match="no ledger row"):
        await ledger.record(invocation(org, request_id), BesideRow("(,)", ""))
    assert await owner.fetchval("SELECT count(*) FROM billing.calls") == 0


async def test_call_recorded_again_has_one_row_and_one_place(
    ledger: UsageLedger, record: Record, operator: Connection, owner: "Connection", org: UUID
) -> None:
    request_id = await record(org)
    await chain(operator)
    content = await owner.fetchval("SELECT content FROM audit_rows WHERE id = $1", request_id)
    await ledger.record(invocation(org, request_id), to_row(from_content(content)))

    await chain(operator)
    assert len(await contents(operator, org)) == 1
    assert (await store.count_waiting(operator)).rows == 0


async def test_every_committed_row_gets_one_place_however_many_seal(
    record: Record, operator_pool: Pool, operator: Connection, org: UUID
) -> None:
    other = (await create_organization(operator, "Other Apps")).id
    orgs = [org, other]

    async def sealing() -> None:
        for _ in range(5):
            async with operator_pool.acquire() as connection:
                await chain(connection)

    made = await asyncio.gather(
        *(record(orgs[turn % 2]) for turn in range(200)), *(sealing() for _ in range(3)), return_exceptions=True
    )
    await seal(operator, SIGNER, None, now())

    recorded = [one for one in made if isinstance(one, UUID)]
    assert len(recorded) == 200
    for number, one in enumerate(orgs):
        found = await contents(operator, one)
        assert {from_content(content).id for content in found} == set(recorded[number::2])
        assert (await verdict(operator, one)).rows == 100
        assert (await verdict(operator, one)).intact


async def test_checkpoints_follow_each_other_and_are_kept_off_the_database(
    record: Record, operator: Connection, org: UUID, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoints.jsonl"
    for _ in range(3):
        await record(org)
        await seal(operator, SIGNER, CheckpointFile(file), now())
    idle = await seal(operator, SIGNER, CheckpointFile(file), now())

    kept = read_checkpoints(file)
    assert [one.checkpoint().last for one in kept] == [1, 2, 3]
    assert idle.checkpoints == 0
    lines = await exported(operator, org)
    assert verify(lines, public_key=SIGNER.public_key, kept=kept).intact


@pytest.mark.parametrize("role", ["tickmark_app", "tickmark_meter", "tickmark_operator"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET org_id = org_id", "DELETE FROM {}", "TRUNCATE {}"])
async def test_no_runtime_role_edits_the_log(
    record: Record, operator: Connection, owner: "Connection", org: UUID, role: str, verb: str
) -> None:
    await record(org)
    await seal(operator, SIGNER, None, now())
    await owner.execute(f"SET ROLE {role}")
    await owner.execute("SELECT set_config('tickmark.org_id', $1, false)", str(org))

    for table in TABLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(verb.format(table))


@pytest.mark.parametrize("table", TABLES)
async def test_not_even_the_owner_edits_the_log(
    record: Record, operator: Connection, owner: "Connection", org: UUID, table: str
) -> None:
    await record(org)
    await seal(operator, SIGNER, None, now())

    for sql in (f"UPDATE {table} SET org_id = org_id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never edited"):
            await owner.execute(sql)


async def test_requests_see_their_own_organization_and_cannot_add_calls(
    record: Record, operator: Connection, app_pool: Pool, org: UUID
) -> None:
    other = (await create_organization(operator, "Other Apps")).id
    for one in (org, other):
        await record(one)
    await seal(operator, SIGNER, None, now())

    async with as_organization(app_pool, org) as connection:
        for table in (*TABLES, "audit_keys"):
            found = await connection.fetch(f"SELECT DISTINCT org_id FROM {table}")
            assert [row["org_id"] for row in found] == [org], table
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(store.INSERT_ROWS, array([to_row(entry(1)).head]), ["{}"])


async def edited(owner: "Connection", sql: str) -> None:
    """What an attacker with the database's own power does: past the triggers."""
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(sql)


async def test_edit_past_the_triggers_is_found(
    record: Record, operator: Connection, owner: "Connection", org: UUID
) -> None:
    for _ in range(3):
        await record(org)
    await seal(operator, SIGNER, None, now())
    await edited(owner, "UPDATE audit_rows SET content = replace(content, '\"rows\":50', '\"rows\":5')")

    assert [found.kind for found in (await verdict(operator, org)).found] == ["edited"]


async def test_deletion_past_the_triggers_is_found(
    record: Record, operator: Connection, owner: "Connection", org: UUID
) -> None:
    for _ in range(3):
        await record(org)
    await seal(operator, SIGNER, None, now())
    await edited(owner, "DELETE FROM audit_rows WHERE id = (SELECT row_id FROM audit_links WHERE seq = 2)")

    with pytest.raises(RowMissingError, match="row 2"):
        await exported(operator, org)
    await edited(owner, "DELETE FROM audit_links WHERE seq = 2")
    assert [found.kind for found in (await verdict(operator, org)).found] == ["deleted"]


async def test_row_taken_away_before_it_is_sealed_leaves_an_alarm_in_the_chain(
    record: Record, operator: Connection, owner: "Connection", org: UUID
) -> None:
    gone = await record(org)
    await edited(owner, "DELETE FROM audit_rows")

    await chain(operator)
    await seal(operator, SIGNER, None, now())
    (alarm,) = [from_content(content) for content in await contents(operator, org)]
    assert (alarm.what, alarm.about) == ("audit.row_missing", (str(gone),))
    assert (await verdict(operator, org)).intact


async def test_row_whose_place_in_the_queue_was_taken_away_is_counted(
    record: Record, operator: Connection, owner: "Connection", org: UUID
) -> None:
    await record(org)
    await owner.execute("DELETE FROM audit_pending")

    await chain(operator)
    assert await store.count_unchained(operator, org) == 1


async def test_act_is_kept_or_lost_with_what_was_done(operator: Connection, org: UUID) -> None:
    undone = operator.transaction()
    await undone.start()
    await record_act(operator, org, "keys.mint", ("key_1",))
    await undone.rollback()
    async with operator.transaction():
        await record_act(operator, org, "keys.revoke", ("key_1",))
    await chain(operator)

    assert [from_content(content).what for content in await contents(operator, org)] == ["keys.revoke"]


async def test_act_of_a_member_is_kept_for_its_own_organization_alone(
    operator: Connection, app_pool: Pool, org: UUID
) -> None:
    member = member_actor(new_uuid())
    async with as_organization(app_pool, org) as connection:
        await record_act(connection, org, "connections.pause", ("con_1",), actor=member)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with as_organization(app_pool, new_uuid()) as connection:
            await record_act(connection, org, "connections.pause", ("con_1",), actor=member)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with as_organization(app_pool, org) as connection:
            await record_act(connection, org, "connections.pause", ("con_1",), actor="operator")
    await chain(operator)

    acts = [from_content(content) for content in await contents(operator, org)]
    assert [(act.what, act.actor) for act in acts] == [("connections.pause", member)]


async def test_destroyed_key_leaves_a_chain_that_verifies_and_content_nobody_reads(
    record: Record, operator: Connection, vault: Vault, org: UUID
) -> None:
    firm, other = new_uuid(), new_uuid()
    for one in (firm, other):
        await record(org, one)
    await seal(operator, SIGNER, None, now())
    erased, kept = [from_content(content) for content in await contents(operator, org)]
    before = await unseal(operator, vault, org, erased.id, erased.personal)
    await destroy_keys(operator, org, firm, now())

    assert before is not None
    assert (before.address, before.records) == ("192.0.2.7", ("cli_9",))
    assert await unseal(operator, vault, org, erased.id, erased.personal) is None
    assert await unseal(operator, vault, org, kept.id, kept.personal) is not None
    assert (await verdict(operator, org)).intact
    assert "192.0.2.7" not in "".join(await contents(operator, org))


async def test_key_is_made_anew_after_it_was_destroyed(
    record: Record, operator: Connection, vault: Vault, app_pool: Pool, org: UUID
) -> None:
    from service.audit.entry import Personal
    from service.audit.personal import PersonalKeys

    await record(org)
    await destroy_keys(operator, org, org, now())
    row = new_uuid()
    sealed = await PersonalKeys(app_pool, vault).seal(org, None, row, Personal("192.0.2.8"))

    assert sealed.version == 2
    assert await unseal(operator, vault, org, row, sealed) == Personal("192.0.2.8")


async def test_destroyed_key_cannot_be_put_back(record: Record, operator: Connection, org: UUID) -> None:
    await record(org)
    await destroy_keys(operator, org, org, now())

    with pytest.raises(asyncpg.CheckViolationError):
        await operator.execute("UPDATE audit_keys SET wrapped = 'x'")


async def test_sealed_part_opens_in_its_own_row_alone(
    record: Record, operator: Connection, vault: Vault, org: UUID
) -> None:
    await record(org)
    await chain(operator)
    (entry,) = [from_content(content) for content in await contents(operator, org)]

    with pytest.raises(SecretUnreadableError):
        await unseal(operator, vault, org, new_uuid(), entry.personal)


async def test_keys_move_to_another_key_encryption_key(
    record: Record, operator: Connection, key_encryption_key: LocalKey, org: UUID
) -> None:
    await record(org)
    await chain(operator)
    (entry,) = [from_content(content) for content in await contents(operator, org)]
    newer = LocalKey(b"n" * 32)
    moved = await rewrap_audit_keys(operator, Vault(newer, key_encryption_key), newer.name)

    assert moved == 1
    assert await unseal(operator, Vault(newer), org, entry.id, entry.personal) is not None


async def test_rows_wait_two_seconds_at_most_for_their_place(
    record: Record, operator_pool: Pool, operator: Connection, org: UUID
) -> None:
    from service.jobs.sealer import seal_until

    over = asyncio.Event()
    sealer = asyncio.create_task(seal_until(over, operator_pool, SIGNER, None))
    started = now()
    await record(org)
    while (await store.get_head(operator, org)) is None:
        assert now() - started < timedelta(seconds=10)
        await asyncio.sleep(0.02)
    over.set()
    await sealer

    assert (await verdict(operator, org)).intact
