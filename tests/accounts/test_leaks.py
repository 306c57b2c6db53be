"""Reports of leaked keys are believed from the scanner alone."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.accounts.leaks import ForgedReportError, ScannerKeys, is_signed
from tests.accounts.scanner import Scanner

# The sample that docs.github.com shows for its secret scanning partners, read 2026-11-20.
BODY = b'[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]'
SIGNATURE = "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg=="
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd
AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==
-----END PUBLIC KEY-----
"""


def test_the_documented_sample_is_believed() -> None:
    assert is_signed(BODY, SIGNATURE, PUBLIC_KEY)


@pytest.mark.parametrize(
    ("body", "signature"),
    [(BODY + b"\n", SIGNATURE), (BODY, ""), (BODY, "bm8="), (BODY, "not base64"), (b"", SIGNATURE)],
)
def test_anything_else_is_not(body: bytes, signature: str) -> None:
    assert not is_signed(body, signature, PUBLIC_KEY)


def test_key_of_another_curve_is_not_believed() -> None:
    key = generate_private_key(SECP384R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    scanner = Scanner()

    assert not is_signed(BODY, scanner.sign(BODY), pem)


@pytest.mark.anyio
async def test_rolled_key_is_asked_for_once_and_unknown_ones_not_again_and_again() -> None:
    old, new = Scanner(key_id="old"), Scanner(key_id="new")
    published = old.document()
    asked = 0
    at_s = 0.0

    async def fetch() -> bytes:
        nonlocal asked
        asked += 1
        return published

    keys = ScannerKeys(fetch, monotonic=lambda: at_s)
    await keys.verify(BODY, "old", old.sign(BODY))
    for _ in range(3):
        with pytest.raises(ForgedReportError):
            await keys.verify(BODY, "new", new.sign(BODY))
    assert asked == 1

    published, at_s = new.document(), 31.0
    await keys.verify(BODY, "new", new.sign(BODY))
    with pytest.raises(ForgedReportError):
        await keys.verify(BODY, "old", old.sign(BODY))

    assert asked == 2
