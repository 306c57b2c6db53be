"""What an issuer's ID tokens prove.

Imported by who needs it: Authlib's and joserfc's part of this is 6 MB of a worker and a tenth of a second of its start.
"""

from collections.abc import Callable
from typing import Any, Final, cast

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.portal.errors import OpenIdError
from service.settings import Issuer

# Authlib has no type hints; what is used of it is named here, once.
_claims_of: Final = cast(Callable[..., Any], CodeIDToken)

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""None with a shared secret: whoever knows our client secret could sign for anybody."""
_LEEWAY_S: Final = 60


def read_keys(keys: list[dict[str, Any]]) -> KeySet:
    """An issuer's keys. Raises OpenIdError."""
    try:
        return KeySet.import_key_set(cast(Any, {"keys": keys}))
    except (JoseError, ValueError):
        raise OpenIdError("the issuer's keys cannot be read") from None


def read_signed(text: str, keys: KeySet) -> jwt.Token:
    """The token, once its signature fits one of the keys. Raises OpenIdError."""
    try:
        return jwt.decode(text, keys, algorithms=_ALGORITHMS)
    except (JoseError, ValueError) as error:
        raise _unproven(error) from None


def checked_claims(token: jwt.Token, issuer: Issuer, said_by: str, nonce: str, access_token: str) -> dict[str, Any]:
    """What a signed token claims, once it is by `said_by`, for us, of now and of this sign-in. Raises OpenIdError."""
    options = {
        "iss": {"essential": True, "value": said_by},
        "aud": {"essential": True, "value": issuer.client_id},
    }
    given = {"nonce": nonce, "client_id": issuer.client_id, "access_token": access_token}
    try:
        _claims_of(token.claims, token.header, options, given).validate(leeway=_LEEWAY_S)
    except (JoseError, ValueError) as error:
        raise _unproven(error) from None
    return token.claims


def _unproven(error: Exception) -> OpenIdError:
    return OpenIdError(f"the token does not hold: {type(error).__name__}")
