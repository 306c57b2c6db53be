"""Why a key is refused.

AccountError
├── KeyRefusedError            the caller is answered 401 or 403, never told more than the kind
│   ├── UnknownKeyError        not a token of ours, or no longer kept
│   ├── ExpiredKeyError
│   ├── RevokedKeyError
│   └── AddressNotAllowedError
├── UnknownScopeError          asked for at creation
├── UnknownFirmError           bound to a firm or connection of somebody else
├── ImpossibleValueError       a name, region, time zone or network that cannot be
├── UnknownOrganizationError
├── KeyNotFoundError
├── GrantingOffError           no key of the organization may make keys or invite people
├── MoreThanItselfError        a key asks for, or touches, one that may more than itself
└── MemberError                people, not keys
    ├── WrongCodeError         not the code of this moment, or taken before
    ├── PasskeyRefusedError    not a passkey of ours, or not its signature
    ├── LinkExpiredError       a mailed link that is too old, changed or used
    ├── NotReadyError          what has to wait, before its time
    ├── AddressTakenError      told only to who holds the address
    ├── MemberNotFoundError
    └── NotAllowedError        the role does not allow it; the last owner stays
"""

from collections.abc import Mapping


class AccountError(Exception):
    """Anything this domain says no to."""


class KeyRefusedError(AccountError):
    """The presented key opens nothing."""


class UnknownKeyError(KeyRefusedError):
    """No such key."""


class ExpiredKeyError(KeyRefusedError):
    """The key's time is over."""


class RevokedKeyError(KeyRefusedError):
    """The key was revoked."""


class AddressNotAllowedError(KeyRefusedError):
    """The key may not be used from this address."""


class UnknownScopeError(AccountError):
    """There is no such scope."""


class UnknownFirmError(AccountError):
    """The organization has no such firm."""


class ImpossibleValueError(AccountError):
    """A name, region, time zone or network that cannot be; the message says which and what would do."""


class UnknownOrganizationError(AccountError):
    """There is no such organization."""


class KeyNotFoundError(AccountError):
    """The organization has no such key."""


class GrantingOffError(AccountError):
    """Keys may make keys and invite people only where an owner or admin has said so."""


class MoreThanItselfError(AccountError):
    """A key that may more than the one that calls; `fields` says in what."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("more than the calling key may itself")
        self.fields = fields


class MemberError(AccountError):
    """A person cannot do this."""


class WrongCodeError(MemberError):
    """Not the second factor's code of this moment, or one that was taken before."""


class PasskeyRefusedError(MemberError):
    """Not a passkey that is known here, or not its signature."""


class LinkExpiredError(MemberError):
    """A mailed link that is too old, changed or used."""


class NotReadyError(MemberError):
    """What has to wait, before its time."""


class AddressTakenError(MemberError):
    """A member with this address exists; said only to who has proved to hold it."""


class MemberNotFoundError(MemberError):
    """The organization has no such member, session or invitation."""


class NotAllowedError(MemberError):
    """The member's role does not allow it; the message says why."""
