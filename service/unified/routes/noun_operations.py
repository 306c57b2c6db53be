"""What can be done with a noun, as operations: alike for all nouns but for what the vendors can do of each."""

from typing import Any, Final, Literal

from msgspec import Struct, structs

from service import errors
from service.api import parameters
from service.api.call import Answer, Call, Route
from service.api.operation import Audit, Meter, Operation, Parameter
from service.api.pagination import example_page
from service.connectors.sdk.connector import Connector
from service.operations.shapes import SlowOperation
from service.resources.common import Page
from service.unified.noun import Noun
from service.unified.read import Reader
from service.unified.rehearsal import DryRun
from service.unified.routes.noun_parameters import able, filters, selection, sorts
from service.unified.routes.problems import LIST_PROBLEMS, SELECTION_PROBLEMS, VENDOR_PROBLEMS, WRITE_PROBLEMS
from service.unified.schemas import NounSchema, Schemas
from service.unified.search import Search
from service.unified.write import Writer


class Verb(Struct, frozen=True):
    """One thing that is done with a noun: the port that does it, and what people call it."""

    port: str
    name: str
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    words: str
    writes: bool = False
    freshness: str = ""


_READ_NOW: Final = "Live: read from the vendor for this call."
_WRITTEN_NOW: Final = "Live: the record as the vendor has it after the write."
_LIST: Final = Verb("page", "list", "GET", "List", freshness=_READ_NOW)
_GET: Final = Verb("get", "get", "GET", "Get one", freshness=_READ_NOW)
_CREATE: Final = Verb("create", "create", "POST", "Create one", writes=True, freshness=_WRITTEN_NOW)
_UPDATE: Final = Verb("update", "update", "PATCH", "Change one", writes=True, freshness=_WRITTEN_NOW)
_DELETE: Final = Verb("delete", "delete", "DELETE", "Delete one", writes=True)


def noun_operations(
    noun: Noun, reader: Reader, writer: Writer, schemas: Schemas, connectors: tuple[Connector, ...]
) -> tuple[Operation, ...]:
    """Every operation on one noun that at least one vendor has."""
    ports = {port for one in connectors if (it := one.bindings().get(noun.name)) is not None for port in it.ports}
    found: list[Operation] = []
    if "page" in ports:
        found += [_list(noun, reader, connectors), _search(noun, reader, connectors)]
    if "get" in ports:
        found.append(_get(noun, reader, connectors))
    if "create" in ports:
        found.append(_create(noun, writer, connectors))
    if "update" in ports:
        found.append(_update(noun, writer, connectors))
    if "delete" in ports:
        found.append(_delete(noun, writer, connectors))
    if ports & {"create", "update"}:
        found.append(_schema(noun, schemas))
    return tuple(found)


def _described(
    noun: Noun, verb: Verb, says: str, connectors: tuple[Connector, ...], run: Route, **own: Any
) -> Operation:
    """What the operations of all verbs share; `says` follows the sentence about the noun, `own` is the verb's own."""
    is_list = verb is _LIST
    stem = noun.name.title().replace("_", "") if is_list else noun.operation_stem
    return Operation(
        id=f"{verb.name}{stem}",
        method=verb.method,
        path=f"/v1/{noun.name}" if verb in (_LIST, _CREATE) else f"/v1/{noun.name}/{{id}}",
        tag=noun.name,
        about=noun.about,
        summary=f"{verb.words} {(noun.name if is_list else noun.singular).replace('_', ' ')}",
        description=f"{noun.about} {says} {able(noun, verb.port, connectors)}",
        scope=f"{noun.name}:{'write' if verb.writes else 'read'}",
        meter=Meter.WRITE if verb.writes else Meter.READ,
        audit=Audit.CLIENT_DATA,
        freshness=verb.freshness,
        run=run,
        **own,
    )


def _list(noun: Noun, reader: Reader, connectors: tuple[Connector, ...]) -> Operation:
    page: Any = Page[noun.model]  # type: ignore[name-defined]
    return _described(
        noun,
        _LIST,
        "One page of them, in the vendor's order unless `sort` says otherwise.",
        connectors,
        lambda call: reader.page(call, noun),
        answer=page,
        narrowed=True,
        parameters=(
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.WAIT,
            parameters.LIMIT,
            parameters.CURSOR,
            *filters(noun, connectors),
            parameters.UPDATED_AFTER,
            parameters.INCLUDE_DELETED,
            *sorts(noun, connectors),
            *selection(noun),
        ),
        problems=LIST_PROBLEMS,
        example=example_page(noun.example),
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
        description="The same as the list, asked for by a body: for filters that are too long for a URL. "
        "Billed as a read.",
        parameters=(parameters.CONNECTION, parameters.ACCOUNT, parameters.WAIT),
        problems=LIST_PROBLEMS,
        body=Search,
        body_example={"limit": 2},
        run=run,
    )


def _get(noun: Noun, reader: Reader, connectors: tuple[Connector, ...]) -> Operation:
    return _described(
        noun,
        _GET,
        "One of them, by its id.",
        connectors,
        lambda call: reader.record(call, noun),
        answer=noun.model,
        narrowed=True,
        parameters=(_record_id(noun), parameters.IF_NONE_MATCH, parameters.WAIT, *selection(noun)),
        problems=(*SELECTION_PROBLEMS, errors.NOT_FOUND, *VENDOR_PROBLEMS),
        example=noun.example,
    )


def _create(noun: Noun, writer: Writer, connectors: tuple[Connector, ...]) -> Operation:
    return _described(
        noun,
        _CREATE,
        "A new one, written to the vendor at most once for each Idempotency-Key.",
        connectors,
        lambda call: writer.create(call, noun),
        status=201,
        answer=noun.model,
        other_answers={200: DryRun, 202: SlowOperation},
        body=noun.create,
        parameters=(
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.IDEMPOTENCY_KEY,
            parameters.WAIT_OR_ASYNC,
            parameters.DRY_RUN,
        ),
        problems=(*WRITE_PROBLEMS, errors.CONNECTION_REQUIRED, errors.ACCOUNT_REQUIRED),
        example=noun.example,
        body_example=noun.create_example,
    )


def _update(noun: Noun, writer: Writer, connectors: tuple[Connector, ...]) -> Operation:
    return _described(
        noun,
        _UPDATE,
        "A change of one: what is left out stays, null empties.",
        connectors,
        lambda call: writer.update(call, noun),
        answer=noun.model | DryRun,
        other_answers={202: SlowOperation},
        body=noun.update,
        parameters=_of_change(noun),
        problems=(*WRITE_PROBLEMS, errors.VERSION_MISMATCH),
        example=noun.example,
        body_example=noun.update_example,
    )


def _delete(noun: Noun, writer: Writer, connectors: tuple[Connector, ...]) -> Operation:
    return _described(
        noun,
        _DELETE,
        "One of them taken away, as far as the vendor allows; see the vendor's coverage.",
        connectors,
        lambda call: writer.delete(call, noun),
        status=204,
        answer=None,
        other_answers={200: DryRun, 202: SlowOperation},
        parameters=_of_change(noun),
        problems=(*WRITE_PROBLEMS, errors.VERSION_MISMATCH),
    )


def _record_id(noun: Noun) -> Parameter:
    return parameters.path_id("id", f"The record's id, `{noun.prefix}…`.")


def _of_change(noun: Noun) -> tuple[Parameter, ...]:
    return (
        _record_id(noun),
        parameters.IDEMPOTENCY_KEY,
        parameters.IF_MATCH,
        parameters.WAIT_OR_ASYNC,
        parameters.DRY_RUN,
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
