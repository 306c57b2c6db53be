"""What a write must be: done once, shown as it was done, refused by name, never half known."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from service.connectors.sdk.faults import Conflict, NotFound, OutcomeUnknown, Refused, TimedOut
from service.resources.common import Money
from tests.conformance.rig import Rig
from tests.conformance.subject import Facts


class WriteChecks:
    async def test_what_was_created_is_what_get_shows(self, rig: Rig, resource: str, facts: Facts) -> None:
        made = await _create(rig, resource, facts)

        assert await rig.get(resource, made.remote_id) == made
        assert made.id in {record.id for record in await rig.every(resource)}

    async def test_what_was_updated_is_what_get_shows(self, rig: Rig, resource: str, facts: Facts) -> None:
        made = await _existing(rig, resource, facts)
        changed = await _update(rig, resource, facts, made)

        assert facts.changed(changed)
        assert not facts.changed(made)
        assert await rig.get(resource, made.remote_id) == changed
        assert (changed.version != made.version) is rig.binding(resource).versioned

    async def test_an_update_leaves_alone_what_it_does_not_name(self, rig: Rig, resource: str, facts: Facts) -> None:
        made = await _existing(rig, resource, facts)
        changed = await _update(rig, resource, facts, made)
        moved = {name for name in made.__struct_fields__ if getattr(made, name) != getattr(changed, name)}

        assert moved <= {*given_fields(facts.changes), *facts.also_moves, "updated_at", "version", "status_native"}

    async def test_a_create_with_the_same_key_is_done_once(self, rig: Rig, resource: str, facts: Facts) -> None:
        made = await _create(rig, resource, facts)
        again = await _create(rig, resource, facts)

        assert again == made
        assert rig.server.stats()["writes"] == 1

    async def test_a_lost_answer_to_a_keyed_write_does_not_write_twice(
        self, rig: Rig, resource: str, facts: Facts
    ) -> None:
        rig.server.fault("lost_answer")
        made = await _create(rig, resource, facts)

        assert rig.leg.retries == 1
        assert rig.server.stats()["writes"] == 1
        assert await rig.get(resource, made.remote_id) == made

    async def test_a_write_that_is_never_answered_has_an_unknown_outcome(
        self, rig: Rig, resource: str, facts: Facts
    ) -> None:
        new = await _new(rig, resource, facts)
        rig.server.fault("lost_answer", count=None)

        with pytest.raises(OutcomeUnknown):
            await rig.run(new)

    async def test_a_write_that_times_out_has_an_unknown_outcome(self, rig: Rig, resource: str, facts: Facts) -> None:
        new = await _new(rig, resource, facts)
        rig.server.fault("timeout", seconds=1, method="POST")

        with pytest.raises(OutcomeUnknown) as unknown:
            await rig.run(new, deadline_s=0.15)
        assert not isinstance(unknown.value, TimedOut)

    async def test_a_write_of_an_older_version_is_a_conflict(self, rig: Rig, resource: str, facts: Facts) -> None:
        if not rig.binding(resource).versioned:
            pytest.skip("the vendor has no versions")
        made = await _existing(rig, resource, facts)
        await _update(rig, resource, facts, made)
        writes = rig.server.stats()["writes"]

        with pytest.raises(Conflict):
            await _update(rig, resource, facts, made, key="second")
        assert rig.server.stats()["writes"] == writes

    async def test_an_update_without_a_version_is_done(self, rig: Rig, resource: str, facts: Facts) -> None:
        made = await _existing(rig, resource, facts)
        update = _port(rig, resource, "update")
        changed = await rig.run(update(made.remote_id, facts.changes, None, "key-u", rig.book))

        assert facts.changed(changed)

    async def test_an_update_of_what_is_not_there_is_refused(self, rig: Rig, resource: str, facts: Facts) -> None:
        update = _port(rig, resource, "update")

        for nobody in ("999999999", f"{facts.some_id}999999"):
            with pytest.raises(NotFound):
                await rig.run(update(nobody, facts.changes, None, f"key-u-{nobody}", rig.book))
            with pytest.raises(Refused):
                await rig.run(update(nobody, facts.changes, "0", f"key-v-{nobody}", rig.book))
        assert rig.server.stats()["writes"] == 0

    async def test_what_was_deleted_is_gone_or_void(self, rig: Rig, resource: str, facts: Facts) -> None:
        binding = rig.binding(resource)
        if binding.delete is None:
            pytest.skip(f"no delete port; it can: {', '.join(binding.ports)}")
        made = await _existing(rig, resource, facts)
        version = made.version if isinstance(made.version, str) else None
        await rig.run(binding.delete(made.remote_id, version, "key-d", rig.book))

        if binding.deletes == "voids":
            assert facts.amount is not None
            assert facts.amount.shown(await rig.get(resource, made.remote_id)) == Money(0, "USD")
        else:
            with pytest.raises(NotFound):
                await rig.get(resource, made.remote_id)
            assert made.id not in {record.id for record in await rig.every(resource)}

    async def test_overlapping_changes_leave_no_gap_and_no_duplicate(
        self, rig: Rig, resource: str, facts: Facts
    ) -> None:
        port = rig.binding(resource).changes
        if port is None:
            pytest.skip("no changes port")
        made = await _create(rig, resource, facts)
        since = made.updated_at
        first = await rig.run(port(since, rig.book))
        changed = await _update(rig, resource, facts, made)
        second = await rig.run(port(since, rig.book))
        overlapping = await rig.run(port(since - timedelta(hours=1), rig.book))

        assert [one.record for one in first.changes if one.remote_id == made.remote_id] == [made]
        for seen in (second, overlapping):
            assert [one.record for one in seen.changes if one.remote_id == made.remote_id] == [changed]
            assert len({one.remote_id for one in seen.changes}) == len(seen.changes)
            assert seen.whole


def given_fields(new: Any) -> list[str]:
    """The fields of a create or update that say something."""
    return [name for name in new.__struct_fields__ if getattr(new, name) is not UNSET]


def _port(rig: Rig, resource: str, name: str) -> Any:
    port = getattr(rig.binding(resource), name)
    if port is None:
        pytest.skip(f"no {name} port; it can: {', '.join(rig.binding(resource).ports)}")
    return port


async def _new(rig: Rig, resource: str, facts: Facts) -> Any:
    create = _port(rig, resource, "create")
    assert facts.creates is not None, "the subject says how to create what can be created"
    clients = await rig.every("clients")
    return create(facts.creates(clients, 1), "key-c", rig.book)


async def _create(rig: Rig, resource: str, facts: Facts) -> Any:
    return await rig.run(await _new(rig, resource, facts))


async def _existing(rig: Rig, resource: str, facts: Facts) -> Any:
    """A new record, or one of those there are where none can be created."""
    if rig.binding(resource).create is not None:
        return await _create(rig, resource, facts)
    _port(rig, resource, "get")
    found = next(record for record in await rig.every(resource) if facts.changeable(record))
    return await rig.get(resource, found.remote_id)


async def _update(rig: Rig, resource: str, facts: Facts, record: Any, key: str = "key-u") -> Any:
    update = _port(rig, resource, "update")
    version = record.version if isinstance(record.version, str) else None
    return await rig.run(update(record.remote_id, facts.changes, version, key, rig.book))
