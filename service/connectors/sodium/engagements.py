"""Proposals and engagement letters, and how the client accepted them over the secure link."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium import calls
from service.connectors.sodium.client_details import read_services
from service.connectors.sodium.wire import RefId, day, instant, meta, money, reference, third_party
from service.ids import Book
from service.resources.engagement import (
    Acceptance,
    Engagement,
    EngagementCreate,
    EngagementStatus,
    EngagementUpdate,
    Signer,
)


class WireAcceptance(Struct, frozen=True, gc=False):
    """The image of the signature is not read, and redacted from raw records."""

    acceptedDate: datetime | None = None
    acceptedIpAddress: str | None = None
    manuallyAccepted: bool | None = None


class WireEngagement(Struct, frozen=True, gc=False):
    """`guid` opens the public page for whoever has it: not read, redacted. `annualValue` became `totalValue`."""

    code: str
    status: str
    type: str | None = None
    client: RefId | None = None
    date: str | None = None
    recipientFirstName: str | None = None
    recipientLastName: str | None = None
    acceptance: WireAcceptance | None = None
    hasProposalPdf: bool | None = None
    hasLofEPdf: bool | None = None
    totalValue: Decimal | None | UnsetType = UNSET
    annualValue: Decimal | None | UnsetType = UNSET
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


UNSUPPORTED: Final = ("starts_on", "ends_on", "services", "version")
_META: Final = meta(*UNSUPPORTED)
_WITHOUT_TOTAL: Final = meta(*UNSUPPORTED, "total")
_STATUSES: Final = {
    "Unsent": EngagementStatus.DRAFT,
    "Sent": EngagementStatus.SENT,
    "Viewed": EngagementStatus.VIEWED,
    "Accepted": EngagementStatus.SIGNED,
    "Rejected": EngagementStatus.DECLINED,
}
_WORDS: Final = {status.value: word for word, status in _STATUSES.items()}
LETTER: Final = "letter-of-engagement"
PROPOSAL: Final = "proposal"
_KINDS: Final = ("EngagementLetter", "ProposalAndEngagementLetter")


@mapper
def to_engagement(wire: WireEngagement, book: Book) -> Engagement:
    """An engagement. Sodium has no name for it; `total` is a year of what recurs and what is billed once."""
    recipient = " ".join(name for name in (wire.recipientFirstName, wire.recipientLastName) if name)
    value = wire.totalValue if not isinstance(wire.totalValue, UnsetType) else wire.annualValue
    total = UNSET if isinstance(value, UnsetType) else money(value, "$.totalValue", book)
    return Engagement(
        id=book.ref("eng_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        client=reference("cli_", wire.client, book),
        name=None,
        kind_native=wire.type,
        status=_STATUSES.get(wire.status, EngagementStatus.OTHER),
        status_native=wire.status,
        dated_on=day(wire.date, "$.date"),
        total=total,
        signers=_signers(recipient, wire.acceptance),
        acceptance=_acceptance(recipient, wire.acceptance),
        document=_document(wire, book),
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_WITHOUT_TOTAL if total is UNSET else _META,
    )


def _document(wire: WireEngagement, book: Book) -> str | None:
    """The letter, else the proposal, as a document: `engagement:<engagement>:<which>`."""
    which = LETTER if wire.hasLofEPdf else PROPOSAL if wire.hasProposalPdf else None
    return None if which is None else book.ref("doc_", f"engagement:{wire.code}:{which}")


def _signers(recipient: str, wire: WireAcceptance | None) -> list[Signer]:
    """The one who was asked to sign; without a time where somebody at the firm accepted instead."""
    if not recipient:
        return []
    if wire is None or wire.manuallyAccepted:
        return [Signer(name=recipient)]
    return [Signer(name=recipient, signed_at=instant(wire.acceptedDate), ip=wire.acceptedIpAddress)]


def _acceptance(recipient: str, wire: WireAcceptance | None) -> Acceptance | None:
    if wire is None or (wire.acceptedDate is None and not wire.manuallyAccepted):
        return None
    by = None if wire.manuallyAccepted else recipient or None
    return Acceptance(
        at=instant(wire.acceptedDate), by=by, ip=wire.acceptedIpAddress, manual=wire.manuallyAccepted or False
    )


_read_list = json_reader(calls.Paged[WireEngagement])
_read_one = json_reader(WireEngagement)


def page(query: Query, book: Book) -> Flow[RemotePage[Engagement]]:
    start, parameters = calls.start_of(query), calls.search_of(query)
    parameters += calls.repeated("client", query.filters.get("client", ()))
    parameters += calls.repeated("status", tuple(_WORDS[choice] for choice in query.filters.get("status", ())))
    answer = _read_list((yield calls.list_rows("/engagements", start, query.limit, parameters)))
    return calls.page_of(answer, start, query.limit, to_engagement, book)


def get(remote_id: str, book: Book) -> Flow[Engagement]:
    return to_engagement(_read_one((yield calls.read_one(calls.below("/engagements", remote_id)))), book)


def create(new: EngagementCreate, key: str, book: Book) -> Flow[Engagement]:
    """A new, unsent engagement. Sodium freezes the client's services as they are now; each has to be the client's."""
    del key
    calls.accept(new, ("client", "dated_on", "services", "kind_native"))
    client = remote_id_of(new.client, "cli_", book, "/client")
    if isinstance(new.dated_on, UnsetType):
        raise invalid("/dated_on", "required", "Sodium needs the day of the engagement.")
    kind = _kind(new.kind_native) or _KINDS[0]
    body: dict[str, object] = {"clientCode": client, "date": new.dated_on, "type": kind}
    if not isinstance(new.services, UnsetType):
        body["clientBillableServiceCodes"] = yield from _arrangements(client, new.services, book)
    code = calls.code_of_new((yield calls.write("POST", "/engagements", body)))
    return (yield from calls.read_back(get(code, book)))


def update(remote_id: str, new: EngagementUpdate, version: str | None, key: str, book: Book) -> Flow[Engagement]:
    """Changes what is given, by writing the whole record back. Services, when given, are frozen anew as they are now;
    otherwise those that were frozen stay."""
    del version, key
    calls.accept(new, ("dated_on", "kind_native", "services", "status"))
    path = calls.below("/engagements", remote_id)
    changes: dict[str, object] = {}
    if not isinstance(new.dated_on, UnsetType):
        changes["date"] = new.dated_on
    if (kind := _kind(new.kind_native)) is not None:
        changes["type"] = kind
    is_sent = new.status is EngagementStatus.SENT
    if not is_sent and (status := _written_status(new.status)) is not None:
        changes["status"] = status
    current = yield calls.read_one(path)
    if not isinstance(new.services, UnsetType):
        client = _read_one(current).client
        if client is None:
            raise invalid("/services", "unsupported", "The engagement is no client's.")
        changes["clientBillableServiceCodes"] = yield from _arrangements(client.code, new.services, book)
    if changes or not is_sent:
        yield calls.write("PUT", path, calls.replacement(current, changes, _FROZEN))
    if is_sent:
        yield calls.write("POST", f"{path}/email", {})
    return (yield from calls.read_back(get(remote_id, book)))


_FROZEN: Final = frozenset({"acceptance", "clientBillableServices"})
"""What a PUT leaves alone when it does not name it."""
_BY_HAND: Final = {EngagementStatus.SIGNED: "Accepted", EngagementStatus.DECLINED: "Rejected"}


def _kind(word: str | UnsetType) -> str | None:
    if isinstance(word, UnsetType):
        return None
    if word not in _KINDS:
        raise invalid("/kind_native", "choice", f"One of: {', '.join(_KINDS)}.")
    return word


def _written_status(status: EngagementStatus | UnsetType) -> str | None:
    """What somebody at the firm can say in the client's place."""
    if isinstance(status, UnsetType):
        return None
    if status not in _BY_HAND:
        raise invalid("/status", "unsupported", f"One of: sent, {', '.join(_BY_HAND)}.")
    return _BY_HAND[status]


def _arrangements(client: str, services: list[str], book: Book) -> Flow[list[str]]:
    """The client's own arrangement for each service of the catalogue. Raises Invalid where the client has none."""
    wanted = [remote_id_of(one, "itm_", book, f"/services/{index}") for index, one in enumerate(services)]
    path = calls.below("/clients", client) + "/services/clientbillableservice"
    rows = read_services((yield calls.list_rows(path, 0, calls.MAX_PAGE)))
    codes = {row.billableService.code: row.code for row in rows if row.billableService is not None}
    for index, service in enumerate(wanted):
        if service not in codes:
            raise invalid(f"/services/{index}", "not_found", "The client does not have this service.")
    return [codes[service] for service in wanted]


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", calls.below("/engagements", remote_id))


BINDING: Final = Binding[Engagement, EngagementCreate, EngagementUpdate](
    doc=third_party("schemas/engagementdto.html"),
    wire=Wire(WireEngagement, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="The engagements of one client."),
        "status": Filter(kind="choice", choices=tuple(_WORDS), description="How far it has come."),
        "search": Filter(kind="text", description="Three characters or more, wherever Sodium looks."),
    },
    max_page=calls.MAX_PAGE,
    notes="Documented: the record and the requests; by a third party: the addresses. `total` is in the account's "
    "currency: Sodium names none. Without `kind_native` a new engagement is a letter alone. To write "
    "`signed` or `declined` says so in the client's place (assumed); `sent` sends the practice's usual e-mail with the "
    "secure link, over which the client accepts: `acceptance` tells when and from where. `document` is the letter or "
    "the proposal, to be downloaded. The secure link and the "
    "image of the signature are never shown. The services that were frozen are not in the published record.",
)
