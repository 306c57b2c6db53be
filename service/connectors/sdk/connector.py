"""A connector: one frozen value for each vendor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from service.connectors.sdk.auth import Auth
from service.connectors.sdk.binding import Binding, Changes
from service.connectors.sdk.budget import BudgetSpec
from service.connectors.sdk.faults import VendorFault
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.passthrough import Group, Passthrough
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientUpdate
from service.resources.contact import Contact, ContactCreate, ContactUpdate
from service.resources.credit import Credit, CreditCreate, CreditUpdate
from service.resources.document import Document, DocumentUpdate, Folder
from service.resources.document_request import DocumentRequest, DocumentRequestCreate, DocumentRequestUpdate
from service.resources.engagement import Engagement, EngagementCreate, EngagementUpdate, Signature
from service.resources.invoice import Invoice, InvoiceCreate, InvoiceUpdate
from service.resources.message import Message, MessageCreate, Thread, ThreadCreate, ThreadUpdate
from service.resources.names import RESOURCES as RESOURCES
from service.resources.organizer import Organizer, OrganizerCreate, OrganizerUpdate
from service.resources.payment import Payment, PaymentCreate, PaymentUpdate
from service.resources.service_item import (
    CustomField,
    ServiceItem,
    ServiceItemCreate,
    ServiceItemUpdate,
    TrackingValue,
    TrackingValueCreate,
    TrackingValueUpdate,
)
from service.resources.task import Task, TaskCreate, TaskUpdate
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate
from service.resources.user import LinkedAccount, Session, User, UserCreate, UserUpdate


class FoundAccount(Struct, frozen=True):
    """One book of records that the login behind a new connection can reach."""

    remote_id: str
    name: str
    currency: str | None = None
    time_zone: str | None = None
    marks: tuple[str, ...] = ()
    """Ids that the vendor gave for good to things in this account, and to nothing in any other: what it is told by
    where its own id is not said. Never names, which two firms may have in common."""


@dataclass(frozen=True, kw_only=True)
class Connector:
    """Everything the engine has to know of a vendor.

    One typed field for each resource, so that a wrong mapper fails the type checker at its binding.
    """

    slug: str
    name: str
    base_urls: Mapping[str, str]
    """By region (`us`, `eu`, …); empty where the vendor publishes none and an operator has to set it. Where each
    account has a host of its own, `{account}` stands for one label of it."""
    root: str
    """Put before every path; `{account}` stands for the remote account id."""
    auth: Auth
    budget: BudgetSpec
    classify: Callable[[Request, Response], VendorFault | None]
    """None for a good answer, also a fault inside HTTP 200. Called for every answer: keep it cheap."""
    as_json: Callable[[Response], Response] | None = None
    """Where the vendor answers in another notation: the same answer as JSON, before anything else reads it.
    Raises Malformed."""
    request_id_headers: tuple[str, ...] = ()
    """The response headers that may carry the vendor's own trace id, in lower case; the first that is there counts."""
    keeps_keys_for: timedelta = timedelta(hours=24)
    """How long after its first use an idempotency key of ours keeps a write from being done twice. A day is what those
    vendors document that say anything, and assumed of the others that take keys."""
    redact: frozenset[str] = frozenset()
    """Names of vendor fields that `include=raw` and `include=unmapped` never show (government ids, secrets)."""
    changes: Callable[[datetime, tuple[str, ...], Book], Flow[Mapping[str, Changes[Any]]]] | None = None
    """Changes of several resources at once, by resource, where the vendor tells them in one call."""
    discover: Callable[[Mapping[str, str]], Flow[tuple[FoundAccount, ...]]] | None = None
    """Every account that a new connection could be for, from what the vendor sent back with its consent (`realmId`), or
    from what the person gave beside their key and is not secret.
    Its paths stand below the base URL. Without it the `accounts` binding is read."""
    stand_in: str | None = None
    """Our word for the account, where the vendor does not always say its id: then two accounts are told apart by their
    marks. Nobody at such a vendor says whose books are opened, so the connect page asks the person to look."""
    home_currency: Callable[[], Flow[str | None]] | None = None
    """What a new connection's account is kept in, where only its invoices say so: asked once a firm consents to these.
    Its paths stand below the base URL."""
    session: Callable[[Book], Flow[Session]] | None = None
    """How the person behind the connection is signed in."""
    passthrough: Passthrough | None = None
    """Its own endpoints that can be called as they are; None where there are none."""
    groups: tuple[Group, ...] = ()
    """Every chapter of the vendor's reference, where it has been gone through chapter by chapter."""
    clients: Binding[Client, ClientCreate, ClientUpdate] | None = None
    contacts: Binding[Contact, ContactCreate, ContactUpdate] | None = None
    invoices: Binding[Invoice, InvoiceCreate, InvoiceUpdate] | None = None
    payments: Binding[Payment, PaymentCreate, PaymentUpdate] | None = None
    credits: Binding[Credit, CreditCreate, CreditUpdate] | None = None
    tasks: Binding[Task, TaskCreate, TaskUpdate] | None = None
    documents: Binding[Document, Any, DocumentUpdate] | None = None
    folders: Binding[Folder, Any, Any] | None = None
    document_requests: Binding[DocumentRequest, DocumentRequestCreate, DocumentRequestUpdate] | None = None
    organizers: Binding[Organizer, OrganizerCreate, OrganizerUpdate] | None = None
    engagements: Binding[Engagement, EngagementCreate, EngagementUpdate] | None = None
    signatures: Binding[Signature, Any, Any] | None = None
    time_entries: Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate] | None = None
    threads: Binding[Thread, ThreadCreate, ThreadUpdate] | None = None
    messages: Binding[Message, MessageCreate, Any] | None = None
    accounts: Binding[LinkedAccount, Any, Any] | None = None
    users: Binding[User, UserCreate, UserUpdate] | None = None
    service_items: Binding[ServiceItem, ServiceItemCreate, ServiceItemUpdate] | None = None
    tracking: Binding[TrackingValue, TrackingValueCreate, TrackingValueUpdate] | None = None
    custom_fields: Binding[CustomField, Any, Any] | None = None

    def bindings(self) -> dict[str, Binding[Any, Any, Any]]:
        """Every resource this vendor has, by its name in the API, in the API's order."""
        found = {name: getattr(self, name) for name in RESOURCES}
        return {name: binding for name, binding in found.items() if binding is not None}
