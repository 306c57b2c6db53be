"""The session at the vendor: its second factor told, and a minimum that can be demanded."""

import httpx
import pytest

from service.db.pool import Pool
from service.sandbox.serve import SandboxServer, running
from service.settings import Settings
from tests.acceptance.conftest import Api, customers_of, problem_of

pytestmark = pytest.mark.anyio


async def test_session_tells_factor_and_devices(api: Api) -> None:
    answer = await api.get("/v1/security/sessions", "canopy")

    assert answer.status_code == 200, answer.text
    assert answer.json()["mfa_level"] == "phishing_resistant"
    assert answer.json()["devices"][0]["platform"] == "iOS"


@pytest.mark.parametrize("minimum", ["otp", "phishing_resistant"])
async def test_strong_session_meets_the_minimum(api: Api, minimum: str) -> None:
    assert (await api.get(f"/v1/security/sessions?min_mfa={minimum}", "canopy")).status_code == 200


@pytest.mark.parametrize("level", ["none", "otp", "carrier_pigeon"])
async def test_weaker_session_is_403(api: Api, canopy: SandboxServer, level: str) -> None:
    canopy.fault("unknown_enum", path="*/me/sessions", field="mfa_level", value=level)

    answer = await api.get("/v1/security/sessions?min_mfa=phishing_resistant", "canopy")

    assert (answer.status_code, problem_of(answer)) == (403, "mfa_too_weak")
    assert answer.headers["usage-units"] == "0"


async def test_vendor_that_does_not_tell_says_so(api: Api) -> None:
    answer = await api.get("/v1/security/sessions", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (501, "vendor_cannot")


async def test_portal_session_tells_its_factor_and_can_be_too_weak(
    http: httpx.AsyncClient, settings: Settings, operator_pool: Pool
) -> None:
    with running("taxdome", clients=20) as taxdome:
        api = await customers_of(http, settings, operator_pool, taxdome)()
        told = await api.get("/v1/security/sessions?min_mfa=otp", "taxdome")
        weak = await api.get("/v1/security/sessions?min_mfa=phishing_resistant", "taxdome")

    assert (told.status_code, told.json()["mfa_level_native"]) == (200, "totp")
    assert (weak.status_code, problem_of(weak)) == (403, "mfa_too_weak")
