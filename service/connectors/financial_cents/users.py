"""The firm's people: id, name and e-mail address are all that is known of them."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.financial_cents import lists
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import converted
from service.ids import Book
from service.resources.common import Email, Meta
from service.resources.user import User


class WireUser(Struct, frozen=True, gc=False):
    id: int | str
    name: str | None
    email: str | None = None


UNSUPPORTED: Final = (
    "given_name",
    "family_name",
    "teams",
    "role",
    "status",
    "status_native",
    "mfa_level",
    "mfa_level_native",
    "devices",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_user(wire: WireUser, book: Book) -> User:
    remote_id = str(wire.id)
    return User(
        id=book.ref("usr_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        name=wire.name or wire.email or remote_id,
        emails=[Email(wire.email)] if wire.email else [],
        meta=_META,
    )


_read_list: Final = lists.reader(WireUser)


def page(query: Query, book: Book) -> Flow[RemotePage[User]]:
    place = lists.place_of(query)
    answer = _read_list((yield lists.rows("/users", place)))
    return RemotePage(converted(answer.data, to_user, book, "$.data"), lists.following(answer, place))


BINDING: Final = Binding[User, Any, Any](
    doc=lists.DOC,
    wire=Wire(WireUser, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    max_page=lists.MOST,
    notes="Assumed: that this list has pages as the others have.",
)
