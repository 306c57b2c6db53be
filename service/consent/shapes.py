"""Consents and disclosures as the API shows them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from billing import VoidReason
from service import ids
from service.audit.entry import Entry, happened_at
from service.consent.sign import Signature
from service.consent.store import Consent as StoredConsent

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class SignatureEvidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The evidence that a consent was signed."""

    signed_by: Text
    """Who signed, with the capacity they signed in."""
    signed_at: datetime
    """When; with an offset, and not in the future."""
    method: Text
    """How, such as `e_signature`, `wet_ink` or `click_through`."""
    document_sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    """SHA-256, in hex, of the document that was signed."""


class NewConsent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A consent to enter, once it is signed."""

    firm: str
    """The firm, `firm_…`."""
    connection: str | None = None
    """Only this connection, `con_…`; every one of the firm's when left out."""
    client: str | None = None
    """Only this client, `cli_…`, who has consented itself; all of the firm's clients when left out."""
    recipient: Text
    """To whom the information may be disclosed."""
    purpose: Annotated[str, Meta(min_length=1, max_length=500)]
    """What for."""
    items: Annotated[tuple[str, ...], Meta(min_length=1, max_length=40)]
    """What: nouns of this API, such as `clients` and `invoices`."""
    clients_consented: bool = False
    """The firm states that it holds the written consents of the clients whose tax-return information is meant."""
    from_: datetime | None = None
    """When it begins; at once when left out. Never in the past."""
    to: datetime | None = None
    """When it ends; null for until it is revoked."""
    signature: SignatureEvidence
    """The evidence."""
    requested_by: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    """The person who enters it, by e-mail address; needed where the firm wants a second person for consents."""
    approval: str | None = None
    """`apr_…`: the second person's approval, where the firm wants one."""


class Consent(Struct, frozen=True, kw_only=True, tag_field="object", tag="consent", rename={"from_": "from"}):
    """What a firm, or one client of it, has consented to in writing."""

    id: str
    """`cns_…`"""
    firm: str
    """The firm, `firm_…`."""
    connection: str | None
    """Only this connection; null for every one of the firm's."""
    client: str | None
    """Only this client; null for all of the firm's clients."""
    recipient: str
    """To whom the information may be disclosed."""
    purpose: str
    """What for."""
    items: tuple[str, ...]
    """What: nouns of this API; `*` for everything, where an operator entered it with a connection."""
    clients_consented: bool
    """The firm states that it holds its clients' written consents."""
    from_: datetime
    """When it begins: never before it was entered here."""
    to: datetime | None
    """When it ends."""
    signature: SignatureEvidence | None
    """The evidence; null where an operator entered it with a connection."""
    granted_by: str
    """Who consented."""
    recorded_at: datetime
    """When it was entered here."""
    revoked_at: datetime | None
    """When it was taken back."""


class Disclosure(Struct, frozen=True, kw_only=True, tag_field="object", tag="disclosure"):
    """One call that handed out client data, and the consents that it rested on."""

    request_id: str
    """The call's, `req_…`."""
    at: datetime
    """When it came in."""
    key: str
    """The key that called, `key_…`."""
    firm: str
    """Whose data."""
    connection: str
    """Through which connection."""
    vendor: str
    """From which vendor."""
    operation: str
    """The call's `operationId`."""
    rows: int
    """Records handed out."""
    consents: tuple[str, ...]
    """The consents, `cns_…`."""
    purpose: str | None
    """What the first of them is for."""
    delivery: Literal["sent", "broken_off", "withheld"]
    """`sent` whole; `broken_off`: at most a part of it was; `withheld`: the caller was answered 503 instead, and the
    row was made before that was known."""


_DELIVERY: Final[dict[VoidReason | None, Literal["sent", "broken_off", "withheld"]]] = {
    None: "sent",
    VoidReason.BROKEN_OFF: "broken_off",
    VoidReason.ANSWERED_503: "withheld",
}
_FIRM: Final = "firm_01k3sd2p9ze5ybqk7c5q6qd9q4"
_ID: Final = "cns_01k3sd2pjhfmh9pgwzpxrqsk7k"
_TERMS: Final[dict[str, Any]] = {
    "firm": _FIRM,
    "recipient": "Ledgerline Apps",
    "purpose": "Matching invoices with payments",
    "items": ["clients", "invoices", "payments"],
    "to": "2099-11-20T00:00:00Z",
    "signature": {
        "signed_by": "Morgan Vale, partner",
        "signed_at": "2026-11-02T11:58:00Z",
        "method": "e_signature",
        "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
}
NEW_CONSENT: Final[dict[str, Any]] = _TERMS
CONSENT: Final[dict[str, Any]] = {
    "object": "consent",
    "id": _ID,
    "connection": None,
    "client": None,
    "clients_consented": False,
    "from": "2026-11-20T12:00:00Z",
    "granted_by": "Morgan Vale, partner",
    "recorded_at": "2026-11-20T12:00:00Z",
    "revoked_at": None,
    **_TERMS,
}
DISCLOSURE: Final[dict[str, Any]] = {
    "object": "disclosure",
    "request_id": "req_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "at": "2026-11-20T12:01:00Z",
    "key": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "firm": _FIRM,
    "connection": "con_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "vendor": "quickbooks",
    "operation": "listInvoices",
    "rows": 50,
    "consents": [_ID],
    "purpose": "Matching invoices with payments",
    "delivery": "sent",
}


def to_consent(stored: StoredConsent) -> Consent:
    """A consent as it is shown."""
    begins = max(stored.recorded_at, stored.starts_at or stored.granted_at)
    return Consent(
        id=ids.encode("cns", stored.id),
        firm=ids.encode("firm", stored.firm_id),
        connection=_ref("con", stored.connection_id),
        client=stored.client,
        recipient=stored.recipient,
        purpose=stored.purpose,
        items=stored.items,
        clients_consented=stored.clients_consented,
        from_=begins,
        to=stored.expires_at,
        signature=None if stored.signature is None else msgspec.json.decode(stored.signature, type=SignatureEvidence),
        granted_by=stored.granted_by,
        recorded_at=stored.recorded_at,
        revoked_at=stored.revoked_at,
    )


def to_signature(shown: SignatureEvidence) -> Signature:
    """The evidence as it is kept."""
    return msgspec.convert(msgspec.structs.asdict(shown), Signature)


def to_disclosure(entry: Entry, void: VoidReason | None) -> Disclosure:
    """The audit row of a call that handed out client data, as its disclosure; `void` is why it was taken back."""
    assert entry.firm is not None
    assert entry.connection is not None
    return Disclosure(
        request_id=ids.encode("req", entry.id),
        at=happened_at(entry),
        key=ids.encode("key", UUID(entry.actor.removeprefix("key:"))),
        firm=ids.encode("firm", entry.firm),
        connection=ids.encode("con", entry.connection),
        vendor=entry.vendor or "",
        operation=entry.what,
        rows=entry.rows,
        consents=tuple(ids.encode("cns", one) for one in entry.consents),
        purpose=entry.purpose,
        delivery=_DELIVERY[void],
    )


def _ref(prefix: str, value: UUID | None) -> str | None:
    return None if value is None else ids.encode(prefix, value)
