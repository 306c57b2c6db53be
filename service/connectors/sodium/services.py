"""The practice's catalogue of services. What one client has of it stands in the client's `services`."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import invalid
from service.connectors.sodium import calls
from service.connectors.sodium.wire import documented, instant, meta
from service.ids import Book
from service.resources.service_item import ServiceItem, ServiceItemCreate, ServiceItemUpdate, ServicePrice


class WirePrice(Struct, frozen=True, gc=False):
    frequency: str
    price: Decimal | None = None


class WireService(Struct, frozen=True, gc=False):
    code: str
    name: str
    description: str | None = None
    isArchived: bool = False
    accountingCode: str | None = None
    category: str | None = None
    pricing: list[WirePrice] | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


UNSUPPORTED: Final = ("rate", "taxable", "category", "income_account", "version")
_META: Final = meta(*UNSUPPORTED)


def to_service_item(wire: WireService, book: Book) -> ServiceItem:
    """A billable service. Its `sku` is the code it has in the ledger; its prices depend on how often it is billed."""
    return ServiceItem(
        id=book.ref("itm_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        sku=wire.accountingCode or None,
        description=wire.description or None,
        kind_native=wire.category,
        prices=[ServicePrice(billed=p.frequency, price=p.price) for p in wire.pricing or () if p.price is not None],
        currency=book.currency,
        active=not wire.isArchived,
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_META,
    )


_read_list = json_reader(calls.Paged[WireService])
_read_one = json_reader(WireService)


def page(query: Query, book: Book) -> Flow[RemotePage[ServiceItem]]:
    start, parameters = calls.start_of(query), calls.search_of(query)
    parameters += calls.repeated("category", query.filters.get("category", ()))
    answer = _read_list((yield calls.list_rows("/services", start, query.limit, parameters)))
    return calls.page_of(answer, start, query.limit, to_service_item, book)


def get(remote_id: str, book: Book) -> Flow[ServiceItem]:
    return to_service_item(_read_one((yield calls.read_one(calls.below("/services", remote_id)))), book)


_CATEGORIES: Final = (
    "Other",
    "CoreAccounting",
    "Tax",
    "Payroll",
    "CompanySecretarial",
    "Advisory",
    "SoftwareAndTraining",
)
_ACCEPTED: Final = ("name", "sku", "description", "kind_native", "prices")


def create(new: ServiceItemCreate, key: str, book: Book) -> Flow[ServiceItem]:
    del key
    calls.accept(new, _ACCEPTED)
    code = calls.code_of_new((yield calls.write("POST", "/services", _changes(new))))
    return (yield from calls.read_back(get(code, book)))


def update(remote_id: str, new: ServiceItemUpdate, version: str | None, key: str, book: Book) -> Flow[ServiceItem]:
    """Changes what is given; a service that is not active any more is archived."""
    del version, key
    calls.accept(new, (*_ACCEPTED, "active"))
    changes = _changes(new) | calls.said({"isArchived": UNSET if isinstance(new.active, UnsetType) else not new.active})
    path = calls.below("/services", remote_id)
    yield calls.write("PUT", path, calls.replacement((yield calls.read_one(path)), changes))
    return (yield from calls.read_back(get(remote_id, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", calls.below("/services", remote_id))


def _changes(new: ServiceItemCreate | ServiceItemUpdate) -> dict[str, Any]:
    if new.kind_native is not UNSET and new.kind_native not in _CATEGORIES:
        raise invalid("/kind_native", "choice", f"One of: {', '.join(_CATEGORIES)}.")
    prices = new.prices
    fields: dict[str, object] = {
        "name": new.name,
        "description": new.description,
        "category": new.kind_native,
        "accountingCode": new.sku,
        "pricing": prices
        if isinstance(prices, UnsetType)
        else [{"frequency": one.billed, "price": one.price} for one in prices],
    }
    return calls.said(fields)


BINDING: Final = Binding[ServiceItem, ServiceItemCreate, ServiceItemUpdate](
    doc=documented("schemas/billableservicedto.html"),
    wire=Wire(WireService, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "category": Filter(
            kind="choice",
            choices=_CATEGORIES,
            description="Sodium's own categories.",
        ),
        "search": Filter(kind="text", description="Three characters or more, wherever Sodium looks."),
    },
    max_page=calls.MAX_PAGE,
    notes="Whether archived services are listed is not published. Prices are taken to be in the account's currency. "
    "Assumed: what is written.",
)
