"""The words that a firm's person signs: who asks, for what, which data, until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from service.connections.hosted.store import LinkSession
from service.consent.items import TAX_RETURN_ITEMS

_NAMES: Final = {
    "accounts": "the list of accounts of this login",
    "clients": "clients: names, addresses, contact details, tax numbers (masked)",
    "contacts": "contact persons of clients",
    "credits": "credit notes and credits",
    "custom_fields": "your own fields and their values",
    "document_requests": "requests for documents and what was handed in",
    "documents": "documents and their contents",
    "engagements": "proposals, engagement letters and what was agreed",
    "folders": "folders of documents",
    "invoices": "invoices and their lines",
    "messages": "messages with clients",
    "organizers": "questionnaires and clients' answers",
    "payments": "payments and what they cover",
    "service_items": "the services that you sell and their prices",
    "signatures": "electronic signatures and their trail",
    "tasks": "tasks, jobs and deadlines",
    "threads": "conversations with clients",
    "time_entries": "time spent and its rates",
    "tracking": "classes and locations in your books",
    "users": "your own people: names and roles",
}


def words_for(item: str) -> str:
    """An item in a reader's words."""
    return _NAMES.get(item, item.replace("_", " "))


def ordinary(items: Sequence[str]) -> list[str]:
    """The items that the firm alone can consent to."""
    return [item for item in items if item not in TAX_RETURN_ITEMS]


def taxed(items: Sequence[str]) -> list[str]:
    """The items that hold tax-return information, for which each client's written consent is needed."""
    return [item for item in items if item in TAX_RETURN_ITEMS]


def ends_at(session: LinkSession, at: datetime) -> datetime:
    return at + timedelta(days=session.consent_days)


def statement_of(
    session: LinkSession, vendor: str, items: Sequence[str], name: str, email: str, at: datetime, *, clients: bool
) -> str:
    """The whole text; its SHA-256 goes into the consent ledger as what was signed."""
    lines = [
        "Consent to the disclosure of practice records",
        "",
        f"Firm: {session.firm}",
        f"Recipient: {session.organization}, through Tickmark",
        f"From: {vendor}",
        f"Purpose: {session.purpose}",
        "Items:",
        *(f"  - {words_for(item)}" for item in items),
        f"In force: from signing until {ends_at(session, at).date().isoformat()}, or until revoked.",
        "It may be revoked at any time with the firm's application or with Tickmark; what was disclosed before stays.",
        "",
    ]
    if clients:
        lines += [
            "The firm holds the written consent of each client whose tax return information is among these items",
            "(Internal Revenue Code section 7216).",
            "",
        ]
    lines += [f"Signed by {name} <{email}>, authorized by the firm, on {at.isoformat(timespec='seconds')}."]
    return "\n".join(lines) + "\n"
