"""All nouns of the API, and every operation on unified records."""

from service.api.operation import Operation
from service.connectors.sdk.connector import Connector
from service.unified.coverage import Coverage
from service.unified.downloads import Downloads
from service.unified.noun import Noun
from service.unified.read import Reader
from service.unified.routes.accounts import ACCOUNTS
from service.unified.routes.clients import CLIENTS
from service.unified.routes.contacts import CONTACTS
from service.unified.routes.content import content_operations
from service.unified.routes.credits import CREDITS
from service.unified.routes.custom_fields import CUSTOM_FIELDS
from service.unified.routes.document_requests import DOCUMENT_REQUESTS
from service.unified.routes.documents import DOCUMENTS
from service.unified.routes.engagements import ENGAGEMENTS
from service.unified.routes.folders import FOLDERS
from service.unified.routes.invoices import INVOICES
from service.unified.routes.messages import MESSAGES
from service.unified.routes.noun_operations import noun_operations
from service.unified.routes.organizers import ORGANIZERS
from service.unified.routes.payments import PAYMENTS
from service.unified.routes.service_items import SERVICE_ITEMS
from service.unified.routes.signatures import SIGNATURES
from service.unified.routes.tasks import TASKS
from service.unified.routes.threads import THREADS
from service.unified.routes.time_entries import TIME_ENTRIES
from service.unified.routes.tracking import TRACKING
from service.unified.routes.users import USERS
from service.unified.routes.vendors import vendor_operations
from service.unified.schemas import Schemas
from service.unified.uploads import Uploads
from service.unified.write import Writer

NOUNS: tuple[Noun, ...] = (
    CLIENTS,
    CONTACTS,
    INVOICES,
    PAYMENTS,
    CREDITS,
    TASKS,
    DOCUMENTS,
    FOLDERS,
    DOCUMENT_REQUESTS,
    ORGANIZERS,
    ENGAGEMENTS,
    SIGNATURES,
    TIME_ENTRIES,
    THREADS,
    MESSAGES,
    ACCOUNTS,
    USERS,
    SERVICE_ITEMS,
    TRACKING,
    CUSTOM_FIELDS,
)
"""In the order of the contract. One that no vendor binds yet has no routes."""


def unified_operations(
    reader: Reader,
    writer: Writer,
    downloads: Downloads,
    uploads: Uploads,
    coverage: Coverage,
    connectors: tuple[Connector, ...],
) -> tuple[Operation, ...]:
    """Every operation on unified records, and the vendors' coverage."""
    schemas = Schemas()
    of_nouns = (one for noun in NOUNS for one in noun_operations(noun, reader, writer, schemas, connectors))
    return (*of_nouns, *content_operations(downloads, uploads, connectors), *vendor_operations(coverage))
