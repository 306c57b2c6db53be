from datetime import UTC, datetime, timedelta

import pytest

from service.connectors.sdk.signatures import Signature

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = b'{"event":"invoice.paid"}'
HEX = Signature(header="x-signature", prefix="sha256=")
BASE64 = Signature(header="intuit-signature", encoding="base64")
TIMED = Signature(header="x-signature", timestamp_header="x-timestamp", replay_window_s=300)


@pytest.mark.parametrize("signature", [HEX, BASE64])
def test_a_good_signature_verifies(signature: Signature) -> None:
    headers = {signature.header: signature.sign(BODY, "live")}

    assert signature.verify(headers, BODY, ["live"], NOW)


def test_known_answer_of_rfc_4231() -> None:
    sent = HEX.sign(b"what do ya want for nothing?", "Jefe")

    assert sent == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@pytest.mark.parametrize("secrets", [["new", "old"], ["old", "new"]])
def test_both_live_secrets_verify(secrets: list[str]) -> None:
    assert HEX.verify({"x-signature": HEX.sign(BODY, "old")}, BODY, secrets, NOW)


@pytest.mark.parametrize("secrets", [["other"], [], [""]])
def test_a_retired_or_missing_secret_fails(secrets: list[str]) -> None:
    assert not HEX.verify({"x-signature": HEX.sign(BODY, "old")}, BODY, secrets, NOW)


def test_an_empty_secret_never_verifies() -> None:
    assert not HEX.verify({"x-signature": HEX.sign(BODY, "")}, BODY, [""], NOW)


@pytest.mark.parametrize("headers", [{}, {"x-signature": ""}, {"x-signature": "sha256="}, {"x-signature": "ü\ud800"}])
def test_a_missing_or_garbled_header_fails(headers: dict[str, str]) -> None:
    assert not HEX.verify(headers, BODY, ["live"], NOW)


def test_an_altered_body_fails() -> None:
    headers = {"x-signature": HEX.sign(BODY, "live")}

    assert not HEX.verify(headers, BODY.replace(b"paid", b"sent"), ["live"], NOW)


@pytest.mark.parametrize(("age_s", "fits"), [(0, True), (299, True), (301, False), (-301, False)])
def test_a_replayed_timestamp_fails(age_s: int, fits: bool) -> None:
    stamp = str(int((NOW - timedelta(seconds=age_s)).timestamp()))
    headers = {"x-signature": TIMED.sign(BODY, "live", stamp), "x-timestamp": stamp}

    assert TIMED.verify(headers, BODY, ["live"], NOW) is fits


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "²", "99999999999999999999"])
def test_a_malformed_timestamp_fails(stamp: str) -> None:
    headers = {"x-signature": TIMED.sign(BODY, "live", stamp), "x-timestamp": stamp}

    assert not TIMED.verify(headers, BODY, ["live"], NOW)


def test_a_timestamp_is_bound_to_its_signature() -> None:
    then, now = str(int(NOW.timestamp()) - 9999), str(int(NOW.timestamp()))
    headers = {"x-signature": TIMED.sign(BODY, "live", then), "x-timestamp": now}

    assert not TIMED.verify(headers, BODY, ["live"], NOW)
