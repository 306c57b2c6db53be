"""Every page and form has its twin in the API, or stands here with the reason why none can be."""

from collections.abc import Iterator
from typing import Final

import pytest

from service.portal.portal import portal_routes
from service.portal.route import Route
from tests.acceptance.operations import OPERATIONS

TWINS: Final[dict[str, str]] = {
    "GET /home": "listUsage summarizeUsage getMonthToDate listConnections",
    "GET /keys": "listKeys getOrganization",
    "GET /keys/{id}": "getKey listKeyLeaks getKeyUsage listBudgets",
    "POST /keys/new": "createKey",
    "POST /keys/{id}/limit": "updateKey",
    "POST /keys/{id}/roll": "rollKey",
    "POST /keys/{id}/revoke": "revokeKey",
    "GET /connections": "listConnections listFirms listVendors",
    "POST /firms": "createFirm",
    "GET /connections/{id}": "getConnection getConnectionHealth getConnectionCapabilities listIssues",
    "POST /connections/{id}/pause": "pauseConnection",
    "POST /connections/{id}/resume": "resumeConnection",
    "GET /connections/{id}/disconnect": "getConnection",
    "POST /connections/{id}/disconnect": "deleteConnection",
    "GET /connections/{id}/export": "getConnection",
    "POST /connections/{id}/export": "exportConnection",
    "POST /issues/{id}/accept": "acceptIssue",
    "POST /issues/{id}/ignore": "ignoreIssue",
    "GET /connections/pages": "getConnectSettings",
    "POST /connections/pages": "updateConnectSettings",
    "GET /firms/{id}": "getFirm getFirmPolicy listLinkSessions listConnections",
    "POST /firms/{id}/policy": "updateFirmPolicy",
    "POST /firms/{id}/connect": "createLinkSession",
    "POST /links/{id}/cancel": "cancelLinkSession",
    "GET /firms/{id}/consents": "listConsents",
    "POST /firms/{id}/consents/new": "createConsent",
    "POST /consents/{id}/revoke": "revokeConsent",
    "GET /firms/{id}/disclosures": "listDisclosures",
    "POST /firms/{id}/evidence": "getEvidence",
    "GET /approvals": "listApprovals",
    "POST /approvals/{id}/approve": "decideApproval",
    "POST /approvals/{id}/refuse": "decideApproval",
    "GET /usage": "summarizeUsage getMonthToDate listBudgets",
    "GET /usage/budgets": "listBudgets",
    "POST /usage/budgets": "setBudget",
    "POST /usage/budgets/remove": "setBudget",
    "GET /invoices": "listBillingInvoices getMonthToDate getBillingDetails",
    "POST /invoices/details": "setBillingDetails",
    "POST /invoices/payment": "setUpPayment",
    "GET /invoices/{id}": "getBillingInvoice getBillingInvoiceBalance getBillingInvoiceHtml",
    "GET /invoices/{id}/pdf": "getBillingInvoicePdf",
    "GET /invoices/{id}/lines/{n}": "downloadInvoiceLineCalls",
    "POST /invoices/{id}/lines/{n}/calls": "downloadInvoiceLineCalls",
    "GET /log": "listUsage",
    "POST /log/export": "exportUsage",
    "GET /log/{id}": "getReceipt getCallBodies",
    "GET /events": "listEvents",
    "GET /events/endpoints": "listWebhookEndpoints",
    "POST /events/endpoints/new": "createWebhookEndpoint",
    "GET /events/endpoints/{id}": "getWebhookEndpoint listWebhookDeliveries",
    "GET /events/endpoints/{id}/edit": "getWebhookEndpoint",
    "POST /events/endpoints/{id}/edit": "updateWebhookEndpoint",
    "POST /events/endpoints/{id}/enable": "updateWebhookEndpoint",
    "POST /events/endpoints/{id}/disable": "updateWebhookEndpoint",
    "POST /events/endpoints/{id}/roll": "rollWebhookSecret",
    "POST /events/endpoints/{id}/delete": "deleteWebhookEndpoint",
    "POST /events/endpoints/{id}/ping": "pingWebhookEndpoint",
    "POST /events/endpoints/{id}/replay": "replayWebhookEndpoint",
    "GET /events/deliveries/{id}": "getWebhookDelivery getEvent",
    "POST /events/deliveries/{id}/replay": "replayWebhookDelivery",
    "GET /audit": "listAuditEntries",
    "POST /audit/verify": "verifyAuditLog",
    "POST /audit/export": "exportAuditLog",
    "GET /team": "listMembers listInvitations",
    "POST /team/invite": "createInvitation",
    "POST /team/invitations/{id}/revoke": "deleteInvitation",
    "POST /team/{id}/role": "updateMember",
    "POST /team/{id}/remove": "deleteMember",
    "GET /settings": "getOrganization getRequestLogSettings",
    "POST /settings/organization": "updateOrganization",
    "POST /settings/request-log": "updateRequestLogSettings",
    "GET /status": "listVendors getVendorStatus",
    "GET /reference": "getContract",
    "GET /reference/{operation}": "getContract",
}
"""The operations that give or do what the page does, with the same functions behind them."""

_FORM: Final = "an empty form: what it sends has a twin"
_PERSON: Final = "about the person who is signed in; a key is nobody"
_WAY_IN: Final = "how a person comes in; a key needs no session"
_TEXT: Final = "text, with a `.md` twin where it teaches"
APART: Final[dict[str, str]] = {
    "GET /keys/new": _FORM,
    "GET /invoices/{id}/lines/{n}/calls": _FORM,
    "GET /events/endpoints/new": _FORM,
    "GET /firms/{id}/connect": _FORM,
    "GET /firms/{id}/consents/new": _FORM,
    "GET /firms/{id}/evidence": _FORM,
    "GET /try": "calls the operations themselves",
    "POST /try": "calls the operations themselves",
    "POST /settings/networks": "says where keys may be used from, so no key does it",
    "POST /keys/granting": "gives leave to keys, so no key does it (infra/decisions/0008)",
    "POST /team/{id}/second-factor/remove": "a person's second factor, so only persons with a fresh one of their own",
    "POST /connections/sandbox": "on a demonstration alone: elsewhere a link session leads to a sandbox",
    "GET /outbox": "on one's own machine alone, in place of a mailbox",
    "GET /assets/{digest}/{name}": "files of the pages",
    **dict.fromkeys(
        (
            "GET /",
            "GET /guides",
            "GET /guides/{slug}",
            "GET /problems",
            "GET /problems/{code}",
            "GET /llms.txt",
            "GET /robots.txt",
        ),
        _TEXT,
    ),
}
MEMBERS_OWN: Final = ("/settings/", "/confirm", "/sign-out")
WAYS_IN: Final = ("/sign-in", "/sign-up", "/join", "/forgot", "/reset", "/recover")


def _reason(name: str, route: Route) -> str | None:
    """Why a page has no twin."""
    if route.anyone and route.path.startswith(WAYS_IN):
        return _WAY_IN
    if route.member and route.path.startswith(MEMBERS_OWN):
        return _PERSON
    return APART.get(name)


def every_page() -> Iterator[tuple[str, Route]]:
    for route in portal_routes():
        yield f"{route.method} {route.path}", route


@pytest.mark.parametrize("name", sorted(dict(every_page())))
def test_page_has_a_twin_or_a_reason(name: str) -> None:
    route = dict(every_page())[name]

    assert name in TWINS or _reason(name, route), f"{name} has no twin in the API, and no reason for that"


def test_table_names_no_page_that_is_gone() -> None:
    assert set(TWINS) | set(APART) <= {name for name, _ in every_page()}
    assert not set(TWINS) & set(APART)


@pytest.mark.parametrize("name", sorted(TWINS))
def test_twins_are_operations_that_do_as_much(name: str) -> None:
    operations = [OPERATIONS[one] for one in TWINS[name].split()]

    methods = {one["method"] for one in operations}
    assert methods == {"GET"} if name.startswith("GET") else len(operations) == 1
    for one in operations:
        assert not one["operationId"].startswith(("create", "update", "delete", "set")) or one["method"] != "GET"
        assert any(security.get("apiKey") is not None for security in one["security"]) or one["path"][:4] != "/v1/"


def test_what_keys_manage_stands_on_a_page_too() -> None:
    shown = {one for twins in TWINS.values() for one in twins.split()}
    managing = {"keys", "team", "account", "firms", "audit", "billing", "usage", "connections", "events"}
    managed = {name for name, one in OPERATIONS.items() if one["tags"][0] in managing}

    assert managed - shown == {
        "getMe",  # the key that calls
        "getMember",  # a row of the list
        "listReconciliations",  # what an invoice was checked against: for programs that book it
        "exportReconciliations",
    }
