"""What browsers and authenticators say to each other, by WebAuthn.

Imported by who needs it: the library is 10 MB of a worker and a sixth of a second of its start.
"""

from typing import Final
from uuid import UUID

from msgspec import Struct
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
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from service.accounts.errors import PasskeyRefusedError
from service.accounts.members_store import Member
from service.accounts.passkeys_store import Passkey
from service.accounts.site import Site

_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class Made(Struct, frozen=True):
    """A passkey that an authenticator has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    synced: bool


class Used(Struct, frozen=True):
    """A passkey that says it was used; nobody has checked the signature yet."""

    credential: AuthenticationCredential

    @property
    def credential_id(self) -> bytes:
        return self.credential.raw_id

    @property
    def handle(self) -> bytes | None:
        """Whose it is, as the authenticator keeps it."""
        return self.credential.response.user_handle


def handle_of(org_id: UUID, member_id: UUID) -> bytes:
    """What an authenticator keeps with a passkey."""
    return org_id.bytes + member_id.bytes


def to_make(site: Site, member: Member, known: list[Passkey], challenge: bytes) -> str:
    """What the browser makes a passkey by, as JSON. Those known are named, so that no device makes a second."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Tickmark",
        user_id=handle_of(member.org_id, member.id),
        user_name=member.email,
        user_display_name=member.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[_descriptor(one) for one in known],
    )
    return options_to_json(options)


def read_made(site: Site, challenge: bytes, answer: str) -> Made:
    """The passkey that the browser made. Raises PasskeyRefusedError."""
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
    return Made(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        tuple(one.value for one in credential.response.transports or ()),
        verified.credential_backed_up,
    )


def to_use(site: Site, challenge: bytes, known: list[Passkey]) -> str:
    """What the browser uses a passkey by, as JSON: one of those known, or whichever it has for us."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[_descriptor(one) for one in known],
        user_verification=_VERIFIED,
    )
    return options_to_json(options)


def read_used(answer: str) -> Used:
    """Which passkey was used. Raises PasskeyRefusedError."""
    try:
        return Used(parse_authentication_credential_json(answer))
    except (WebAuthnException, ValueError):
        raise _unfit() from None


def verified(site: Site, challenge: bytes, used: Used, public_key: bytes, sign_count: int) -> tuple[int, bool]:
    """The count of its uses, and whether it is synced, once the signature fits. Raises PasskeyRefusedError."""
    try:
        found = verify_authentication_response(
            credential=used.credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        raise _unfit() from None
    return found.new_sign_count, found.credential_backed_up


def _unfit() -> PasskeyRefusedError:
    return PasskeyRefusedError("this signature does not fit")


def _descriptor(known: Passkey) -> PublicKeyCredentialDescriptor:
    spoken = {one.value for one in AuthenticatorTransport}
    transports = [AuthenticatorTransport(one) for one in known.transports if one in spoken]
    return PublicKeyCredentialDescriptor(id=known.credential_id, transports=transports or None)
