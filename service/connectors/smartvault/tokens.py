"""SmartVault's delegation tokens: OAuth 2 whose answers come in the vendor's own envelope.

Source: https://developer.smartvault.com/api/authorization/oauth20 and a public client, read 2026-11-20.
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from service.connectors.sdk.auth import OAuth2, TokenReply
from service.connectors.sdk.faults import ConnectionRefused, Refused, VendorFault
from service.connectors.sdk.flow import Response
from service.connectors.smartvault.faults import names_token, says_failure


class DelegationTokens(OAuth2, frozen=True, kw_only=True):
    """A code is exchanged at one path and a token renewed at another; each renewal gives a new refresh token."""

    def granted(self, response: Response) -> TokenReply:
        """The tokens in `message`. Raises ConnectionRefused when the grant is gone, under HTTP 200, too."""
        is_failure = says_failure(response.body)
        if response.status < 500 and response.status != 429 and (is_failure or response.status >= 400):
            is_gone = names_token(response.body) or b"invalid_grant" in response.body
            kind: type[VendorFault] = ConnectionRefused if is_gone else Refused
            raise kind("the vendor refused to give a token", status=response.status)
        return OAuth2.granted(self, replace(response, body=_message(response.body)))


class _Envelope(Struct, frozen=True):
    message: Raw


_decode: Final = msgspec.json.Decoder(_Envelope).decode


def _message(body: bytes) -> bytes:
    """What is inside the envelope; a body of another shape as it is, for the reader to refuse."""
    try:
        return bytes(_decode(body).message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
