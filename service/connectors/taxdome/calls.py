"""The calls that all of TaxDome's collections share.

Every call names the account that it is for in `X-Account-Id`. A session stands at one account at a time: for another
one the answer is 409 `account_switch`, and the session has to be moved there first.

Lists answer `{items, next_page}`. A page's position is `<lane>.<page>.<size>`: the size is the first page's, because
page numbers count in it, and a lane is one of several lists that the vendor keeps apart and the unified noun does not.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging, Conflict, OutcomeUnknown, Refused, Unavailable, Unreadable
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import converted
from service.connectors.sdk.references import accept as accept_only
from service.connectors.sdk.references import invalid, path_segment, remote_id_of
from service.connectors.taxdome.faults import ACCOUNT_SWITCH, code_of
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")

MAX_PAGE: Final = 100
Parameters = tuple[tuple[str, str], ...]


class Paged(Struct, Generic[W], frozen=True, gc=False):
    """One page of any list."""

    items: list[W]
    next_page: int | None


class Lane(Struct, Generic[W, M], frozen=True):
    """One of the vendor's lists and what its rows become."""

    path: str
    read: Callable[[Response], Paged[W]]
    convert: Callable[[W, Book], M]
    parameters: Parameters = ()


class Place(Struct, frozen=True):
    """Where a list stands."""

    lane: int
    page: int
    size: int

    @staticmethod
    def of(query: Query) -> "Place":
        if query.position is None:
            return Place(0, 1, min(query.limit, MAX_PAGE))
        lane, page, size = query.position.split(".")
        return Place(int(lane), int(page), int(size))

    def __str__(self) -> str:
        return f"{self.lane}.{self.page}.{self.size}"


def ask(request: Request, book: Book) -> Flow[Response]:
    """The answer to a request about this account; moves the session there once if it stands at another.

    Raises Unavailable when it was moved away again meanwhile: the request was not carried out, and may be made later.
    """
    try:
        return (yield request)
    except Conflict as fault:
        if fault.code != ACCOUNT_SWITCH:
            raise
    return (yield from after_select(request, book))


def after_select(request: Request, book: Book) -> Flow[Response]:
    """The answer to a request for which the session is moved first. Raises Unavailable as `ask` does."""
    yield select(book)
    try:
        return (yield request)
    except Conflict as fault:
        if fault.code != ACCOUNT_SWITCH:
            raise
        raise Unavailable(
            "the session is being used for another account at the same time", status=409, code=ACCOUNT_SWITCH
        ) from None


def select(book: Book) -> Request:
    """Moves the session to this account. Doing so twice is the same as once."""
    path = f"/accounts/{path_segment(book.account)}/select"
    return Request(method="POST", path=path, headers=scope(book), lane="write", repeatable=True, aside=True)


def scope(book: Book) -> tuple[tuple[str, str], ...]:
    """The header that says which account a call is for; none while the accounts are still being looked for.

    Raises NotFound for what cannot be an account's id.
    """
    return (("x-account-id", path_segment(book.account)),) if book.account else ()


def read_one(path: str, book: Book) -> Request:
    return Request(method="GET", path=path, headers=scope(book), lane="read")


def list_rows(
    path: str, page: int, size: int, book: Book, parameters: Parameters = (), *, aside: bool = False
) -> Request:
    paging = (("page", str(page)), ("per_page", str(size)))
    query = parameters + paging
    return Request(method="GET", path=path, query=query, headers=scope(book), lane="read", aside=aside)


def write(method: Literal["POST", "PATCH", "DELETE"], path: str, body: object, book: Book) -> Request:
    """A write. TaxDome is not known to take a key of ours, so it is never sent twice."""
    sent = None if body is None else _encode(body)
    return Request(method=method, path=path, body=sent, headers=scope(book), lane="write")


def written(
    method: Literal["POST", "PATCH"],
    path: str,
    body: object,
    read: Callable[[Response], W],
    convert: Callable[[W, Book], M],
    book: Book,
) -> Flow[M]:
    """The record after a write. Raises OutcomeUnknown when the answer cannot be read: it was written all the same."""
    return understood((yield from ask(write(method, path, body, book), book)), read, convert, book)


def understood(answer: Response, read: Callable[[Response], W], convert: Callable[[W, Book], M], book: Book) -> M:
    """The record in a good answer to a write. Raises OutcomeUnknown for an unreadable one: it was written anyway."""
    try:
        return convert(read(answer), book)
    except Unreadable:
        raise OutcomeUnknown("written, but the vendor's answer cannot be read", status=answer.status) from None


def deletes(path: str) -> Callable[[str, str | None, str, Book], Flow[None]]:
    """The port that deletes one record of a collection."""

    def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
        del version, key
        refuse_fault((yield from ask(write("DELETE", below(path, remote_id), None, book), book)))

    return delete


def refuse_fault(answer: Response) -> None:
    """Raises Refused for a good answer, read for nothing else, that tells of a fault."""
    if (code := code_of(answer)) is not None:
        raise Refused("the vendor says in a good answer that it failed", status=answer.status, code=code)


def accept(new: Struct, names: tuple[str, ...]) -> None:
    """Raises Invalid at the first field that is given and not among `names`: TaxDome has no place for it."""
    accept_only(new, names, "TaxDome")


def own_client(client: str, book: Book, pointer: str = "/client") -> None:
    """Raises Invalid at `pointer` for a client whose account is not the one that is written to."""
    if remote_id_of(client, "cli_", book, pointer) != book.account:
        raise invalid(pointer, "other_account", "At TaxDome a client is an account: name it in `Account-Id` too.")


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def below(collection: str, remote_id: str, *rest: str) -> str:
    """`/invoices`, `7` → `/invoices/7`. Raises NotFound for what cannot be an id."""
    return "/".join((collection, path_segment(remote_id), *rest))


def page_over(lanes: Sequence[Lane[W, M]], query: Query, book: Book) -> Flow[RemotePage[M]]:
    """The next page of the lane that the list is in; empty lanes are passed over."""
    place = Place.of(query)
    for index in range(place.lane, len(lanes)):
        lane = lanes[index]
        request = list_rows(lane.path, place.page, place.size, book, lane.parameters)
        answer = lane.read((yield from ask(request, book)))
        records = converted(answer.items, lane.convert, book, "$.items")
        following = next_page(answer, place.page)
        if following is not None:
            return RemotePage(records, str(Place(index, following, place.size)))
        place = Place(index + 1, 1, place.size)
        if records:
            return RemotePage(records, str(place) if place.lane < len(lanes) else None)
    return RemotePage([], None)


def next_page(answer: Paged[Any], page: int) -> int | None:
    """The number of the page after this one. Raises BrokenPaging when it does not lead forward."""
    following = answer.next_page
    if following is not None and following <= page:
        raise BrokenPaging("the vendor's pages do not lead forward")
    return following


def pages(
    path: str, read: Callable[[Response], Paged[W]], convert: Callable[[W, Book], M]
) -> Callable[[Query, Book], Flow[RemotePage[M]]]:
    """The port that lists one collection."""
    lanes = (Lane(path, read, convert),)
    return lambda query, book: page_over(lanes, query, book)


def gets(path: str, read: Callable[[Response], W], convert: Callable[[W, Book], M]) -> Callable[[str, Book], Flow[M]]:
    """The port that reads one record of a collection."""

    def get(remote_id: str, book: Book) -> Flow[M]:
        return convert(read((yield from ask(read_one(below(path, remote_id), book), book))), book)

    return get
