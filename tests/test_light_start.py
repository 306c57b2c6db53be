"""What a worker loads when it starts is what its calls need."""

import subprocess
import sys

import pytest

SELDOM = {
    "joserfc.jwt": "a sign-in by OpenID Connect",
    "segno": "a second factor that is set up",
    "typst": "a PDF",
    "webauthn": "a passkey",
}
"""Each takes megabytes of every worker and a part of its start, for the few who need it."""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a worker that has not been asked anything yet."""
    code = "import sys, service.application; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_application_is_among_them(loaded: set[str]) -> None:
    assert {"service.application", "service.portal.openid", "service.accounts.passkeys"} <= loaded


@pytest.mark.parametrize("module", SELDOM)
def test_what_few_need_is_left_to_them(loaded: set[str], module: str) -> None:
    assert module not in loaded
