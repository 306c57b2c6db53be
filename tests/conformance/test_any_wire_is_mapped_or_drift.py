"""Whatever a vendor sends that fits its wire type, or nearly: a record or SchemaDrift, and never another exception."""

from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Raw, inspect

from service.connectors.registry import CONNECTORS, get_connector
from service.connectors.sdk.binding import Query, Wire
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Response
from service.connectors.sdk.wire import raw_records, unmapped
from tests.bench.pages import bodies_before
from tests.connectors.flows import BOOK, NO_CURRENCY, play

BINDINGS = [
    (connector.slug, name) for connector in CONNECTORS for name, bound in connector.bindings().items() if bound.raw
]
ASKS_FOR_CURRENCIES = {("canopy", "payments"), ("canopy", "credits")}
"""Without a currency of the account other records are read for theirs, which takes more than one answer."""
_WORDS = (
    "", "0", "1", "-1", "USD", "JPY", "KWD", "XXX", "usd", "Invoice", "CreditMemo", "paid", "Active", "Business", "OK",
    "SalesItemLineDetail", "GroupLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "Voided", "\u0130", "\0",
)  # fmt: skip
_NUMBERS = ("0", "-0", "0.10", "12.345", "1e3", "1E+400", "-1e-400", "9" * 30, "99999999999999999999.99", "0.1e-19")
_INSTANTS = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-29T02:30:00", "2026-02-28T24:00:00Z",
    "2026-10-25T01:30:00.999999999+01:00", "2026-06-30T23:59:60Z", "2026-03-01t12:00:00z", "2026-03-01",
)  # fmt: skip
_DAYS = ("0001-01-01", "9999-12-31", "2024-02-29", "2026-02-29", "2026-03-01T00:00:00Z", "")


def _raw(digits: str) -> Raw:
    return Raw(digits.encode())


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(_NUMBERS).map(_raw),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@cache
def rows_of(vendor: str, resource: str) -> st.SearchStrategy[Any]:
    """Rows that nearly fit the wire type; kept, for to make them takes longer than to draw from them."""
    return json_of(inspect.type_info(get_connector(vendor).bindings()[resource].wire.record))


def json_of(described: inspect.Type, depth: int = 0) -> st.SearchStrategy[Any]:
    """JSON that fits a wire type, with one value in thirty that does not."""
    fitting = _fitting(described, depth)
    return st.integers(0, 29).flatmap(lambda dice: fitting if dice else _anything)


def _fitting(described: inspect.Type, depth: int) -> st.SearchStrategy[Any]:
    match described:
        case inspect.StructType():
            fields = [field for field in described.fields if field.required or depth < 6]
            return st.fixed_dictionaries(
                {field.encode_name: json_of(field.type, depth + 1) for field in fields if field.required},
                optional={field.encode_name: json_of(field.type, depth + 1) for field in fields if not field.required},
            )
        case inspect.Metadata(type=inner):
            return _fitting(inner, depth)
        case inspect.UnionType(types=types):
            return st.one_of([_fitting(option, depth) for option in types])
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return st.lists(json_of(item, depth + 1), max_size=2)
        case inspect.DictType() | inspect.AnyType():
            return st.dictionaries(st.text(max_size=3), _anything, max_size=2)
        case inspect.StrType():
            return st.sampled_from(_WORDS) | st.text(max_size=5)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.IntType():
            return st.integers() | st.integers(2**53, 2**64) | st.integers(-(2**63), -(2**53))
        case inspect.DecimalType() | inspect.FloatType():
            cents = st.integers(-(10**9), 10**9).map(lambda number: Raw(f"{number // 100}.{number % 100:02}".encode()))
            return cents | st.sampled_from(_NUMBERS).map(_raw)
        case inspect.DateType():
            return st.dates().map(str) | st.sampled_from(_DAYS)
        case inspect.DateTimeType():
            return st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.sampled_from(_INSTANTS)
        case _:
            raise AssertionError(f"no strategy for {described}")


def body_of(wire: Wire, rows: list[Any]) -> bytes:
    found: Any = rows
    for names in reversed(wire.many):
        found = {names.split("|")[0]: found}
    beside = {
        "next_cursor": None,
        "next_page": None,
        "hasMore": False,
        "meta": {"pagination": {"has_more": False}, "has_more": False},
    }
    return msgspec.json.encode(found | beside)


@pytest.mark.parametrize(("vendor", "resource"), BINDINGS)
# Nothing is shrunk: that takes minutes of a row with forty fields, and looks like a hang.
@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_any_wire_is_a_record_or_drift(vendor: str, resource: str, data: st.DataObject) -> None:
    connector = get_connector(vendor)
    binding = connector.bindings()[resource]
    assert binding.page is not None
    row = data.draw(rows_of(vendor, resource))
    book = data.draw(st.sampled_from([BOOK] if (vendor, resource) in ASKS_FOR_CURRENCIES else [BOOK, NO_CURRENCY]))
    body = body_of(binding.wire, [row])
    with suppress(SchemaDrift):
        before = [Response(200, {}, earlier) for earlier in bodies_before(vendor, resource)]
        played = play(connector, binding.page(Query(limit=50), book), *before, Response(200, {}, body))
        (record,) = played.value.records
        msgspec.json.encode(record)
        assert record.id.endswith(book.ref("", record.remote_id))
    for found in raw_records(body, binding.wire, many=True, redact=connector.redact):
        msgspec.json.encode(unmapped(found, binding.wire.record, connector.redact))
