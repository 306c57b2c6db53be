"""What a webhook's signature must hold out against."""

from datetime import UTC, datetime, timedelta

import pytest

from service.connectors.sdk.signatures import Signature
from tests.conformance.subject import Subject

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = b'{"event":"client.updated","id":"7"}'


class SignatureChecks:
    def test_signatures_let_in_only_what_was_signed_lately(self, subject: Subject) -> None:
        if subject.signature is None:
            pytest.skip(subject.lacks.get("signatures", "no webhooks"))
        hold(subject.signature)


def hold(signature: Signature) -> None:
    """Good, wrong, old secret, retired secret, altered, replayed."""
    headers = _signed(signature, "new")

    assert signature.verify(headers, BODY, ["new", "old"], NOW)
    assert signature.verify(_signed(signature, "old"), BODY, ["new", "old"], NOW)
    assert not signature.verify(_signed(signature, "retired"), BODY, ["new", "old"], NOW)
    assert not signature.verify(headers, BODY + b" ", ["new"], NOW)
    assert not signature.verify({**headers, signature.header: headers[signature.header][:-2]}, BODY, ["new"], NOW)
    assert not signature.verify({}, BODY, ["new"], NOW)
    if signature.timestamp_header is not None:
        later = NOW + timedelta(seconds=signature.replay_window_s + 1)
        assert not signature.verify(headers, BODY, ["new"], later)
        moved = {**headers, signature.timestamp_header: str(int(later.timestamp()))}
        assert not signature.verify(moved, BODY, ["new"], later)


def _signed(signature: Signature, secret: str) -> dict[str, str]:
    if signature.timestamp_header is None:
        return {signature.header: signature.sign(BODY, secret)}
    stamp = str(int(NOW.timestamp()))
    return {signature.header: signature.sign(BODY, secret, stamp), signature.timestamp_header: stamp}
