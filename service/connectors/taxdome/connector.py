"""TaxDome, by the session of its portal.

TaxDome publishes no API that a firm can use; a beta is private. So everything here is `assumed`, no address is set but
by an operator, and a connection works only while the firm's consent is on record.
Source: https://help.taxdome.com, read 2026-11-20.
"""

from typing import Final

from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.taxdome.accounts import BINDING as ACCOUNTS
from service.connectors.taxdome.clients import BINDING as CLIENTS
from service.connectors.taxdome.contacts import BINDING as CONTACTS
from service.connectors.taxdome.documents import BINDING as DOCUMENTS
from service.connectors.taxdome.engagements import BINDING as ENGAGEMENTS
from service.connectors.taxdome.faults import classify
from service.connectors.taxdome.folders import BINDING as FOLDERS
from service.connectors.taxdome.invoices import BINDING as INVOICES
from service.connectors.taxdome.messages import BINDING as MESSAGES
from service.connectors.taxdome.organizers import BINDING as ORGANIZERS
from service.connectors.taxdome.passthrough import PASSTHROUGH
from service.connectors.taxdome.payments import BINDING as PAYMENTS
from service.connectors.taxdome.session import PortalSession
from service.connectors.taxdome.signatures import BINDING as SIGNATURES
from service.connectors.taxdome.tasks import BINDING as TASKS
from service.connectors.taxdome.threads import BINDING as THREADS
from service.connectors.taxdome.time_entries import BINDING as TIME_ENTRIES
from service.connectors.taxdome.users import BINDING as USERS
from service.connectors.taxdome.users import session

TAXDOME: Final = Connector(
    slug="taxdome",
    name="TaxDome",
    base_urls={},
    root="/api",
    auth=PortalSession(),
    budget=BudgetSpec(limits=(Limit(60, 60.0),), scope="connection", default_retry_after_s=10.0, source="assumed"),
    classify=classify,
    redact=frozenset({"access_token", "refresh_token", "challenge_id", "totp_code", "totp_secret", "password", "url"}),
    session=session,
    passthrough=PASSTHROUGH,
    clients=CLIENTS,
    contacts=CONTACTS,
    invoices=INVOICES,
    payments=PAYMENTS,
    tasks=TASKS,
    documents=DOCUMENTS,
    folders=FOLDERS,
    organizers=ORGANIZERS,
    engagements=ENGAGEMENTS,
    signatures=SIGNATURES,
    time_entries=TIME_ENTRIES,
    threads=THREADS,
    messages=MESSAGES,
    accounts=ACCOUNTS,
    users=USERS,
)
