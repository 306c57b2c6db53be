"""What a list must be: every record once, in one order, to the end; filters that narrow and sorts that order."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise
from typing import Any

import msgspec
import pytest

from service.connectors.sdk.faults import BrokenPaging
from tests.conformance.rig import Rig
from tests.conformance.subject import Facts
from tests.conformance.trees import look_up, put


class PageChecks:
    async def test_no_records_are_one_empty_page(self, rig: Rig, resource: str, facts: Facts) -> None:
        _whole(facts)
        wire = rig.binding(resource).wire
        empty: Any = []
        for name in reversed(wire.many):
            empty = {name: empty}
        rig.fault(resource, "wrong_shape", body=empty | dict(rig.subject.beside_rows))
        page = await rig.page(resource)

        assert (page.records, page.next) == ([], None)

    async def test_a_search_that_finds_nothing_is_empty(self, rig: Rig, resource: str) -> None:
        binding = rig.binding(resource)
        text = next((name for name, rule in binding.filters.items() if rule.kind == "text"), None)
        if binding.updated_after:
            found = await rig.every(resource, updated_after=datetime.now(UTC) + timedelta(days=400))
        elif text is not None:
            found = await rig.every(resource, filters={text: ("Nobody of this name",)})
        else:
            pytest.skip("no filter that could find nothing")

        assert found == []
        assert rig.subject.resources[resource].parts or rig.leg.calls == 1

    async def test_a_page_holds_all_there_is_or_leads_on(self, rig: Rig, resource: str, facts: Facts) -> None:
        _whole(facts)
        everything = await rig.every(resource)
        page = await rig.page(resource)

        assert len(everything) >= 3
        assert page.records == everything[: rig.binding(resource).max_page]
        assert (page.next is None) is (len(page.records) == len(everything))

    async def test_a_page_that_is_exactly_full_is_the_last_one(self, rig: Rig, resource: str, facts: Facts) -> None:
        _whole(facts)
        everything = await rig.every(resource)
        most = rig.binding(resource).max_page
        limit = max(size for size in range(1, most + 1) if len(everything) % size == 0)

        assert await rig.every(resource, limit=limit) == everything
        assert rig.leg.calls == len(everything) // limit

    async def test_two_pages_hold_what_one_does(self, rig: Rig, resource: str, facts: Facts) -> None:
        _whole(facts)
        everything = (await rig.every(resource))[: rig.binding(resource).max_page]
        limit = len(everything) - 1
        first = await rig.page(resource, limit=limit)
        second = await rig.page(resource, limit=limit, position=first.next)

        assert (first.records + second.records)[: len(everything)] == everything
        assert len(first.records) == limit

    async def test_many_pages_hold_what_one_does(self, rig: Rig, resource: str, facts: Facts) -> None:
        everything = await rig.every(resource)
        limit = max(1, len(everything) // 7)
        found = await rig.every(resource, limit=limit)

        assert found == everything
        assert len({record.id for record in found}) == len(found) >= 3
        assert facts.parts or rig.leg.calls == -(-len(everything) // limit)

    async def test_an_empty_page_in_the_middle_ends_nothing(self, rig: Rig, resource: str, facts: Facts) -> None:
        everything = await rig.every(resource)
        rig.fault(resource, "empty_middle_page", after=1)

        assert await rig.every(resource, limit=1 + len(everything) // 4) == everything
        assert rig.server.stats()["faults_fired"] == {"empty_middle_page": 1}

    async def test_a_repeated_cursor_is_broken_paging(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "repeated_cursor", after=1)

        with pytest.raises(BrokenPaging):
            await rig.every(resource, limit=1)
        assert rig.leg.calls == 2 * (facts.before + 1)

    async def test_cursors_that_run_in_a_circle_are_broken_paging(self, rig: Rig, resource: str, facts: Facts) -> None:
        cursors: list[str] = []
        circle = cycle(range(3))

        def turn(body: bytes) -> bytes:
            page = msgspec.json.decode(body)
            assert rig.subject.cursor is not None
            if len(cursors) < 3:
                cursors.append(look_up(page, rig.subject.cursor))
            put(page, rig.subject.cursor, cursors[next(circle)])
            return msgspec.json.encode(page)

        rig.middle.change = turn
        with pytest.raises(BrokenPaging):
            await rig.every(resource, limit=1)
        assert rig.leg.calls <= 3 * 3 + 1

    async def test_positions_only_go_forward(self, rig: Rig, resource: str) -> None:
        positions: list[str] = []
        page = await rig.page(resource, limit=1)
        while page.next is not None and len(positions) < 20:
            positions.append(page.next)
            page = await rig.page(resource, limit=1, position=page.next)

        assert len(set(positions)) == len(positions) >= 2

    async def test_every_filter_narrows_to_exactly_what_it_says(self, rig: Rig, resource: str, facts: Facts) -> None:
        filters = rig.binding(resource).filters
        if not filters:
            pytest.skip("no filter is declared")
        assert set(facts.filters) == set(filters), "the subject knows every declared filter and no other"
        everything = await rig.every(resource)
        for name, asked in facts.filters.items():
            values = filters[name].choices or _middle([asked.of(record) for record in everything])
            narrowed = False
            for value in values:
                expected = [record.id for record in everything if asked.keeps(record, value)]
                found = [record.id for record in await rig.every(resource, limit=7, filters={name: (value,)})]
                assert sorted(found) == sorted(expected), f"{name} = {value}"
                narrowed |= 0 < len(found) < len(everything)
            assert narrowed is (name not in facts.uniform), f"{name} narrows, or not"

    async def test_several_choices_are_any_of_them(self, rig: Rig, resource: str, facts: Facts) -> None:
        choices = {name: rule.choices for name, rule in rig.binding(resource).filters.items() if len(rule.choices) > 1}
        if not choices:
            pytest.skip("no filter with choices is declared")
        everything = await rig.every(resource)
        for name, values in choices.items():
            found = {record.id for record in await rig.every(resource, filters={name: values[:2]})}
            keeps = facts.filters[name].keeps
            assert found == {r.id for r in everything if any(keeps(r, value) for value in values[:2])}

    async def test_every_sort_orders(self, rig: Rig, resource: str) -> None:
        sorts = rig.binding(resource).sorts
        if not sorts:
            pytest.skip("no sort is declared")
        everything = {record.id for record in await rig.every(resource)}
        for sort in sorts:
            found = await rig.every(resource, limit=9, sort=sort)
            keys = [_key(getattr(record, sort.removeprefix("-"))) for record in found]
            keys = [key for key in keys if key is not None]
            assert {record.id for record in found} == everything
            assert len(found) == len(everything)
            assert len(set(keys)) > 1
            assert all((one >= two) if sort.startswith("-") else (one <= two) for one, two in pairwise(keys)), sort

    async def test_updated_after_leaves_what_changed_since(self, rig: Rig, resource: str) -> None:
        if not rig.binding(resource).updated_after:
            pytest.skip("updated_after is not declared")
        everything = await rig.every(resource)
        if "updated_at" in rig.binding(resource).record_only:
            everything = [await rig.get(resource, record.remote_id) for record in everything]
        instants = sorted(record.updated_at for record in everything)
        middle = instants[len(instants) // 2]
        found = {record.id for record in await rig.every(resource, limit=7, updated_after=middle)}

        assert {record.id for record in everything if record.updated_at > middle} <= found
        assert found <= {record.id for record in everything if record.updated_at >= middle}
        assert 0 < len(found) < len(everything)


def _whole(facts: Facts) -> None:
    if facts.parts:
        pytest.skip(facts.parts)


def _middle(values: list[str | None]) -> list[str]:
    known = sorted({value for value in values if value is not None})
    return [known[len(known) // 2], known[len(known) // 3]]


def _key(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
