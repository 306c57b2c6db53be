"""Clients: what TaxDome calls accounts. An account has no e-mail address; its contacts have."""

from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import invalid
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Meta


class WireAccount(Struct, frozen=True, gc=False):
    """The contacts of an account are read where they are: each contact names its accounts."""

    id: str
    name: str
    type: str | None
    tags: list[str]
    linked: Annotated[bool | None, UNMAPPED]
    contact_ids: Annotated[list[str], UNMAPPED]


UNSUPPORTED: Final = (
    "legal_name",
    "given_name",
    "family_name",
    "filing_type",
    "addresses",
    "website",
    "owner",
    "manager",
    "partner",
    "parent",
    "group",
    "linked",
    "external_id",
    "custom_fields",
    "tax_ids",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "billing_lines",
    "note_entries",
    "currency",
    "notes",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_KINDS: Final = {"individual": ClientKind.INDIVIDUAL, "business": ClientKind.BUSINESS}


def to_client(wire: WireAccount, book: Book) -> Client:
    """An account as a client. TaxDome knows no status of clients, only tags: `other`, with no word beside it."""
    return Client(
        id=book.ref("cli_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        display_name=wire.name,
        kind=_KINDS.get(wire.type or "", ClientKind.OTHER),
        kind_native=wire.type,
        status=ClientStatus.OTHER,
        status_native=None,
        emails=[],
        phones=[],
        tags=wire.tags,
        meta=_META,
    )


_read_one = json_reader(WireAccount)
_ACCEPTED: Final = ("display_name", "kind", "tags")
_WORDS: Final = {kind: word for word, kind in _KINDS.items()}


def create(new: ClientCreate, key: str, book: Book) -> Flow[Client]:
    """A new account, without contacts. Raises Invalid for what an account has no place for."""
    del key
    return (yield from calls.written("POST", "/accounts", _body(new), _read_one, to_client, book))


def update(remote_id: str, new: ClientUpdate, version: str | None, key: str, book: Book) -> Flow[Client]:
    del version, key
    path = calls.below("/accounts", remote_id)
    return (yield from calls.written("PATCH", path, _body(new), _read_one, to_client, book))


def _body(new: ClientCreate | ClientUpdate) -> dict[str, object]:
    calls.accept(new, _ACCEPTED)
    kind = new.kind
    if kind is ClientKind.OTHER:
        raise invalid("/kind", "choice", "One of: individual, business.")
    body: dict[str, object] = {
        "name": new.display_name,
        "type": UNSET if isinstance(kind, UnsetType) else _WORDS[kind],
        "tags": new.tags,
    }
    return {name: value for name, value in body.items() if value is not UNSET}


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=DOC,
    wire=Wire(WireAccount, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/accounts", json_reader(calls.Paged[WireAccount]), to_client),
    get=calls.gets("/accounts", _read_one, to_client),
    create=create,
    update=update,
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} A client is an account: it has no e-mail address and no telephone of its own, its contacts have; "
    "and no status, only tags. The list belongs to the login: it is the same whichever account is asked, under ids of "
    f"that account. {PAGES_MOVE}",
)
