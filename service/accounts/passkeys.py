"""Passkeys (WebAuthn): made and used with the person verified on the spot, so that one stands for both factors.

The user handle that an authenticator keeps is organization and member, 32 bytes: it says at sign-in where to look, and
is believed only once the signature fits the key found there.
"""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from service.accounts import passkeys_store as store
from service.accounts.credentials import Known
from service.accounts.errors import ImpossibleValueError, MemberNotFoundError, PasskeyRefusedError
from service.accounts.members_store import Member
from service.accounts.organizations import checked_name
from service.accounts.passkeys_store import Passkey
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.ids import new_uuid

MOST: Final = 20
"""Passkeys a member may have."""

list_passkeys = store.list_passkeys

_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class Site(msgspec.Struct, frozen=True):
    """Where a browser sees us: passkeys are bound to the host's name, and signatures to the whole origin."""

    host: str
    origin: str


def registration_options(site: Site, member: Member, known: list[Passkey], challenge: bytes) -> str:
    """What the browser makes a passkey by, as JSON. Those known are named, so that no device makes a second."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Tickmark",
        user_id=_handle(member.org_id, member.id),
        user_name=member.email,
        user_display_name=member.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[_descriptor(one) for one in known],
    )
    return options_to_json(options)


async def register(
    connection: Connection, site: Site, member: Member, challenge: bytes, answer: str, name: str, *, clock: Clock = now
) -> Passkey:
    """Keeps a passkey that the browser made. Raises PasskeyRefusedError, ImpossibleValueError."""
    if len(await store.list_passkeys(connection, member.org_id, member.id)) >= MOST:
        raise ImpossibleValueError(f"You have {MOST} passkeys; remove one first.")
    try:
        credential = parse_registration_credential_json(answer)
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        raise PasskeyRefusedError("what the browser sent is not a new passkey") from None
    made = Passkey(
        id=new_uuid(),
        credential_id=verified.credential_id,
        name=checked_name(name),
        transports=tuple(one.value for one in credential.response.transports or ()),
        synced=verified.credential_backed_up,
        created_at=clock(),
    )
    try:
        await store.insert_passkey(
            connection, member.org_id, member.id, made, verified.credential_public_key, verified.sign_count
        )
    except asyncpg.UniqueViolationError:
        raise PasskeyRefusedError("this passkey is known") from None
    return made


def request_options(site: Site, challenge: bytes, known: list[Passkey] | None = None) -> str:
    """What the browser uses a passkey by, as JSON: one of those known, or whichever it has for us."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[_descriptor(one) for one in known or ()],
        user_verification=_VERIFIED,
    )
    return options_to_json(options)


async def check(
    pool: Pool, site: Site, challenge: bytes, answer: str, expected: Known | None = None, *, clock: Clock = now
) -> tuple[Known, str]:
    """Who used a passkey, and its e-mail address. Raises PasskeyRefusedError, which says no more than that.

    An authenticator that was asked for certain passkeys may leave the user handle out: then it is who is `expected`.
    """
    try:
        credential = parse_authentication_credential_json(answer)
        handle = credential.response.user_handle or (_handle(expected.org_id, expected.member_id) if expected else b"")
        org_id, member_id = UUID(bytes=handle[:16]), UUID(bytes=handle[16:])
        if expected is not None and (org_id, member_id) != (expected.org_id, expected.member_id):
            raise PasskeyRefusedError("somebody else's passkey")
        async with as_organization(pool, org_id) as connection:
            found = await store.lock_passkey(connection, org_id, member_id, credential.raw_id)
            if found is None:
                raise PasskeyRefusedError("no such passkey")
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=found.public_key,
                credential_current_sign_count=found.sign_count,
                require_user_verification=True,
            )
            count, synced = verified.new_sign_count, verified.credential_backed_up
            await store.mark_passkey_used(connection, org_id, found.id, count, clock(), synced=synced)
    except (WebAuthnException, ValueError):
        raise PasskeyRefusedError("this signature does not fit") from None
    return Known(org_id, member_id, credential.raw_id), found.email


async def rename(connection: Connection, member: Member, passkey_id: UUID, name: str) -> None:
    """Raises MemberNotFoundError, ImpossibleValueError."""
    if not await store.mark_passkey_named(connection, member.org_id, member.id, passkey_id, checked_name(name)):
        raise MemberNotFoundError("no such passkey")


async def remove(connection: Connection, member: Member, passkey_id: UUID) -> str:
    """Its name. Raises MemberNotFoundError."""
    name = await store.delete_passkey(connection, member.org_id, member.id, passkey_id)
    if name is None:
        raise MemberNotFoundError("no such passkey")
    return name


def _handle(org_id: UUID, member_id: UUID) -> bytes:
    return org_id.bytes + member_id.bytes


def _descriptor(known: Passkey) -> PublicKeyCredentialDescriptor:
    spoken = {one.value for one in AuthenticatorTransport}
    transports = [AuthenticatorTransport(one) for one in known.transports if one in spoken]
    return PublicKeyCredentialDescriptor(id=known.credential_id, transports=transports or None)
