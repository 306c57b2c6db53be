"""What the groups of operations are about, for whoever reads the contract; nouns say it of themselves."""

from collections.abc import Iterable
from typing import Any, Final

from service.api.operation import Operation

_ABOUT: Final = {
    "account": "Who the caller is: this key, its organization and its limits.",
    "approvals": "What waits for a second person, and what a firm wants one for.",
    "audit": "The chained log of who did what, to read, to take away and to verify.",
    "batch": "Several calls at once.",
    "billing": "Our invoices to you, budgets, and the proof that they bill what was served.",
    "connections": "The links between firms and their vendors: what each can do, and whether it is well.",
    "consents": "What firms have consented to, what was disclosed under it, and the evidence.",
    "events": "What has happened, in order.",
    "firms": "The accounting practices whose data are read.",
    "issues": "Answers of vendors that changed, until somebody accepts or ignores it.",
    "keys": "API keys: made, rolled and revoked.",
    "link_sessions": "Hosted pages on which somebody at a firm consents and connects.",
    "operations": "Writes that go on after their call was answered 202.",
    "overrides": "Rules that rename fields and give other words, for each organization, vendor or connection.",
    "passthrough": "Vendors' own endpoints, with the same meter and the same care.",
    "service": "The service itself: its health, its contract, and what others tell it.",
    "team": "The people of the organization.",
    "usage": "Every call, its receipt and its price.",
    "vendors": "The systems that can be connected, what each can do, and how well it answers.",
    "webhooks": "Events, sent to you and signed.",
}


def tags(operations: Iterable[Operation]) -> list[dict[str, Any]]:
    """All tags in the order in which they come; KeyError for one that nothing is said about."""
    about: dict[str, str] = {}
    for one in operations:
        about[one.tag] = about.get(one.tag) or one.about
    return [{"name": name, "description": told or _ABOUT[name]} for name, told in about.items()]
