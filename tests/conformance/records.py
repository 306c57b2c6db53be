"""What a record must be: complete, faithful, exact, and honest about what it lacks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, inspect

from service.connectors.sdk.faults import NotFound, SchemaDrift
from service.connectors.sdk.wire import unmapped
from service.resources.common import Money
from service.unified.coverage import vendor_coverage
from tests.conformance.rig import Rig, edited
from tests.conformance.subject import Facts, Row, Subject
from tests.conformance.trees import drop, has, is_object, paths, put, texts, turn, without

_ATTACHED = {"meta", "raw", "expanded"}


class RecordChecks:
    async def test_every_record_is_mapped_and_keeps_its_remote_id(self, rig: Rig, resource: str, facts: Facts) -> None:
        found = (await rig.page(resource)).records
        rows = rig.rows(resource)

        assert [record.remote_id.rpartition(":")[2] for record in found] == [str(row[facts.id_field]) for row in rows]
        assert len({record.id for record in found}) == len(found) >= 3
        for record in found:
            assert record.id.endswith(rig.book.ref("", record.remote_id))
            assert (record.connection, record.account) == (rig.book.connection, rig.book.account)
            msgspec.json.encode(record)

    async def test_what_is_left_unset_is_what_is_declared_unsupported(
        self, rig: Rig, resource: str, facts: Facts
    ) -> None:
        binding = rig.binding(resource)
        in_lists = {*binding.unsupported, *binding.record_only}
        for record in await rig.every(resource):
            unset = {name for name in record.__struct_fields__ if getattr(record, name) is UNSET} - _ATTACHED

            assert unset == set(record.meta.unsupported)
            assert unset - facts.sometimes == in_lists - facts.sometimes
            assert len(set(record.meta.unsupported)) == len(record.meta.unsupported)

    async def test_get_shows_what_the_list_shows(self, rig: Rig, resource: str, facts: Facts) -> None:
        """All of it, and what lists leave out besides."""
        binding = rig.binding(resource)
        _needs_get(rig, resource)
        adds = {*binding.record_only, *facts.sometimes}
        added: set[str] = set()
        for record in (await rig.every(resource))[::5]:
            found = await rig.get(resource, record.remote_id)
            lost = [
                name
                for name in record.__struct_fields__
                if name != "meta"
                and getattr(record, name) != getattr(found, name)
                and not (name in adds and getattr(record, name) is UNSET)
            ]
            assert not lost, record.remote_id
            assert set(record.meta.unsupported) - adds <= set(found.meta.unsupported) <= set(record.meta.unsupported)
            added |= {name for name in binding.record_only if getattr(found, name) is not UNSET}
        assert added == set(binding.record_only)

    async def test_a_record_that_is_not_there_is_not_found(self, rig: Rig, resource: str) -> None:
        _needs_get(rig, resource)
        for remote_id in ("999999999", "nonsense", "..", "1/2", "", "%2e%2e"):
            with pytest.raises(NotFound):
                await rig.get(resource, remote_id)

    async def test_raw_is_the_vendors_record_without_what_is_redacted(self, rig: Rig, resource: str) -> None:
        await rig.page(resource)
        assert rig.leg.last is not None
        came: Any = msgspec.json.decode(rig.leg.last.body)
        for names in rig.binding(resource).wire.many:
            came = next(came[name] for name in names.split("|") if name in came)

        assert [_plain(row) for row in rig.rows(resource)] == [without(row, rig.connector.redact) for row in came]

    async def test_every_vendor_field_is_mapped_or_unmapped(self, rig: Rig, resource: str, facts: Facts) -> None:
        """A field that the wire type declares has to make a difference to the record, else it is lost."""
        await rig.page(resource)
        assert rig.leg.last is not None
        body, wire = rig.leg.last.body, rig.binding(resource).wire
        before = rig.replay(resource, body)
        lost: set[str] = set()
        for path in {path for row in rig.rows(resource) for path in paths(row)}:
            if path in facts.only_compared or _is_unmapped(rig, resource, path):
                continue
            changed = edited(body, wire.many, lambda row, path=path: turn(row, path))  # type: ignore[misc]
            if changed == edited(body, wire.many, lambda row: None):
                continue
            try:
                if rig.replay(resource, changed) == before:
                    lost.add(path)
            except SchemaDrift:
                pass  # it is read, as a word of the contract

        assert not lost, ", ".join(sorted(lost))

    async def test_an_unknown_field_is_ignored_and_shown_as_unmapped(self, rig: Rig, resource: str) -> None:
        before = (await rig.page(resource)).records

        def add(row: Row) -> None:
            for inner in [row, *filter(is_object, row.values())]:
                inner["brand_new"] = {"deep": [1, None, "x"]}

        rig.edit(resource, add)
        after = (await rig.page(resource)).records

        assert [_without_custom(record) for record in after] == [_without_custom(record) for record in before]
        wire = rig.binding(resource).wire
        for row in rig.rows(resource):
            assert unmapped(row, wire.record)["brand_new"] == {"deep": [1, None, "x"]}

    @pytest.mark.usefixtures("facts")
    async def test_a_missing_field_is_drift_with_its_path_and_without_a_value(self, rig: Rig, resource: str) -> None:
        wire = rig.binding(resource).wire
        await rig.page(resource)
        rows = rig.rows(resource)
        names = {name for row in rows for path in paths(row) for name in path.split(".")}
        values = {value for row in rows for value in texts(row)} - names
        required = [path for path in _required(wire.record) if any(has(row, path) for row in rows)]
        assert len(required) >= 2
        for path in required:
            rig.edit(resource, lambda row, path=path: _replace_by_unknown(row, path))  # type: ignore[misc]
            with pytest.raises(SchemaDrift) as drift:
                await rig.page(resource)

            said = str(drift.value)
            assert drift.value.path.startswith(f"$.{wire.many[0]}"), path
            assert path.rpartition(".")[2] in said
            for name in sorted(names, key=len, reverse=True):
                said = said.replace(name, "")
            assert not [value for value in values if len(value) > 4 and value in said]

    async def test_an_unknown_word_is_kept_as_other(self, rig: Rig, resource: str, facts: Facts) -> None:
        if not facts.words:
            pytest.skip("no word of a closed set in this record")
        for word in facts.words:
            rig.edit(resource, lambda row, word=word: put(row, word.field, "Unheard of"))  # type: ignore[misc]
            shown = [word.shown(record) for record in (await rig.page(resource)).records]
            rig.middle.change = None

            assert {value for value in shown if value is not None} == {"other"}
            if word.native is not None:
                native = [word.native(record) for record in (await rig.page(resource)).records]
                rig.edit(resource, lambda row, word=word: put(row, word.field, "Unheard of"))  # type: ignore[misc]
                natives = {word.native(record) for record in (await rig.page(resource)).records}
                assert natives - {None} == {"Unheard of"}
                assert "Unheard of" not in native
                rig.middle.change = None

    async def test_instants_leave_in_utc_and_none_is_guessed(self, rig: Rig, resource: str, facts: Facts) -> None:
        if not facts.instants:
            pytest.skip("no instant in this record")
        for instant in facts.instants:
            usual = [instant.shown(record) for record in (await rig.page(resource)).records]
            assert any(usual)
            if not instant.day:
                assert {value.tzinfo for value in usual if isinstance(value, datetime)} == {UTC}
            for text, at in _INSTANTS.items():
                rig.edit(resource, lambda row, text=text, i=instant: i.write(row, text))  # type: ignore[misc]
                shown = {instant.shown(record) for record in (await rig.page(resource)).records} - {None}
                assert shown == {at.date() if instant.day else at}, text
            naive = () if instant.assumed_utc else ("2026-03-01T12:00:00",)
            for text in (*naive, "2026-03-01", "yesterday", "0001-01-01T00:00:00+14:00"):
                rig.edit(resource, lambda row, text=text, i=instant: i.write(row, text))  # type: ignore[misc]
                with pytest.raises(SchemaDrift):
                    await rig.page(resource)
            rig.middle.change = None

    async def test_days_stay_days(self, rig: Rig, resource: str, facts: Facts) -> None:
        if not facts.days:
            pytest.skip("no calendar day in this record")
        for day in facts.days:
            rig.edit(resource, lambda row, day=day: put(row, day.field, "2026-02-28"))  # type: ignore[misc]
            shown = {day.shown(record) for record in (await rig.page(resource)).records} - {None}
            assert shown == {date(2026, 2, 28)}
            rig.edit(resource, lambda row, day=day: put(row, day.field, "2026-02-30"))  # type: ignore[misc]
            with pytest.raises(SchemaDrift):
                await rig.page(resource)

    async def test_money_is_exact_in_its_currency(self, rig: Rig, resource: str, facts: Facts) -> None:
        amount = facts.amount
        if amount is None:
            pytest.skip("no money in this record")
        fits, does_not = _AMOUNTS[amount.unit]
        for number, currency, minor in fits:
            rig.edit(resource, lambda row, n=number, c=currency: amount.write(row, n, c))  # type: ignore[misc]
            shown = [amount.shown(record) for record in (await rig.page(resource)).records]
            assert shown == [Money(minor, currency)] * len(shown)
        for refused, currency in does_not:
            rig.edit(resource, lambda row, n=refused, c=currency: amount.write(row, n, c))  # type: ignore[misc]
            if amount.finer_is_left_out:
                shown = [amount.shown(record) for record in (await rig.page(resource)).records]
                assert shown == [UNSET] * len(shown)
                continue
            with pytest.raises(SchemaDrift) as drift:
                await rig.page(resource)
            assert str(refused) not in str(drift.value)

    def test_the_contract_says_how_it_is_known(self, subject: Subject, resource: str) -> None:
        doc = subject.connector.bindings()[resource].doc

        assert doc.url is not None
        assert doc.url.startswith("https://")
        assert doc.known in ("documented", "third_party", "assumed")
        assert date(2026, 1, 1) <= doc.read_on <= datetime.now(UTC).date()

    def test_published_coverage_is_what_the_ports_are(self, subject: Subject, resource: str) -> None:
        binding = subject.connector.bindings()[resource]
        shown = {found.resource: found for found in vendor_coverage(subject.connector).resources}[resource]
        ports = {name for name in _PORTS if getattr(binding, name) is not None}

        assert set(binding.ports) == ports
        assert len(shown.operations) == len(ports)
        assert shown.unsupported == binding.unsupported
        assert {asked.name for asked in shown.filters} == {f"filter[{name}]" for name in binding.filters}
        assert set(shown.sorts) == set(binding.sorts)
        assert (shown.updated_after, shown.versioned) == (binding.updated_after, binding.versioned)


_PORTS = (
    "page", "get", "create", "update", "delete", "download", "upload", "download_version", "upload_version",
)  # fmt: skip


def _needs_get(rig: Rig, resource: str) -> None:
    if rig.binding(resource).get is None:
        pytest.skip("one record cannot be read by itself")


_INSTANTS = {
    "2026-03-01T23:30:00-05:00": datetime(2026, 3, 2, 4, 30, tzinfo=UTC),
    "2026-03-01T12:00:00Z": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "2026-03-01T00:15:00.123456+05:45": datetime(2026, 2, 28, 18, 30, 0, 123456, tzinfo=UTC),
}
_AMOUNTS: dict[str, tuple[list[tuple[object, str, int]], list[tuple[object, str]]]] = {
    "decimal": (
        [
            (Decimal("12.34"), "USD", 1234),
            (Decimal(500), "JPY", 500),
            (Decimal("1.005"), "KWD", 1005),
            (Decimal("0.10"), "EUR", 10),
        ],
        [
            (Decimal("12.345"), "USD"),
            (Decimal("500.5"), "JPY"),
            (Decimal("1.0005"), "KWD"),
            (Decimal("7.25"), "XXX"),
        ],
    ),
    "dollars": ([(Decimal("12.34"), "USD", 1234), (Decimal(5), "USD", 500)], [(Decimal("12.345"), "USD")]),
    "dollar cents": ([(1234, "USD", 1234), (0, "USD", 0)], [(Decimal("12.5"), "USD")]),
    "cents": ([(1234, "USD", 1234), (1234, "CAD", 1234)], [(4321, "JPY"), (4321, "KWD"), (Decimal("12.5"), "USD")]),
}


def _plain(row: Row) -> Row:
    found: Row = msgspec.json.decode(msgspec.json.encode(row))
    return found


def _without_custom(record: Any) -> Any:
    """Custom fields are free: what is new in them is theirs."""
    return msgspec.structs.replace(record, custom_fields=UNSET) if hasattr(record, "custom_fields") else record


def _is_unmapped(rig: Rig, resource: str, path: str) -> bool:
    """Whether `include=unmapped` shows it wherever the vendor sends it."""
    wire = rig.binding(resource).wire
    return all(has(unmapped(row, wire.record), path) for row in rig.rows(resource) if has(row, path))


def _replace_by_unknown(row: Row, path: str) -> None:
    """Takes a field away. A vendor may leave an object empty for none at all, so this one is not left empty."""
    put(row, f"{path.rpartition('.')[0]}.brand_new".removeprefix("."), 1)
    drop(row, path)


def _required(wire: type[Any], at: str = "", above: tuple[type[Any], ...] = ()) -> Iterator[str]:
    """The dotted path of every field that the wire type insists on, at any depth."""
    described = inspect.type_info(wire)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        path = f"{at}{field.encode_name}"
        if field.required:
            yield path
        for inner in _structs(field.type):
            if inner not in (*above, wire):
                yield from _required(inner, f"{path}.", (*above, wire))


def _structs(described: inspect.Type) -> Iterator[type[Any]]:
    match described:
        case inspect.StructType(cls=cls):
            yield cls
        case inspect.Metadata(type=inner) | inspect.ListType(item_type=inner):
            yield from _structs(inner)
        case inspect.UnionType(types=types):
            for option in types:
                yield from _structs(option)
        case _:
            pass
