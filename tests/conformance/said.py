"""What a caller says must arrive: every field of a create or update reaches the vendor, or is refused by name."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Struct, inspect
from msgspec.structs import replace

from service.connectors.sdk.faults import Invalid, VendorFault
from service.resources.common import Money
from tests.conformance.rig import Rig
from tests.conformance.subject import Facts

_IDS = {
    "client": "cli_",
    "user": "usr_",
    "manager": "usr_",
    "partner": "usr_",
    "owner": "usr_",
    "signers": "cnt_",
    "folder": "fol_",
    "tracking": "trk_",
    "assignees": "usr_",
    "task": "tsk_",
    "engagement": "eng_",
    "service_item": "itm_",
    "services": "itm_",
    "time_entries": "tim_",
    "invoice": "inv_",
    "credit": "crd_",
}
"""By field: the kind of id it takes."""


class SaidChecks:
    async def test_what_a_create_says_is_sent_or_refused(self, rig: Rig, resource: str, facts: Facts) -> None:
        create = rig.binding(resource).create
        if create is None:
            pytest.skip("nothing can be created")
        assert facts.creates is not None
        new = facts.creates(await rig.every("clients"), 1)
        usual = await _sent(rig, create(new, "key", rig.book))
        assert not isinstance(usual, Invalid)
        dropped = [
            said
            for said, other in variants(rig, resource, new)
            if said not in facts.implied and not _arrives(new, usual, await _sent(rig, create(other, "key", rig.book)))
        ]

        assert not dropped

    async def test_what_an_update_says_is_sent_or_refused(self, rig: Rig, resource: str, facts: Facts) -> None:
        update = rig.binding(resource).update
        if update is None:
            pytest.skip("nothing can be updated")
        records = [record for record in await rig.every(resource) if facts.changeable(record)]
        remote_id = records[0].remote_id
        usual = await _sent(rig, update(remote_id, facts.changes, None, "key", rig.book))
        assert not isinstance(usual, Invalid)
        dropped = [
            said
            for said, other in variants(rig, resource, facts.changes)
            if said not in facts.implied
            and not _arrives(facts.changes, usual, await _sent(rig, update(remote_id, other, None, "key", rig.book)))
        ]

        assert not dropped


async def _sent(rig: Rig, flow: Any) -> list[tuple[str, str, object]] | Invalid:
    """What goes out but for GETs, over books as they were; the fault where we refuse it ourselves."""
    rig.server.reset()
    rig.server.limits(**dict.fromkeys(rig.subject.unlimited))
    try:
        await rig.run(flow)
    except Invalid as refused:
        return list(rig.middle.sent) or refused
    except VendorFault:
        pass  # the vendor has been told, and says no
    return list(rig.middle.sent)


def _arrives(new: Struct, usual: list[tuple[str, str, object]], sent: list[tuple[str, str, object]] | Invalid) -> bool:
    """Whether something else goes out than usual, or one of the fields is named as the reason why not."""
    if isinstance(sent, Invalid):
        return any(fault.pointer.split("/")[1] in new.__struct_fields__ for fault in sent.fields)
    return sent != usual


def variants(rig: Rig, resource: str, new: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """The same said with one more field, or with another value in it; inside lists, too."""
    described = inspect.type_info(type(new))
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        now = getattr(new, field.name)
        prefix = _IDS.get(field.name) or ("cli_" if resource == "clients" else "tsk_" if field.name == "parent" else "")
        yield f"{at}{field.name}", replace(new, **{field.name: _sample(field.type, field.name, prefix, now, rig)})
        if isinstance(now, list) and now and isinstance(now[0], Struct):
            for said, other in variants(rig, resource, now[0], f"{at}{field.name}/0/"):
                yield said, replace(new, **{field.name: [other, *now[1:]]})


def _sample(described: inspect.Type, name: str, prefix: str, now: object, rig: Rig) -> Any:
    """A value of the type that is not the one there is."""
    match described:
        case inspect.UnionType(types=types):
            some = next(one for one in types if not isinstance(one, inspect.NoneType))
            return _sample(some, name, prefix, now, rig)
        case inspect.StrType():
            if prefix and (name in _IDS or name == "parent"):
                return rig.book.ref(prefix, "1" if now != rig.book.ref(prefix, "1") else "2")
            return "CAD" if name == "currency" else "Something else"
        case inspect.EnumType(cls=cls):
            return next(value for value in cls if value is not now)
        case inspect.BoolType():
            return now is not True
        case inspect.IntType():
            return 61
        case inspect.DecimalType():
            return Decimal(3)
        case inspect.DateType():
            return date(2026, 12, 3)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_sample(item, name, prefix, None, rig)]
        case inspect.AnyType():
            return "Something else"
        case inspect.DictType():
            return {"Something": "else"}
        case inspect.StructType(cls=cls) if cls is Money:
            return Money(7_700, "USD")
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{f.name: _sample(f.type, f.name, "", None, rig) for f in fields if f.required})
        case _:
            raise AssertionError(f"no sample for {described}")
