"""List, get, create and update of a noun, as operations: alike for all nouns, with what the vendors can do of each."""

from typing import Any

from msgspec import structs

from service import errors
from service.api import parameters
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation, Parameter
from service.connectors.sdk.binding import Filter
from service.connectors.sdk.connector import Connector
from service.resources.common import Page
from service.unified.coverage import Coverage, VendorCoverage, VendorList
from service.unified.documents import Documents
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
from service.unified.routes.organizers import ORGANIZERS
from service.unified.routes.payments import PAYMENTS
from service.unified.routes.problems import LIST_PROBLEMS, SELECTION_PROBLEMS, VENDOR_PROBLEMS, WRITE_PROBLEMS
from service.unified.routes.service_items import SERVICE_ITEMS
from service.unified.routes.signatures import SIGNATURES
from service.unified.routes.tasks import TASKS
from service.unified.routes.threads import THREADS
from service.unified.routes.time_entries import TIME_ENTRIES
from service.unified.routes.tracking import TRACKING
from service.unified.routes.users import USERS
from service.unified.schemas import NounSchema, Schemas
from service.unified.selection import Search
from service.unified.write import DryRun, Writer

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

_LIVE = "Live: read from the vendor for this call."
_LIVE_READ = "Billed as a read."


def unified_operations(
    reader: Reader, writer: Writer, documents: Documents, coverage: Coverage, connectors: tuple[Connector, ...]
) -> tuple[Operation, ...]:
    """Every operation on unified records, and the vendors' coverage."""
    found: list[Operation] = []
    schemas = Schemas()
    for noun in NOUNS:
        able = {port for one in connectors if (it := one.bindings().get(noun.name)) is not None for port in it.ports}
        if "page" in able:
            found += [_list(noun, reader, connectors), _search(noun, reader, connectors)]
        if "get" in able:
            found.append(_get(noun, reader, connectors))
        if "create" in able:
            found.append(_create(noun, writer, connectors))
        if "update" in able:
            found.append(_update(noun, writer, connectors))
        if "delete" in able:
            found.append(_delete(noun, writer, connectors))
        if able & {"create", "update"}:
            found.append(_schema(noun, schemas))
    return (*found, *content_operations(documents, connectors), *_vendor_operations(coverage))


def _list(noun: Noun, reader: Reader, connectors: tuple[Connector, ...]) -> Operation:
    page: Any = Page[noun.model]  # type: ignore[name-defined]
    return Operation(
        id=f"list{noun.name.title().replace('_', '')}",
        method="GET",
        path=f"/v1/{noun.name}",
        tag=noun.name,
        summary=f"List {noun.name.replace('_', ' ')}",
        description=f"{noun.about} One page of them, in the vendor's order unless `sort` says otherwise. "
        f"{_able(noun, 'page', connectors)}",
        scope=f"{noun.name}:read",
        meter=Meter.READ,
        audit=Audit.CLIENT_DATA,
        freshness=_LIVE,
        answer=page,
        narrowed=True,
        parameters=(
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.LIMIT,
            parameters.CURSOR,
            *_filters(noun, connectors),
            parameters.UPDATED_AFTER,
            parameters.INCLUDE_DELETED,
            *_sorts(noun, connectors),
            *_selection(noun),
        ),
        problems=LIST_PROBLEMS,
        example={"object": "list", "data": [noun.example], "has_more": False, "next_cursor": None},
        run=lambda call: reader.page(call, noun),
    )


def _search(noun: Noun, reader: Reader, connectors: tuple[Connector, ...]) -> Operation:
    async def run(call: Call) -> Answer:
        return await reader.search(call, noun)

    return structs.replace(
        _list(noun, reader, connectors),
        id=f"search{noun.name.title().replace('_', '')}",
        method="POST",
        path=f"/v1/{noun.name}/search",
        summary=f"Search {noun.name.replace('_', ' ')}",
        description=f"The same as the list, asked for by a body: for filters that are too long for a URL. {_LIVE_READ}",
        parameters=(parameters.CONNECTION, parameters.ACCOUNT),
        problems=(
            *LIST_PROBLEMS,
            errors.MALFORMED_JSON,
            errors.BODY_TOO_LARGE,
            errors.UNSUPPORTED_MEDIA_TYPE,
            errors.VALIDATION_FAILED,
        ),
        body=Search,
        body_example={"limit": 2},
        run=run,
    )


def _get(noun: Noun, reader: Reader, connectors: tuple[Connector, ...]) -> Operation:
    return Operation(
        id=f"get{noun.operation_stem}",
        method="GET",
        path=f"/v1/{noun.name}/{{id}}",
        tag=noun.name,
        summary=f"Get one {noun.singular.replace('_', ' ')}",
        description=f"{noun.about} One of them, by its id. {_able(noun, 'get', connectors)}",
        scope=f"{noun.name}:read",
        meter=Meter.READ,
        audit=Audit.CLIENT_DATA,
        freshness=_LIVE,
        answer=noun.model,
        narrowed=True,
        parameters=(
            parameters.path_id("id", f"The record's id, `{noun.prefix}…`."),
            parameters.IF_NONE_MATCH,
            *_selection(noun),
        ),
        problems=(*SELECTION_PROBLEMS, errors.NOT_FOUND, *VENDOR_PROBLEMS),
        example=noun.example,
        run=lambda call: reader.record(call, noun),
    )


def _create(noun: Noun, writer: Writer, connectors: tuple[Connector, ...]) -> Operation:
    return Operation(
        id=f"create{noun.operation_stem}",
        method="POST",
        path=f"/v1/{noun.name}",
        tag=noun.name,
        summary=f"Create one {noun.singular.replace('_', ' ')}",
        description=f"{noun.about} A new one, written to the vendor at most once for each Idempotency-Key. "
        f"{_able(noun, 'create', connectors)}",
        scope=f"{noun.name}:write",
        meter=Meter.WRITE,
        audit=Audit.CLIENT_DATA,
        freshness="Live: the record as the vendor has it after the write.",
        status=201,
        answer=noun.model,
        other_answers={200: DryRun},
        body=noun.create,
        parameters=(parameters.CONNECTION, parameters.ACCOUNT, parameters.IDEMPOTENCY_KEY, parameters.DRY_RUN),
        problems=(*WRITE_PROBLEMS, errors.CONNECTION_REQUIRED, errors.ACCOUNT_REQUIRED),
        example=noun.example,
        body_example=noun.create_example,
        run=lambda call: writer.create(call, noun),
    )


def _update(noun: Noun, writer: Writer, connectors: tuple[Connector, ...]) -> Operation:
    return Operation(
        id=f"update{noun.operation_stem}",
        method="PATCH",
        path=f"/v1/{noun.name}/{{id}}",
        tag=noun.name,
        summary=f"Change one {noun.singular.replace('_', ' ')}",
        description=f"{noun.about} A change of one: what is left out stays, null empties. "
        f"{_able(noun, 'update', connectors)}",
        scope=f"{noun.name}:write",
        meter=Meter.WRITE,
        audit=Audit.CLIENT_DATA,
        freshness="Live: the record as the vendor has it after the write.",
        answer=noun.model | DryRun,
        body=noun.update,
        parameters=(
            parameters.path_id("id", f"The record's id, `{noun.prefix}…`."),
            parameters.IDEMPOTENCY_KEY,
            parameters.IF_MATCH,
            parameters.DRY_RUN,
        ),
        problems=(*WRITE_PROBLEMS, errors.VERSION_MISMATCH),
        example=noun.example,
        body_example=noun.update_example,
        run=lambda call: writer.update(call, noun),
    )


def _delete(noun: Noun, writer: Writer, connectors: tuple[Connector, ...]) -> Operation:
    return Operation(
        id=f"delete{noun.operation_stem}",
        method="DELETE",
        path=f"/v1/{noun.name}/{{id}}",
        tag=noun.name,
        summary=f"Delete one {noun.singular.replace('_', ' ')}",
        description=f"{noun.about} One of them taken away, as far as the vendor allows; see the vendor's coverage. "
        f"{_able(noun, 'delete', connectors)}",
        scope=f"{noun.name}:write",
        meter=Meter.WRITE,
        audit=Audit.CLIENT_DATA,
        status=204,
        answer=None,
        other_answers={200: DryRun},
        parameters=(
            parameters.path_id("id", f"The record's id, `{noun.prefix}…`."),
            parameters.IDEMPOTENCY_KEY,
            parameters.IF_MATCH,
            parameters.DRY_RUN,
        ),
        problems=(*WRITE_PROBLEMS, errors.VERSION_MISMATCH),
        run=lambda call: writer.delete(call, noun),
    )


def _schema(noun: Noun, schemas: Schemas) -> Operation:
    return Operation(
        id=f"get{noun.operation_stem}Schema",
        method="GET",
        path=f"/v1/{noun.name}/schema",
        tag=noun.name,
        summary=f"Get the schema of {noun.name.replace('_', ' ')}",
        description="What creating and changing one takes, as JSON Schema 2020-12, for validating before a call.",
        scope=None,
        meter=Meter.NONE,
        audit=Audit.MANAGEMENT,
        answer=NounSchema,
        run=lambda call: schemas.get(call, noun),
    )


def _vendor_operations(coverage: Coverage) -> tuple[Operation, ...]:
    return (
        Operation(
            id="listVendors",
            method="GET",
            path="/v1/vendors",
            tag="vendors",
            summary="List vendors",
            description="The practice-management systems that can be reached, and how well each contract is known.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=VendorList,
            run=coverage.vendors,
        ),
        Operation(
            id="getVendorCoverage",
            method="GET",
            path="/v1/vendors/{vendor}/coverage",
            tag="vendors",
            summary="Get what a vendor can do",
            description="Operations, fields, filters, paging and limits of one vendor, computed from the connector.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=VendorCoverage,
            parameters=(parameters.path_id("vendor", "The vendor's short name, such as `quickbooks`.", "quickbooks"),),
            problems=(errors.NOT_FOUND,),
            run=coverage.vendor,
        ),
    )


def _able(noun: Noun, port: str, connectors: tuple[Connector, ...]) -> str:
    able = [one.name for one in connectors if noun.name in one.bindings() and port in one.bindings()[noun.name].ports]
    return f"Vendors: {', '.join(able)}." if able else "No vendor can do this yet."


def _filters(noun: Noun, connectors: tuple[Connector, ...]) -> tuple[Parameter, ...]:
    """All filters that any vendor has for the noun; the description says which vendors."""
    known: dict[str, tuple[Filter, list[str]]] = {}
    for connector in connectors:
        binding = connector.bindings().get(noun.name)
        for name, rule in binding.filters.items() if binding is not None else ():
            merged, vendors = known.get(name, (rule, []))
            choices = tuple(dict.fromkeys((*merged.choices, *rule.choices)))
            known[name] = (structs.replace(merged, choices=choices), [*vendors, connector.name])
    return tuple(_filter(name, rule, vendors) for name, (rule, vendors) in known.items())


def _filter(name: str, rule: Filter, vendors: list[str]) -> Parameter:
    description = f"{rule.description} Vendors: {', '.join(vendors)}.".strip()
    match rule.kind:
        case "choice":
            return parameters.list_of(f"filter[{name}]", rule.choices, description)
        case "date":
            schema: dict[str, Any] = {"type": "string", "format": "date"}
        case "reference":
            schema = {"type": "string", "pattern": f"^{rule.prefix}"}
        case "text":
            schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return Parameter(
        name=f"filter[{name}]",
        place="query",
        schema=schema,
        description=description,
    )


def _sorts(noun: Noun, connectors: tuple[Connector, ...]) -> tuple[Parameter, ...]:
    sorts: dict[str, None] = {}
    for connector in connectors:
        binding = connector.bindings().get(noun.name)
        sorts |= dict.fromkeys(binding.sorts if binding is not None else ())
    if not sorts:
        return ()
    return (parameters.one_of("sort", tuple(sorts), "The order; `-` means descending. See the vendor's coverage."),)


def _selection(noun: Noun) -> tuple[Parameter, ...]:
    fields = parameters.list_of("fields", noun.fields, "Only these fields, separated by commas.")
    found = [fields, parameters.INCLUDE, parameters.MAX_AGE]
    if noun.references:
        found.append(
            parameters.list_of("expand", tuple(noun.references), "Put the records behind these ids under `expanded`.")
        )
    return tuple(found)
