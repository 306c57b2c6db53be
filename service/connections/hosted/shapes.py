"""Link sessions and connect settings as the API shows them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from service import ids
from service.connections.hosted.store import LinkSession, Step

Url = Annotated[str, Meta(min_length=1, max_length=1000)]
Slug = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,31}$")]
Status: TypeAlias = Literal["open", "signed", "choosing", "finished", "cancelled", "expired"]
_GOING: Final[dict[Step, Status]] = {Step.SIGN: "open", Step.CONNECT: "signed", Step.CHOOSE: "choosing"}


class NewLinkSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page on which a firm can connect."""

    firm: str
    """Whose records, `firm_…`."""
    purpose: Annotated[str, Meta(min_length=1, max_length=500)]
    """What the data are for, in words that the firm's person reads and signs."""
    return_url: Url | None = None
    """Where the page leads back to: one of the organization's return URLs, with any query. The page ends with us when
    left out, as a link that is mailed to a firm does."""
    vendors: Annotated[tuple[Slug, ...], Meta(max_length=20)] = ()
    """The vendors to choose from; every one that can be connected when left out."""
    items: Annotated[tuple[str, ...], Meta(max_length=40)] = ()
    """The nouns of this API that are asked for; all when left out."""
    consent_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    """How long the consent lasts."""
    connection: str | None = None
    """Connect this one again, `con_…`: its id and the ids of its records stay."""


class LinkSessionView(Struct, frozen=True, kw_only=True, tag_field="object", tag="link_session"):
    """A page on which a firm can connect, once, within half an hour."""

    id: str
    """`lks_…`"""
    firm: str
    """`firm_…`"""
    status: Status
    """How far the firm's person has come."""
    url: str | None
    """The page's address, at its making alone: whoever holds it can use the page."""
    vendors: tuple[str, ...]
    """The vendors to choose from."""
    vendor: str | None
    """The one that was chosen."""
    connection: str | None
    """The connection, once it is finished."""
    return_url: str | None
    """Where the page leads back to, if anywhere; `link_session` and `connection` are put into its query."""
    created_at: datetime
    """When it was made."""
    expires_at: datetime
    """When it ends."""


class ConnectSettingsView(Struct, frozen=True, kw_only=True, tag_field="object", tag="connect_settings"):
    """How the organization's connect pages behave."""

    return_urls: tuple[str, ...]
    """Where pages may lead back to, without query."""
    accent: str | None
    """The pages' colour, six hex digits."""


class ConnectSettingsUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change."""

    return_urls: Annotated[tuple[Url, ...], Meta(max_length=50)] | UnsetType = UNSET
    """The whole list."""
    accent: Annotated[str, Meta(pattern="^[0-9a-f]{6}$")] | None | UnsetType = UNSET
    """Six hex digits; null for ours."""


def status_of(session: LinkSession, at: datetime) -> Status:
    """How far the firm's person has come."""
    going = _GOING.get(session.step)
    if going is None:
        return "finished" if session.step is Step.FINISHED else "cancelled"
    return "expired" if session.expires_at <= at else going


def to_link_session(session: LinkSession, url: str | None, at: datetime) -> LinkSessionView:
    """A session as it is shown; its address at its making alone."""
    return LinkSessionView(
        id=ids.encode("lks", session.id),
        firm=ids.encode("firm", session.firm_id),
        status=status_of(session, at),
        url=url,
        vendors=session.vendors,
        vendor=session.vendor,
        connection=None if session.connection_id is None else ids.encode("con", session.connection_id),
        return_url=session.return_url,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )


CON: Final = "con_01k3sd2pjhfmh9pgwzpxrqsk7k"
SETTINGS: Final[dict[str, Any]] = {
    "object": "connect_settings",
    "return_urls": ["https://app.ledgerline.example/connected"],
    "accent": "1c5d47",
}
NEW: Final[dict[str, Any]] = {
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "return_url": "https://app.ledgerline.example/connected?user=42",
    "purpose": "Matching invoices with payments",
    "vendors": ["quickbooks"],
    "items": ["clients", "invoices", "payments"],
}
SESSION: Final[dict[str, Any]] = {
    "object": "link_session",
    "id": "lks_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "firm": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "status": "open",
    "url": "https://connect.tickmark.example/connect/0f4c…",
    "vendors": ["quickbooks"],
    "vendor": None,
    "connection": None,
    "return_url": "https://app.ledgerline.example/connected?user=42",
    "created_at": "2026-11-20T12:00:00Z",
    "expires_at": "2026-11-20T12:30:00Z",
}
