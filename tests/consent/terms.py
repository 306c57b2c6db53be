"""Consents to enter, and how tests take back the one that came with a connection."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from service import ids
from tests.acceptance.conftest import Api


def hours(count: float) -> str:
    """So many hours from now, as an instant."""
    return (datetime.now(UTC) + timedelta(hours=count)).isoformat()


def terms(api: Api, **changes: Any) -> dict[str, Any]:
    """A consent that can be entered now, but for the changes."""
    body: dict[str, Any] = {
        "firm": ids.encode("firm", api.cast.firm_id),
        "recipient": "Ledgerline Apps",
        "purpose": "Matching invoices with payments",
        "items": ["invoices", "payments"],
        "to": hours(24),
        "signature": {
            "signed_by": "Morgan Vale, partner",
            "signed_at": hours(-1),
            "method": "e_signature",
            "document_sha256": "0" * 64,
        },
    }
    return body | changes


async def consents(api: Api) -> list[dict[str, Any]]:
    answer = await api.get("/v1/consents?limit=200")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def revoke(api: Api, consent: str) -> httpx.Response:
    return await api.http.post(f"/v1/consents/{consent}/revoke", headers=api.headers())


async def revoke_all(api: Api) -> float:
    """What came with the connections is taken back; after how many seconds a call still passed."""
    for one in await consents(api):
        if one["revoked_at"] is None:
            assert (await revoke(api, one["id"])).status_code == 200
    revoked = time.monotonic()
    passed_at = revoked
    for vendor in api.cast.connections:
        while True:
            began = time.monotonic()
            if (await api.get("/v1/clients?limit=1", vendor)).status_code == 403:
                break
            passed_at = began
            assert began - revoked < 5
            await asyncio.sleep(0.02)
    return passed_at - revoked


async def enter(api: Api, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/consents", terms(api, **changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found
