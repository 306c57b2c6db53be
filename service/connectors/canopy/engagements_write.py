"""New and changed engagements for Canopy: their services are named, what they cost follows."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.engagement import EngagementCreate, EngagementStatus, EngagementUpdate


class WriteItem(Struct, frozen=True):
    service_item_id: str
    quantity: int = 1


class WriteSigner(Struct, frozen=True):
    contact_id: str


class WriteEngagement(Struct, frozen=True, kw_only=True):
    client_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    start_date: date | UnsetType = UNSET
    end_date: date | UnsetType = UNSET
    items: list[WriteItem] | UnsetType = UNSET
    signers: list[WriteSigner] | UnsetType = UNSET


_ACCEPTED: Final = ("name", "starts_on", "ends_on", "services", "signers")
_STATUSES: Final = {
    EngagementStatus.DRAFT: "draft",
    EngagementStatus.SENT: "sent",
    EngagementStatus.SIGNED: "active",
    EngagementStatus.ARCHIVED: "archived",
}


def from_engagement_create(new: EngagementCreate, book: Book) -> WriteEngagement:
    """The body of a new engagement. Raises Invalid without a name."""
    accept(new, (*_ACCEPTED, "client"), "Canopy")
    if isinstance(new.name, UnsetType):
        raise invalid("/name", "required", "Canopy asks for the name of an engagement.")
    return WriteEngagement(
        client_id=remote_id_of(new.client, "cli_", book, "/client"),
        name=new.name,
        start_date=new.starts_on,
        end_date=new.ends_on,
        items=_items(new.services, book),
        signers=_signers(new.signers, book),
    )


def from_engagement_update(new: EngagementUpdate, book: Book) -> WriteEngagement:
    """The body of a change; services, when given, replace all of them."""
    accept(new, (*_ACCEPTED, "status"), "Canopy")
    status = new.status
    if not isinstance(status, UnsetType) and status not in _STATUSES:
        raise invalid("/status", "unsupported", f"One of: {', '.join(_STATUSES)}.")
    return WriteEngagement(
        name=new.name,
        status=status if isinstance(status, UnsetType) else _STATUSES[status],
        start_date=new.starts_on,
        end_date=new.ends_on,
        items=_items(new.services, book),
        signers=_signers(new.signers, book),
    )


def _signers(contacts: Sequence[str] | UnsetType, book: Book) -> list[WriteSigner] | UnsetType:
    if isinstance(contacts, UnsetType):
        return UNSET
    return [WriteSigner(remote_id_of(one, "cnt_", book, f"/signers/{at}")) for at, one in enumerate(contacts)]


def _items(services: Sequence[str] | UnsetType, book: Book) -> list[WriteItem] | UnsetType:
    if isinstance(services, UnsetType):
        return UNSET
    return [
        WriteItem(remote_id_of(service, "itm_", book, f"/services/{index}")) for index, service in enumerate(services)
    ]
