"""Ending a connection: revoked at the vendor, its secrets destroyed, and both of it proved."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from service import ids
from service.audit.acts import record_act
from service.connections import oauth, secrets_store, store
from service.connections.credentials import Credentials, unseal
from service.connections.linking import Linking
from service.connections.store import ConnectionRecord, State
from service.connections.vendors import Door
from service.connectors.sdk.either import oauth_of
from service.connectors.sdk.faults import ConnectionRefused, CredentialsExpired, VendorFault
from service.db.pool import Connection, as_organization

_NAMED_BY: Final = {"quickbooks": "realmId"}


class AtVendor(StrEnum):
    """What became of our access at the vendor."""

    REVOKED = "revoked"
    """The vendor has ended it."""
    NOT_OFFERED = "not_offered"
    """The vendor has no way to end it from outside: the firm deletes the key or changes the password there."""
    SKIPPED = "skipped"
    """The vendor could not be reached, and the caller asked to go on."""
    NOTHING_TO_REVOKE = "nothing_to_revoke"
    """We held nothing any more."""


class Ended(Struct, frozen=True, kw_only=True):
    """What was done, and how it was checked."""

    vendor: AtVendor
    access_refused: bool | None
    """Whether the vendor refused our former access token afterwards; None where nothing was revoked."""
    secrets_left: int
    data_key_destroyed: bool
    consents_ended: int


async def end_connection(linking: Linking, record: ConnectionRecord, *, force: bool, actor: str | None = None) -> Ended:
    """Ends it for good; a second time finds nothing to do. Raises VendorFault, and has then changed nothing.

    `actor` is who acts outside of the API, whose calls have audit rows of their own.
    """
    door = linking.vendors.door(record.vendor, sandbox=record.sandbox, base_url=record.base_url)
    # Held from the first look to the last row: a token renewed in between would outlive what is proved here.
    async with linking.credentials.held_still(record.org_id, record.id, record.vendor) as (connection, secret):
        accounts = await store.list_accounts(connection, record.org_id, record.id)
        held = None if secret is None else await unseal(linking.vault, record.id, secret)
        at_vendor, refused = AtVendor.NOTHING_TO_REVOKE, None
        if held is not None:
            try:
                at_vendor = await _revoke(linking, door, held)
            except VendorFault:
                if not force:
                    raise
                at_vendor = AtVendor.SKIPPED
        if held is not None and door is not None and at_vendor is AtVendor.REVOKED:
            told = {_NAMED_BY[record.vendor]: accounts[0].remote_id} if record.vendor in _NAMED_BY and accounts else {}
            refused = await _is_refused(linking, door, held, told)
        consents = await _destroy(linking, connection, record, at_vendor, actor)
    linking.connections.forget(record.org_id, record.id)
    return await _prove(linking, record.org_id, record, at_vendor, refused, consents)


async def _revoke(linking: Linking, door: Door | None, held: Credentials) -> AtVendor:
    auth = None if door is None else oauth_of(door.connector.auth, held.access_token)
    if door is None or auth is None:
        return AtVendor.NOT_OFFERED
    own = door.base_url + auth.revoke_path if auth.revoke_path is not None else None
    published = door.setup.revoke_url or (None if door.setup.base_url else auth.revoke_url)
    address = own if door.is_own else published or own
    if address is None:
        return AtVendor.NOT_OFFERED
    flow = oauth.revoke(auth, door.setup.app, held.refresh_token or held.access_token)
    ended = await linking.vendors.exchange(flow, door, address)
    return AtVendor.REVOKED if ended else AtVendor.NOT_OFFERED


async def _is_refused(linking: Linking, door: Door, held: Credentials, told: Mapping[str, str]) -> bool:
    """Asks the vendor with what we held: the answer has to be no."""
    if door.connector.discover is None:
        return False
    try:
        await linking.vendors.ask(door.connector.discover(told), door, held.access_token)
    except (CredentialsExpired, ConnectionRefused):
        return True
    except VendorFault:
        return False
    return False


async def _destroy(
    linking: Linking, connection: Connection, record: ConnectionRecord, at_vendor: AtVendor, actor: str | None
) -> int:
    """How many consents ended with it."""
    org_id, at = record.org_id, linking.clock()
    await secrets_store.delete_secrets(connection, org_id, record.id)
    await store.mark_connection_state(connection, org_id, record.id, State.DISCONNECTED, None, at)
    consents = await store.mark_consents_revoked(connection, org_id, record.id, at)
    await store.delete_account_marks(connection, org_id, record.id)
    await secrets_store.delete_unused_data_keys(connection, org_id, record.firm_id)
    detail = f"vendor: {at_vendor.value}; secrets destroyed"
    await store.insert_event(connection, org_id, record.id, at, "ended", detail)
    if actor is not None:
        about = (ids.encode("con", record.id), at_vendor.value)
        await record_act(
            connection,
            org_id,
            "connections.disconnect",
            about,
            firm_id=record.firm_id,
            connection_id=record.id,
            actor=actor,
        )
    return consents


async def _prove(
    linking: Linking,
    org_id: UUID,
    record: ConnectionRecord,
    at_vendor: AtVendor,
    refused: bool | None,
    consents: int,
) -> Ended:
    """Looks again, in a transaction of its own: what is said was committed."""
    async with as_organization(linking.pool, org_id) as connection:
        left = await secrets_store.count_secrets(connection, org_id, record.id)
        key = await secrets_store.get_newest_data_key(connection, org_id, record.firm_id)
    return Ended(
        vendor=at_vendor,
        access_refused=refused,
        secrets_left=left,
        data_key_destroyed=key is None,
        consents_ended=consents,
    )
