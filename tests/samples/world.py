"""A customer for whom every sample works: things of every kind, at the vendors and with us."""

import asyncio
import json
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from billing import GRACE, close_period, get_account, issue_invoice, load_price_book, month_of
from service import ids
from service.accounts.keys import mint_key
from service.accounts.organizations import create_firm
from service.accounts.roles import Role
from service.accounts.tokens import Mode
from service.connections.jobs import Care
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import RESOURCES
from service.db.pool import Pool
from service.demo.cast import API_VERSION
from service.samples.requests import Operation, SampleRequest, SampleRequests, substituted
from service.settings import Settings
from tests.acceptance.conftest import Api, peppers_of
from tests.acceptance.giving import add_member
from tests.connections.hosted import SIGNED, Browser, Vendors
from tests.contract.test_schemathesis import port_of, vendor_of

WRITTEN_FOR = {
    "create engagements": "sodium",
    "update engagements": "canopy",
    "update document_requests": "sodium",
    "update organizers": "sodium",
}
"""Where vendors want different values, whose the sample has."""
ENDS_A_THING = ("delete", "update")


class World(Struct, frozen=True):
    """The customer, and the hands that arrange what a sample needs."""

    api: Api
    settings: Settings
    pool: Pool
    care: Care
    vendors: Vendors
    requests: SampleRequests

    async def environment(self, request: SampleRequest) -> dict[str, str]:
        """A value for each of its places; the vendors' books are as they began when the sample will change them."""
        if request.method != "GET":
            self._reset()
        # What the sample of a policy left behind would ask for a second person at every export.
        org_id = self.api.cast.org_id
        await self.pool.execute("UPDATE firm_policies SET dual_control = '{}' WHERE org_id = $1", org_id)
        operation = self.requests.operations[request.operation_id]
        found = {place.name: await self._value(place.name, operation) for place in request.places}
        return found | {"TICKMARK_KEY": self.api.cast.key}

    def _reset(self) -> None:
        for server in self.vendors.each():
            server.reset()

    async def values(self, names: Iterable[str]) -> dict[str, str]:
        """A value for each place, at QuickBooks."""
        operation = self.requests.operations["listClients"]
        return {name: await self._value(name, operation) for name in names}

    async def _value(self, name: str, operation: Operation) -> str:
        match name:
            case "TICKMARK_KEY":
                return self.api.cast.key
            case "CONNECTION_ID":
                return await self._connection(operation)
            case "FIRM_ID":
                return await self._firm(operation)
            case "APPROVAL_ID":
                return await self._approval()
            case "BILLING_INVOICE_ID":
                return await self._billing_invoice()
            case "ISSUE_ID":
                return await self._issue()
            case "OPERATION_ID":
                self._reset()  # a second client of that name would be refused
                answer = await self._send("createClient", "quickbooks", Prefer="respond-async")
                return str(answer.json()["id"])
            case "REQUEST_ID":
                return await self._test_call()
            case "CONSENT_ID":
                return str((await self._send("createConsent")).json()["id"])
            case "KEY_ID":
                return str((await self._send("createKey")).json()["id"])
            case "MEMBER_ID":
                member = await add_member(self.pool, self.api.cast.org_id, Role.BILLING)
                return ids.encode("mem", member.id)
            case "INVITATION_ID":
                return await self._invitation()
            case "EVENT_ID":
                return str((await self.api.get("/v1/events?limit=1")).json()["data"][0]["id"])
            case "WEBHOOK_ENDPOINT_ID":
                return await self._endpoint(operation)
            case "WEBHOOK_DELIVERY_ID":
                return str((await self._send("pingWebhookEndpoint")).json()["id"])
            case "LINK_SESSION_ID":
                return str((await self._send("createLinkSession")).json()["id"])
            case _:
                return await self._record(name, operation)

    async def _record(self, name: str, operation: Operation) -> str:
        """A record at a vendor that can do what the operation asks; a new one if the sample would change it."""
        vendor = _vendor(operation)
        noun = next(noun for noun in RESOURCES if _name_of(noun) == name)
        is_changed = f"/{noun}/" in operation["path"] and operation["operationId"].startswith(ENDS_A_THING)
        create = self.requests.operations.get(_of(operation, "create"))
        if is_changed and create is not None and _able(noun, "create") == vendor:
            return str((await self._send(create["operationId"])).json()["id"])
        if is_changed and noun == "organizers" and operation["operationId"].startswith("update"):
            return await self._answered(operation, vendor)
        if is_changed and noun == "documents":
            return str((await self._upload(vendor)).json()["id"])
        found = (await self.api.get(f"/v1/{noun}?limit=50", vendor)).json()["data"]
        own = [one for one in found if one["remote_id"] == one["account"]]  # at TaxDome a client is an account
        if is_changed:
            own += [one for one in found if one.get("status") == "draft"]  # what is signed changes no more
        return str((own or found)[0]["id"])

    async def _answered(self, operation: Operation, vendor: str) -> str:
        """An organizer with an answer to the question that the sample gives a verdict on."""
        example: Any = self.requests.of(operation).body
        wanted = example["answers"][0]["question_key"]
        for one in (await self.api.get("/v1/organizers?limit=50", vendor)).json()["data"]:
            whole = (await self.api.get(f"/v1/organizers/{one['id']}")).json()
            if any(answer["question_key"] == wanted for answer in whole["answers"]):
                return str(one["id"])
        raise LookupError(wanted)

    async def _send(self, operation_id: str, vendor: str = "", **more: str) -> httpx.Response:
        """The operation's own sample, by our hand."""
        operation = self.requests.operations[operation_id]
        request = self.requests.of(operation)
        values = {place.name: await self._value(place.name, operation) for place in request.places}
        body = json.loads(substituted(json.dumps(request.body), values.__getitem__))
        path = substituted(request.path, values.__getitem__)
        answer = await self.api.post(path, body, vendor or _vendor(operation), **more)
        assert answer.status_code in {200, 201, 202}, f"{operation_id}: {answer.text}"
        return answer

    async def _upload(self, vendor: str) -> httpx.Response:
        kind = {"Content_Type": "application/octet-stream"}
        answer = await self.api.post("/v1/documents?name=engagement-letter.pdf", b"%PDF-1.7", vendor, **kind)
        assert answer.status_code == 201, answer.text
        return answer

    async def _connection(self, operation: Operation) -> str:
        if operation["operationId"] != "deleteConnection":
            return self.api.connection(_vendor(operation))
        made = await self._send("createLinkSession")
        return await self._walked(made.json()["url"], made.json()["id"])

    async def _walked(self, url: str, session: str) -> str:
        browser = Browser()
        page = await browser.submit(await browser.open(url), "sign", SIGNED)
        await browser.submit(page, "go")
        found: dict[str, Any] = (await self.api.get(f"/v1/link-sessions/{session}")).json()
        return str(found["connection"])

    async def _firm(self, operation: Operation) -> str:
        """For a sample that binds the firm, another firm than that of all the rest."""
        if operation["operationId"] != "updateFirmPolicy":
            return ids.encode("firm", self.api.cast.firm_id)
        async with self.pool.acquire() as connection:
            firm = await create_firm(connection, self.api.cast.org_id, f"Harbor {secrets.token_hex(4)}")
        return ids.encode("firm", firm.id)

    async def _approval(self) -> str:
        """What the first person asks with a key of her own: to loosen a firm's policy."""
        async with self.pool.acquire() as connection:
            options: dict[str, Any] = {"mode": Mode.LIVE, "scopes": ("*:*",), "api_version": API_VERSION}
            org_id = self.api.cast.org_id
            _, token = await mint_key(connection, peppers_of(self.settings), org_id=org_id, name="hers", **options)
        hers = Api(self.api.http, replace(self.api.cast, key=token))
        path = f"/v1/firms/{await self._firm(self.requests.operations['updateFirmPolicy'])}/policy"
        ask = {"requested_by": "ada@ledgerline.example"}
        assert (await hers.patch(path, {**ask, "dual_control": ["export"]})).status_code == 200
        nothing: list[str] = []
        refused = await hers.patch(path, {**ask, "dual_control": nothing})
        return str(refused.json()["errors"][0]["message"])

    async def _test_call(self) -> str:
        """A call with a test key, whose bodies are kept."""
        settings = {"test_bodies_days": 7}
        kept = await self.api.http.put("/v1/request-log-settings", json=settings, headers=self.api.headers())
        assert kept.status_code == 200, kept.text
        async with self.pool.acquire() as connection:
            options: dict[str, Any] = {"mode": Mode.TEST, "scopes": ("*:*",), "api_version": API_VERSION}
            org_id = self.api.cast.org_id
            _, token = await mint_key(connection, peppers_of(self.settings), org_id=org_id, name="test", **options)
        test = Api(self.api.http, replace(self.api.cast, key=token))
        for _ in range(50):
            found = str((await test.get("/v1/me")).headers["request-id"])
            if (await self.api.get(f"/v1/usage/{found}/bodies")).status_code == 200:
                return found
            await asyncio.sleep(0.05)
        raise LookupError("no bodies were kept")

    async def _endpoint(self, operation: Operation) -> str:
        """A new one to be deleted, else the same for all: an organization has few."""
        found = (await self.api.get("/v1/webhook-endpoints")).json()["data"]
        if found and not operation["operationId"].startswith("delete"):
            return str(found[0]["id"])
        return str((await self._send("createWebhookEndpoint")).json()["id"])

    async def _invitation(self) -> str:
        """Somebody else each time: few mails go to one address."""
        body = {"email": f"{secrets.token_hex(6)}@ledgerline.example", "role": "developer"}
        return str((await self.api.post("/v1/invitations", body)).json()["id"])

    async def _issue(self) -> str:
        """What the canary finds when a vendor renames a field."""
        connection = self.api.cast.connections["canopy"]
        org_id = self.api.cast.org_id
        await self.care.probe(org_id, connection, datetime.now(UTC))
        self.vendors.canopy.fault("drift", path="*/clients/search", field="owner_id", to="renamed")
        await self.care.probe(org_id, connection, datetime.now(UTC))
        found = (await self.api.get("/v1/issues?limit=1")).json()["data"]
        self.vendors.canopy.reset()
        return str(found[0]["id"])

    async def _billing_invoice(self) -> str:
        """The invoice of a month that is closed on a day to come."""
        found = (await self.api.get("/v1/billing/invoices")).json()["data"]
        if found:
            return str(found[0]["id"])
        await self.api.first("/v1/clients?limit=1", "quickbooks")
        async with self.pool.acquire() as connection:
            account = await get_account(connection, self.api.cast.org_id)
            month = month_of(account.opened_at, account.time_zone)
            at = month.ends_at + GRACE + timedelta(hours=1)
            draft = await close_period(connection, load_price_book(), account.org_id, month.starts_on, as_of=at)
            await issue_invoice(connection, account.org_id, draft.invoice_id, at=at)
        return ids.encode("bill", draft.invoice_id)


def _vendor(operation: Operation) -> str:
    path, method = operation["path"], operation["method"].lower()
    noun = path.split("/")[2] if path.count("/") > 1 else ""
    named = next((one.get("example") for one in operation.get("parameters", ()) if one["name"] == "vendor"), None)
    if named is not None:
        return str(named)
    port = "upload_version" if method == "put" and path.endswith("/content") else port_of(path, method)
    return "canopy" if noun == "security" else _able(noun, port)


def _able(noun: str, port: str) -> str:
    wanted = WRITTEN_FOR.get(f"{port} {noun}")
    able = next((one for one in CONNECTORS if one.slug == wanted and noun in one.bindings()), None)
    return able.slug if able is not None and port in able.bindings()[noun].ports else vendor_of(noun, port)


def _of(operation: Operation, verb: str) -> str:
    """`updateClient` → `createClient`."""
    return verb + re.sub("^[a-z]+", "", operation["operationId"])


def _name_of(noun: str) -> str:
    words = noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")
    return f"{words.upper()}_ID"
