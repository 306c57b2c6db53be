"""How the person behind a connection is signed in at the vendor, and a minimum that can be demanded of it."""

from typing import Final

from service.api.bodies import encode
from service.api.call import Answer, Call
from service.api.query import one_of, read_query
from service.errors import MFA_TOO_WEAK, VENDOR_CANNOT, ApiProblem, FieldError
from service.resources.user import MfaLevel
from service.unified.read import Reader
from service.unified.ways import Ways

_STRENGTH: Final = {MfaLevel.NONE: 0, MfaLevel.OTHER: 0, MfaLevel.OTP: 1, MfaLevel.PHISHING_RESISTANT: 2}
"""What we do not know counts as nothing: a minimum is never met by accident."""
LEVELS: Final = (MfaLevel.OTP.value, MfaLevel.PHISHING_RESISTANT.value)


class Sessions:
    """The vendor's sessions."""

    def __init__(self, ways: Ways, reader: Reader) -> None:
        self._ways = ways
        self._reader = reader

    async def session(self, call: Call) -> Answer:
        """The session of the connection that the call names. A 403 problem when it is weaker than `min_mfa`."""
        asked = read_query(call.scope["query_string"], {"min_mfa": one_of(LEVELS)})
        way = await self._ways.named(call)
        if way.connector.session is None:
            raise ApiProblem(VENDOR_CANNOT, f"{way.connector.name} does not tell how its users are signed in.")
        found = await self._reader.run(call, way, way.connector.session(way.book))
        minimum = asked.get("min_mfa")
        if minimum is not None and _STRENGTH[found.mfa_level] < _STRENGTH[MfaLevel(minimum)]:
            raise ApiProblem(
                MFA_TOO_WEAK,
                f"The session at {way.connector.name} has `{found.mfa_level.value}`; `{minimum}` was demanded.",
                errors=(FieldError("query/min_mfa", "too_weak", f"The session has `{found.mfa_level.value}`."),),
            )
        call.rows = 1
        return Answer(200, encode(found))
