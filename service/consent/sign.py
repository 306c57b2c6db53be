"""Entering and revoking consents. Nothing is ever edited, and nothing is ever retroactive."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from service.accounts.errors import UnknownFirmError
from service.consent import store
from service.consent.items import ITEMS, TAX_RETURN_ITEMS
from service.consent.store import Consent
from service.db.pool import Connection
from service.ids import new_uuid


class ImpossibleConsentError(Exception):
    """A consent that cannot be; `pointer` says where in it, the text what would do."""

    def __init__(self, pointer: str, says: str) -> None:
        super().__init__(says)
        self.pointer = pointer


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The evidence that a consent was signed, as the recipient keeps it."""

    signed_by: str
    """Who signed, with the capacity they signed in."""
    signed_at: datetime
    """When; never in the future."""
    method: str
    """How: `wet_ink`, `e_signature`, `click_through` or another word."""
    document_sha256: str
    """SHA-256 in hex of what was signed."""


async def sign_consent(
    connection: Connection,
    org_id: UUID,
    *,
    firm_id: UUID,
    connection_id: UUID | None,
    client: str | None,
    recipient: str,
    purpose: str,
    items: Sequence[str],
    clients_consented: bool,
    starts_at: datetime | None,
    expires_at: datetime | None,
    signature: Signature,
    at: datetime,
) -> Consent:
    """A consent in force from now, or from `starts_at`. Raises ImpossibleConsentError or UnknownFirmError.

    `clients_consented`: the firm says that it holds the written consent of every client whose tax-return information
    the items hold; without it a firm's consent cannot name such items.
    """
    check_terms(client, items, clients_consented, starts_at, expires_at, signature, at)
    made = Consent(
        id=new_uuid(),
        firm_id=firm_id,
        connection_id=connection_id,
        client=client,
        recipient=recipient,
        purpose=purpose,
        items=tuple(sorted(set(items))),
        clients_consented=clients_consented,
        granted_by=signature.signed_by,
        granted_at=at,
        recorded_at=at,
        starts_at=starts_at,
        expires_at=expires_at,
        revoked_at=None,
        revoked_by=None,
        signature=msgspec.json.encode(signature).decode(),
    )
    try:
        await store.insert_consent(connection, org_id, made)
    except asyncpg.ForeignKeyViolationError:
        raise UnknownFirmError("the organization has no such firm or connection") from None
    return made


async def revoke_consent(connection: Connection, org_id: UUID, consent_id: UUID, by: str, at: datetime) -> bool:
    """Takes a consent back; every process feels it within a second. False where it was taken back before."""
    return await store.mark_consent_revoked(connection, org_id, consent_id, at, by)


def check_terms(
    client: str | None,
    items: Sequence[str],
    clients_consented: bool,
    starts_at: datetime | None,
    expires_at: datetime | None,
    signature: Signature,
    at: datetime,
) -> None:
    """What cannot be consented to so. Raises ImpossibleConsentError."""
    unknown = sorted(set(items) - set(ITEMS))
    if unknown or not items:
        raise ImpossibleConsentError("/items", f"Name some of: {', '.join(ITEMS)}.")
    if signature.signed_at > at:
        raise ImpossibleConsentError("/signature/signed_at", "A consent is signed before it is entered.")
    if starts_at is not None and starts_at < at:
        raise ImpossibleConsentError(
            "/from", "A consent is never retroactive: leave `from` out, or name a later instant."
        )
    if expires_at is not None and expires_at <= (starts_at or at):
        raise ImpossibleConsentError("/to", "`to` has to be later than `from`.")
    taxed = sorted(TAX_RETURN_ITEMS.intersection(items))
    if taxed and client is None and not clients_consented:
        raise ImpossibleConsentError(
            "/items",
            f"{', '.join(taxed)} hold tax-return information: enter each client's own consent with `client`, or say "
            "with `clients_consented` that the firm holds its clients' written consents.",
        )
