"""What Stripe tells us: proved to be from Stripe, kept once, and taken as a hint to look, whatever its order.

verify → keep_once, in the request     handle_waiting, in the worker: what an event speaks of is read again

An event changes nothing by what it says; so one that is late, early, doubled or invented by whoever stole a secret can
at most make us look at Stripe once more.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from billing.errors import InvoiceStateError
from billing.store import QUERIES, Connection
from billing.stripe_customers import take_payment_method
from billing.stripe_rail import RailFault, RailRefused, StripeRail
from billing.stripe_state import Told, read_stripe_invoice

TOLERANCE_S: Final = 300
NO_ORG: Final = UUID(int=0)
_TRIES: Final = 12
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


class WebhookForged(Exception):  # noqa: N818
    """No signature of one of our secrets over exactly these bytes."""


class WebhookTooOld(Exception):  # noqa: N818
    """Rightly signed, but more than five minutes ago, or in the future: somebody sends again what they once saw."""


class WebhookUnreadable(Exception):  # noqa: N818
    """Rightly signed, and no event of Stripe's."""


class EventChanged(Exception):  # noqa: N818
    """An id that is known, with another content: never kept."""


class Kept(StrEnum):
    """What became of an event that arrived."""

    NEW = "new"
    DUPLICATE = "duplicate"


class _Object(msgspec.Struct, frozen=True):
    id: str | None = None
    kind: str = msgspec.field(name="object", default="")
    customer: str | dict[str, Any] | None = None
    invoice: str | dict[str, Any] | None = None
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct, frozen=True):
    object: _Object


class Event(msgspec.Struct, frozen=True):
    """As much of an event as we use."""

    id: str
    type: str
    created: int
    data: _Data
    kind: str = msgspec.field(name="object", default="")

    @property
    def org_id(self) -> UUID:
        """The organization that the object names; the nil id for none: the same for every delivery."""
        try:
            return UUID((self.data.object.metadata or {})["tickmark_org"])
        except (KeyError, ValueError):
            return NO_ORG


def verify(body: bytes, header: str | None, secrets: Sequence[bytes], at: datetime) -> Event:
    """The event in a delivery. Two secrets hold while one replaces the other.

    Source: docs.stripe.com/webhooks/signature, read 2026-11-20: `t=…,v1=…[,v1=…]`, HMAC-SHA256 of `t.body`.
    Raises WebhookForged, WebhookTooOld or WebhookUnreadable.
    """
    signed_at, signatures = _read_header(header or "")
    signed = b"%d." % signed_at + body
    good = [hmac.new(secret, signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(one, given) for one in good for given in signatures):
        raise WebhookForged("no signature fits")
    if abs(at.timestamp() - signed_at) > TOLERANCE_S:
        raise WebhookTooOld("signed more than five minutes ago")
    try:
        event = msgspec.json.decode(body, type=Event)
    except msgspec.DecodeError as error:
        raise WebhookUnreadable("not an event") from error
    if event.kind != "event":
        raise WebhookUnreadable("not an event")
    return event


async def keep_once(connection: Connection, event: Event) -> Kept:
    """Keeps an event for the worker. EventChanged when its id is known with another content."""
    # Not of the body: how often Stripe still means to deliver it stands in there too.
    digest = hashlib.sha256(f"{event.type}|{event.created}|{event.data.object.id}".encode()).digest()
    created_at = datetime.fromtimestamp(event.created, UTC)
    columns = (event.org_id, event.id, event.type, _subject(event), digest, created_at)
    if await connection.execute(QUERIES["insert_stripe_event"], *columns) == "INSERT 0 1":
        return Kept.NEW
    known = await connection.fetchval(QUERIES["get_stripe_event_digest"], event.org_id, event.id)
    if known != digest:
        raise EventChanged(event.id)
    return Kept.DUPLICATE


async def handle_waiting(
    connection: Connection, rail: StripeRail, told: Told | None = None, *, limit: int = 100
) -> int:
    """Looks at what each waiting event speaks of; how many were settled. What fails waits for the next time.

    `told` hears of each move of our invoices that follows.
    """
    settled = 0
    for row in await connection.fetch(QUERIES["list_waiting_stripe_events"], limit):
        try:
            state, error = await _handle(connection, rail, told, row["event_id"], row["type"], row["object_id"]), None
        except (RailRefused, InvoiceStateError, ValueError) as refusal:
            state, error = "failed", str(refusal)  # a person has to look: money that our invoice does not take
        except RailFault as fault:
            state, error = "waiting" if row["attempts"] + 1 < _TRIES else "failed", str(fault)
        await connection.execute(QUERIES["mark_stripe_event"], row["org_id"], row["event_id"], state, error)
        settled += state != "waiting"
    return settled


async def _handle(
    connection: Connection, rail: StripeRail, told: Told | None, event_id: str, type_: str, subject: str
) -> str:
    if subject.startswith("in_"):
        try:
            await read_stripe_invoice(connection, rail, subject, told)
        except LookupError:
            return "ignored"
        return "handled"
    if subject.startswith("cus_"):
        org_id = await connection.fetchval(QUERIES["find_stripe_customer"], subject)
        if org_id is None:
            return "ignored"
        await take_payment_method(connection, rail, org_id, subject, event_id)
        return "handled"
    return "ignored"


def _subject(event: Event) -> str:
    """What to read again: the invoice an event is about, else the customer, else the object itself."""
    about = event.data.object
    if event.type.startswith(("invoice.", "credit_note.", "invoice_payment.", "charge.", "payment_intent.", "refund.")):
        found = about.id if about.kind == "invoice" else about.invoice
    elif event.type.startswith(("checkout.session.", "setup_intent.", "payment_method.", "customer.updated")):
        found = about.id if about.kind == "customer" else about.customer
    else:
        found = about.id
    return found if isinstance(found, str) else (about.id or "")


def _read_header(header: str) -> tuple[int, list[str]]:
    signed_at = ""
    signatures: list[str] = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            signed_at = value
        elif name == "v1" and value.isascii():
            signatures.append(value)
    if not _TIMESTAMP.fullmatch(signed_at) or not signatures:
        raise WebhookForged("no signature")
    return int(signed_at), signatures
