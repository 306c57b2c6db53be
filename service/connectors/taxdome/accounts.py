"""Every account that the login can reach, as TaxDome's account switcher shows them."""

from typing import Annotated, Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.common import Meta
from service.resources.user import LinkedAccount


class WireLinkedAccount(Struct, frozen=True, gc=False):
    """An account as the roster needs it; as a client it has tags and contacts too."""

    id: str
    name: str
    type: str | None
    linked: bool | None
    tags: Annotated[list[str], UNMAPPED]
    contact_ids: Annotated[list[str], UNMAPPED]


UNSUPPORTED: Final = ("version",)
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_account(wire: WireLinkedAccount, book: Book) -> LinkedAccount:
    """An account of the roster. Its `remote_id` is what `Account-Id` takes."""
    return LinkedAccount(
        id=book.ref("acc_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        kind_native=wire.type,
        linked=wire.linked,
        meta=_META,
    )


BINDING: Final = Binding[LinkedAccount, Any, Any](
    doc=DOC,
    wire=Wire(WireLinkedAccount, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/accounts", json_reader(calls.Paged[WireLinkedAccount]), to_account),
    get=calls.gets("/accounts", json_reader(WireLinkedAccount), to_account),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The roster belongs to the login: it is the same whichever account is asked. A session "
    "stands at one account at a time and is moved as calls need it: calls for several accounts at once get in each "
    f"other's way, and one that loses twice is to be made again. {PAGES_MOVE}",
)
