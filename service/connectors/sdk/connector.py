"""A connector: one frozen value for each vendor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.connectors.sdk.auth import Auth
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.budget import BudgetSpec
from service.connectors.sdk.faults import VendorFault
from service.connectors.sdk.flow import Request, Response
from service.resources.client import Client, ClientCreate, ClientUpdate
from service.resources.contact import Contact, ContactCreate, ContactUpdate
from service.resources.credit import Credit
from service.resources.document import Document, DocumentUpdate, Folder
from service.resources.document_request import DocumentRequest, DocumentRequestCreate, DocumentRequestUpdate
from service.resources.engagement import Engagement, EngagementCreate, Signature
from service.resources.invoice import Invoice, InvoiceCreate, InvoiceUpdate
from service.resources.message import Message, Thread
from service.resources.organizer import Organizer, OrganizerUpdate
from service.resources.payment import Payment
from service.resources.service_item import CustomField, ServiceItem, TrackingValue
from service.resources.task import Task
from service.resources.time_entry import TimeEntry, TimeEntryCreate, TimeEntryUpdate
from service.resources.user import LinkedAccount, User


@dataclass(frozen=True, kw_only=True)
class Connector:
    """Everything the engine has to know of a vendor.

    One typed field for each resource, so that a wrong mapper fails the type checker at its binding.
    """

    slug: str
    name: str
    base_urls: Mapping[str, str]
    """By region (`us`, `eu`, …); empty where the vendor publishes none and an operator has to set it."""
    root: str
    """Put before every path; `{account}` stands for the remote account id."""
    auth: Auth
    budget: BudgetSpec
    classify: Callable[[Request, Response], VendorFault | None]
    """None for a good answer, also a fault inside HTTP 200. Called for every answer: keep it cheap."""
    request_id_header: str | None = None
    """The response header that carries the vendor's own trace id, in lower case."""
    redact: frozenset[str] = frozenset()
    """Names of vendor fields that `include=raw` and `include=unmapped` never show (government ids, secrets)."""
    clients: Binding[Client, ClientCreate, ClientUpdate] | None = None
    contacts: Binding[Contact, ContactCreate, ContactUpdate] | None = None
    invoices: Binding[Invoice, InvoiceCreate, InvoiceUpdate] | None = None
    payments: Binding[Payment, Any, Any] | None = None
    credits: Binding[Credit, Any, Any] | None = None
    tasks: Binding[Task, Any, Any] | None = None
    documents: Binding[Document, Any, DocumentUpdate] | None = None
    folders: Binding[Folder, Any, Any] | None = None
    document_requests: Binding[DocumentRequest, DocumentRequestCreate, DocumentRequestUpdate] | None = None
    organizers: Binding[Organizer, Any, OrganizerUpdate] | None = None
    engagements: Binding[Engagement, EngagementCreate, Any] | None = None
    signatures: Binding[Signature, Any, Any] | None = None
    time_entries: Binding[TimeEntry, TimeEntryCreate, TimeEntryUpdate] | None = None
    threads: Binding[Thread, Any, Any] | None = None
    messages: Binding[Message, Any, Any] | None = None
    accounts: Binding[LinkedAccount, Any, Any] | None = None
    users: Binding[User, Any, Any] | None = None
    service_items: Binding[ServiceItem, Any, Any] | None = None
    tracking: Binding[TrackingValue, Any, Any] | None = None
    custom_fields: Binding[CustomField, Any, Any] | None = None

    def bindings(self) -> dict[str, Binding[Any, Any, Any]]:
        """Every resource this vendor has, by its name in the API, in the API's order."""
        found = {name: getattr(self, name) for name in RESOURCES}
        return {name: binding for name, binding in found.items() if binding is not None}


RESOURCES = (
    "clients",
    "contacts",
    "invoices",
    "payments",
    "credits",
    "tasks",
    "documents",
    "folders",
    "document_requests",
    "organizers",
    "engagements",
    "signatures",
    "time_entries",
    "threads",
    "messages",
    "accounts",
    "users",
    "service_items",
    "tracking",
    "custom_fields",
)
"""The resources' names in the API: `/v1/<name>` and the field of the Connector."""
