"""Entering a consent, with a second person where the firm wants one for it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct, json, structs

from service import ids
from service.accounts.errors import UnknownFirmError
from service.audit.acts import record_act
from service.connections.approvals import require
from service.connections.approvals.require import ApprovalNeededError, fingerprint
from service.connections.approvals.store import Action, get_policy
from service.consent.sign import ImpossibleConsentError, Signature, check_terms, sign_consent
from service.consent.store import Consent, get_firm_name
from service.db.pool import Connection, Pool, as_organization


class Terms(Struct, frozen=True, kw_only=True):
    """What was signed."""

    firm_id: UUID
    connection_id: UUID | None
    client: str | None
    recipient: str
    purpose: str
    items: tuple[str, ...]
    clients_consented: bool
    starts_at: datetime | None
    expires_at: datetime | None
    signature: Signature


async def enter_consent(
    pool: Pool,
    org_id: UUID,
    terms: Terms,
    *,
    by: str | None,
    key_id: UUID | None,
    approval_id: UUID | None,
    at: datetime,
    actor: str | None = None,
) -> Consent:
    """The consent, in force. Raises ImpossibleConsentError, UnknownFirmError or ApprovalError.

    `by` is the person who enters it, by e-mail address; `key_id` the key, None on our pages, where `actor` says who.
    """
    check_terms(
        terms.client,
        terms.items,
        terms.clients_consented,
        terms.starts_at,
        terms.expires_at,
        terms.signature,
        at,
    )
    async with as_organization(pool, org_id) as connection:
        if await get_firm_name(connection, org_id, terms.firm_id) is None:
            raise UnknownFirmError("the organization has no such firm")
        needed = await _second_person(connection, org_id, terms, by, key_id, approval_id, at)
        if needed is None:
            made = await sign_consent(connection, org_id, **structs.asdict(terms), at=at)
            if actor is not None:
                about = (ids.encode("cns", made.id),)
                await record_act(
                    connection,
                    org_id,
                    "consents.create",
                    about,
                    firm_id=terms.firm_id,
                    connection_id=terms.connection_id,
                    actor=actor,
                )
            return made
    raise ApprovalNeededError(needed)


async def _second_person(
    connection: Connection,
    org_id: UUID,
    terms: Terms,
    by: str | None,
    key_id: UUID | None,
    approval_id: UUID | None,
    at: datetime,
) -> UUID | None:
    """The approval that is waited for; None where nobody has to be asked any more. Raises ApprovalError."""
    if Action.CONSENT not in await get_policy(connection, org_id, terms.firm_id):
        return None
    what = fingerprint(Action.CONSENT, json.encode(terms).decode())
    if approval_id is not None:
        await require.spend(connection, org_id, approval_id, Action.CONSENT, what, at)
        return None
    if by is None:
        raise ImpossibleConsentError("/requested_by", "The firm wants a second person for consents: say who asks.")
    asked = await require.ask(
        connection,
        org_id,
        firm_id=terms.firm_id,
        connection_id=None,
        action=Action.CONSENT,
        detail=f"{by} enters a consent for {terms.recipient} to {', '.join(terms.items)}: {terms.purpose}",
        what=what,
        by=by,
        key_id=key_id,
        at=at,
    )
    return None if asked is None else asked.id
