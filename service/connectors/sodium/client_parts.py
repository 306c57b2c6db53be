"""What hangs below a client, written: each part at its own address, all that is given checked before the first call.

Sources, read 2026-11-20: https://sodiumhq.com/docs/api/operations/client-custom-fields/setclientcustomfieldvalues.html,
https://sodiumhq.com/docs/api/schemas/saveclientdatedto.html. The names inside services, links and business details
follow what is read.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.faults import Conflict
from service.connectors.sdk.flow import Flow, Response
from service.connectors.sdk.money import to_decimal
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium import calls
from service.connectors.sodium.client_details import WireDate, read_business, read_dates, read_values
from service.connectors.sodium.notes import write_notes
from service.connectors.sodium.rewriting import Row, rewrite
from service.ids import Book
from service.resources.client import ClientServiceInput, ClientUpdate, ExternalLinkInput
from service.resources.common import Address

PARTS: Final = (
    "addresses",
    "custom_fields",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "note_entries",
)
YEAR_END: Final = "YearEnd"
_PLACES: Final = {"registered": "registeredAddress", "postal": "postalAddress", "invoice": "invoiceAddress"}
_BUSINESS: Final = ("addresses", "trading_name", "registration_number")


def write_parts(path: str, new: ClientUpdate, book: Book) -> Flow[None]:
    """Writes the parts that are given. Raises Invalid before anything is written."""
    services, links = _services(new.services, book), _links(new.external_links)
    business = _business(new)
    if business is not None:
        yield from _write_business(path, business)
    if not isinstance(new.custom_fields, UnsetType):
        yield from _write_values(path, new.custom_fields)
    if new.key_dates is not UNSET or new.fiscal_year_end is not UNSET:
        yield from _write_dates(path, new)
    if services is not None:
        yield from rewrite(f"{path}/services/clientbillableservice", services, "/services", _COMPUTED)
    if links is not None:
        yield from rewrite(f"{path}/clientlink", links, "/external_links")
    if not isinstance(new.note_entries, UnsetType):
        yield from write_notes(f"{path}/clientnote", new.note_entries)


_COMPUTED: Final = frozenset({"calculatedPrice", "effectivePrice", "client"})


def _business(new: ClientUpdate) -> dict[str, Any] | None:
    if all(getattr(new, name) is UNSET for name in _BUSINESS):
        return None
    changes: dict[str, Any] = calls.said({"tradingAs": new.trading_name})
    company: dict[str, Any] = calls.said({"number": new.registration_number})
    if not isinstance(new.addresses, UnsetType):
        texts = dict.fromkeys(_PLACES, "")
        for index, address in enumerate(new.addresses):
            if address.label not in texts or texts[address.label]:
                raise invalid(
                    f"/addresses/{index}/label", "no_place", f"Sodium has one place each for: {', '.join(_PLACES)}."
                )
            texts[address.label] = _text(address)
        company["registeredAddress"] = texts.pop("registered") or None
        changes |= {_PLACES[name]: text or None for name, text in texts.items()}
    return changes | ({"company": company} if company else {})


def _text(address: Address) -> str:
    parts = (*address.lines, address.city, address.region, address.postal_code, address.country)
    return "\n".join(part for part in parts if part)


def _write_business(path: str, changes: dict[str, Any]) -> Flow[None]:
    """PUT replaces, so what is there is read and written back. Individuals have no such details."""
    address = f"{path}/businessdetails"
    current = yield from calls.optional(calls.read_one(address), lambda response: response)
    if current is None:
        raise Conflict("this client has no business details: it is a person")
    read_business(current)
    if "company" in changes:
        changes["company"] = (_of(current, "company") or {}) | changes["company"]
    yield calls.write("PUT", address, calls.replacement(current, changes, frozenset({"updatedDate"})))


def _of(current: Response, name: str) -> Any:
    return msgspec.json.decode(current.body, type=dict[str, Any]).get(name)


def _write_values(path: str, wanted: Mapping[str, Any]) -> Flow[None]:
    """The values by the fields' codes, as records show them; fields that are not named stay."""
    address = f"{path}/custom-field-values"
    known = {one.fieldCode for one in read_values((yield calls.read_one(address)))}
    for code in wanted:
        if code not in known:
            raise invalid(f"/custom_fields/{code}", "not_found", "The practice has no such field.")
    body = [{"fieldCode": code, "value": _as_text(value)} for code, value in wanted.items()]
    yield calls.write("PUT", address, body)


def _as_text(value: Any) -> str | None:
    """A value as Sodium takes it: a text, whatever the field's type; of several choices one after another (assumed)."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(one) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return str(value)


def _write_dates(path: str, new: ClientUpdate) -> Flow[None]:
    """All dates, as the whole list is written. The year's end is one of them."""
    address = f"{path}/clientdates"
    wanted = _dated(read_dates((yield calls.read_one(address))))
    if not isinstance(new.key_dates, UnsetType):
        wanted = {one.kind_native: None if one.on is None else one.on.isoformat() for one in new.key_dates}
    if not isinstance(new.fiscal_year_end, UnsetType):
        wanted[YEAR_END] = None if new.fiscal_year_end is None else new.fiscal_year_end.isoformat()
    yield calls.write("PUT", address, [{"dateType": kind, "date": on} for kind, on in wanted.items()])


def _dated(rows: list[WireDate]) -> dict[str, str | None]:
    return {row.dateType: row.date for row in rows}


def _services(wanted: list[ClientServiceInput] | UnsetType, book: Book) -> list[Row] | None:
    if isinstance(wanted, UnsetType):
        return None
    return [_service(one, f"/services/{index}", book) for index, one in enumerate(wanted)]


def _service(new: ClientServiceInput, pointer: str, book: Book) -> Row:
    item, price = new.service_item, new.price
    body: dict[str, Any] = calls.said(
        {
            "billableServiceCode": item
            if isinstance(item, UnsetType)
            else remote_id_of(item, "itm_", book, f"{pointer}/service_item"),
            "billingFrequency": new.billed,
            "status": new.status_native,
            "startDate": new.starts_on,
            "endDate": new.ends_on,
        }
    )
    if not isinstance(price, UnsetType):
        if book.currency is not None and price.currency != book.currency:
            raise invalid(f"{pointer}/price/currency", "currency_differs", f"Expected {book.currency}.")
        body |= {"price": to_decimal(price), "overridePricing": True}
    if isinstance(new.id, UnsetType):
        for name in ("service_item", "billed"):
            if getattr(new, name) is UNSET:
                raise invalid(f"{pointer}/{name}", "required", "A new service needs to say what, and how it is billed.")
        return Row(None, body)
    return Row(new.id, body)


def _links(wanted: list[ExternalLinkInput] | UnsetType) -> list[Row] | None:
    return None if isinstance(wanted, UnsetType) else [_link(one) for one in wanted]


def _link(new: ExternalLinkInput) -> Row:
    fields = {"url": new.url, "description": new.label, "linkType": new.kind_native}
    return Row(None if isinstance(new.id, UnsetType) else new.id, calls.said(fields))


def parts_of(new: Struct) -> bool:
    """Whether any part is given."""
    return any(getattr(new, name, UNSET) is not UNSET for name in PARTS)
