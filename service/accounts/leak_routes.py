"""`/webhooks/leaked-keys`: where secret scanners report keys of ours that they found."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from service import errors
from service.accounts.leaks import (
    ForgedReportError,
    Leaked,
    LeakKeysUnavailableError,
    Match,
    ScannerKeys,
    end_leaked_key,
)
from service.accounts.tokens import Peppers
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation, Parameter
from service.db.pool import Pool
from service.errors import ApiProblem, missing

MAX_REPORT_BYTES: Final = 1024 * 1024
MOST_MATCHES: Final = 500
_read: Final = msgspec.json.Decoder(list[Match]).decode

Tell = Callable[[Leaked], Awaitable[None]]
"""Tells the owners. Never raises: the key has ended, told or not."""


class LeakVerdict(Struct, frozen=True, kw_only=True):
    """What we know of one match."""

    token_hash: str
    """SHA-256 of the token, base64: it is not said again."""
    token_type: str
    """As it was reported."""
    label: Literal["true_positive", "false_positive"]
    """Whether it is, or was, a key of ours."""


class LeakRoutes:
    """`scanner` is None where no address of public keys is set: then there is no such page."""

    def __init__(self, pool: Pool, peppers: Peppers, scanner: ScannerKeys | None, tell: Tell) -> None:
        self._pool = pool
        self._peppers = peppers
        self._scanner = scanner
        self._tell = tell

    async def receive(self, call: Call) -> Answer:
        key_id, signature = call.header(b"github-public-key-identifier"), call.header(b"github-public-key-signature")
        if key_id is None or signature is None:
            raise ApiProblem(errors.REPORT_FORGED, "The report is not signed: it lacks one of the two headers.")
        if self._scanner is None:
            raise missing()
        body = await call.body(MAX_REPORT_BYTES)
        try:
            await self._scanner.verify(body, key_id, signature)
        except ForgedReportError:
            raise ApiProblem(errors.REPORT_FORGED, "No known key of the scanner signed this body.") from None
        except LeakKeysUnavailableError:
            raise ApiProblem(
                errors.REPORT_UNVERIFIED, "The scanner's public keys are not to be had.", retry_after_s=30
            ) from None
        try:
            matches = _read(body)[:MOST_MATCHES]
        except msgspec.DecodeError:
            raise ApiProblem(errors.MALFORMED_JSON, "A list of matches was expected.") from None
        return answer_of([await self._verdict(match) for match in matches])

    async def _verdict(self, match: Match) -> LeakVerdict:
        is_ours, leaked = await end_leaked_key(self._pool, self._peppers, match)
        if leaked is not None:
            await self._tell(leaked)
        return LeakVerdict(
            token_hash=b64encode(sha256(match.token.encode()).digest()).decode(),
            token_type=match.type,
            label="true_positive" if is_ours else "false_positive",
        )


def leak_operations(routes: LeakRoutes) -> tuple[Operation, ...]:
    """What secret scanners call."""
    return (
        Operation(
            id="receiveLeakReport",
            method="POST",
            path="/webhooks/leaked-keys",
            tag="service",
            summary="Report keys found in public",
            description="For secret scanners alone, as GitHub's partner program describes it: ECDSA with P-256 over "
            "the raw body. A key of ours that is reported ends at once, its owners are told by mail, and the audit "
            f"log has it. At most {MOST_MATCHES} matches are looked at.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=list[LeakVerdict],
            body=list[dict[str, Any]],
            parameters=(
                Parameter(
                    name="Github-Public-Key-Identifier",
                    place="header",
                    schema={"type": "string"},
                    description="Which of the scanner's keys signed it.",
                    required=True,
                ),
                Parameter(
                    name="Github-Public-Key-Signature",
                    place="header",
                    schema={"type": "string"},
                    description="The signature, DER in base64.",
                    required=True,
                ),
            ),
            problems=(
                errors.REPORT_FORGED,
                errors.REPORT_UNVERIFIED,
                errors.MALFORMED_JSON,
                errors.NOT_FOUND,
                errors.BODY_TOO_LARGE,
            ),
            example=[
                {
                    "token_hash": "4sXbCyaxAaWrQzdXqxhU4C8xGpCf9VBuqDEyfZ6zb2g=",
                    "token_type": "tickmark_api_key",
                    "label": "true_positive",
                }
            ],
            body_example=[
                {
                    "token": "tm_test_…",
                    "type": "tickmark_api_key",
                    "url": "https://code.example/app/config.env",
                    "source": "content",
                }
            ],
            run=routes.receive,
        ),
    )
