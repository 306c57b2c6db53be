"""The fields that the practice added to its clients."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sodium import calls
from service.connectors.sodium.wire import documented, meta
from service.ids import Book
from service.resources.service_item import CustomField, CustomFieldKind


class WireDefinition(Struct, frozen=True, gc=False):
    code: str
    label: str
    dataType: str
    options: list[str] | None = None
    customFieldGroupCode: str | None = None


UNSUPPORTED: Final = ("required", "version")
_META: Final = meta(*UNSUPPORTED)
_KINDS: Final = {
    "Text": CustomFieldKind.TEXT,
    "TextArea": CustomFieldKind.TEXT,
    "Email": CustomFieldKind.TEXT,
    "Address": CustomFieldKind.TEXT,
    "Number": CustomFieldKind.NUMBER,
    "Date": CustomFieldKind.DATE,
    "Boolean": CustomFieldKind.BOOLEAN,
    "Select": CustomFieldKind.SELECT,
    "MultiSelect": CustomFieldKind.MULTI_SELECT,
}


def to_custom_field(wire: WireDefinition, book: Book) -> CustomField:
    """The definition of a field. Addresses and e-mail addresses are texts."""
    return CustomField(
        id=book.ref("cfd_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        name=wire.label,
        kind=_KINDS.get(wire.dataType, CustomFieldKind.OTHER),
        kind_native=wire.dataType,
        group=wire.customFieldGroupCode,
        choices=wire.options or [],
        meta=_META,
    )


_read_list = json_reader(calls.Paged[WireDefinition])
_read_one = json_reader(WireDefinition)


def page(query: Query, book: Book) -> Flow[RemotePage[CustomField]]:
    start = calls.start_of(query)
    answer = _read_list((yield calls.list_rows("/custom-fields", start, query.limit)))
    return calls.page_of(answer, start, query.limit, to_custom_field, book)


def get(remote_id: str, book: Book) -> Flow[CustomField]:
    return to_custom_field(_read_one((yield calls.read_one(calls.below("/custom-fields", remote_id)))), book)


BINDING: Final = Binding[CustomField, Any, Any](
    doc=documented("schemas/customfielddefinitiondto.html"),
    wire=Wire(WireDefinition, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    max_page=calls.MAX_PAGE,
    notes="A client's `custom_fields` go by the definition's `remote_id`; their values are texts.",
)
