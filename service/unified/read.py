"""Live reading: one page or one record, from the vendor's account to the caller."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from service import ids
from service.api.bodies import encode, json_body, page_body
from service.api.call import Answer, Call
from service.api.pagination import Cursors
from service.api.preferences import vendor_wait_s
from service.api.problems import to_problem
from service.api.query import read_query
from service.connectors.sdk.binding import Binding, Query
from service.connectors.sdk.engine import Engine, Sends
from service.connectors.sdk.faults import VendorFault
from service.connectors.sdk.flow import Flow, Source
from service.errors import NOT_FOUND, UNSUPPORTED_SELECTION, VENDOR_CANNOT, ApiProblem, FieldError
from service.unified import selection as asked
from service.unified.filters import remote_filters
from service.unified.noun import Noun
from service.unified.overrides.held import HeldOverrides
from service.unified.overrides.rules import Rule
from service.unified.search import in_body, read_search
from service.unified.selection import Selection
from service.unified.shape import Expanded, overridden, shaped
from service.unified.ways import Way, Ways

T = TypeVar("T")

MAX_EXPANDED: Final = 25
"""Records that one answer may expand: each is a call to the vendor."""


class Reader:
    """Reads unified records live from the vendors."""

    def __init__(
        self,
        ways: Ways,
        engine: Engine,
        cursors: Cursors,
        nouns: dict[str, Noun],
        overrides: HeldOverrides,
        max_body_bytes: int,
    ) -> None:
        self._ways = ways
        self._engine = engine
        self._cursors = cursors
        self._nouns = nouns
        self._overrides = overrides
        self._max_body_bytes = max_body_bytes

    async def page(self, call: Call, noun: Noun) -> Answer:
        """One page of a list, from the connection that the call names."""
        way = await self._ways.named(call)
        binding = bound(way, noun, "page")
        selection = asked.read_selection(call.scope["query_string"], noun, binding, asked.LIST_PARAMETERS)
        return await self._page(call, noun, way, selection)

    async def search(self, call: Call, noun: Noun) -> Answer:
        """The same page, asked for by a JSON body where filters are long."""
        read_query(call.scope["query_string"], {})
        way = await self._ways.named(call)
        binding = bound(way, noun, "page")
        body = await json_body(call, self._max_body_bytes)
        try:
            return await self._page(call, noun, way, read_search(body, noun, binding))
        except ApiProblem as problem:
            raise in_body(problem) from problem.__cause__

    async def _page(self, call: Call, noun: Noun, way: Way, selection: Selection) -> Answer:
        binding = bound(way, noun, "page")
        assert binding.page is not None
        belongs_to = _belongs_to(call, way, noun, selection)
        position = None if selection.cursor is None else self._cursors.read(selection.cursor, belongs_to)
        query = Query(
            limit=min(selection.limit, binding.max_page),
            position=position,
            filters=remote_filters(selection.filters, binding, way.home),
            updated_after=selection.updated_after,
            include_deleted=selection.include_deleted,
            sort=selection.sort,
        )
        rules = await self.rules(call, way, noun)  # before the vendor is asked: read together with what opened the way
        page = await self.run(call, way, binding.page(query, way.book))
        if call.by_client:
            # What is left of a deleted record does not say whose it was: nobody's single consent covers it.
            await self._ways.consented.check(call, way.connection, noun.name, [*page.records, *(page.deleted or ())])
        call.rows = len(page.records) + len(page.deleted or ())
        cursor = None if page.next is None else self._cursors.write(page.next, belongs_to)
        started = time.perf_counter_ns()
        if selection.is_plain and not rules:
            call.leg.last = None  # nobody asks for it: ours is written where it lay
            body = page_body(page.records, cursor, page.deleted)
        else:
            source = call.leg.last
            expanded = await self._expand(call, way, noun, selection, page.records)
            rows = shaped(page.records, selection, way.connector, binding, source, expanded, many=True, rules=rules)
            body = page_body(rows, cursor, page.deleted)
        call.mapping_ns += time.perf_counter_ns() - started
        return Answer(200, body)

    async def record(self, call: Call, noun: Noun) -> Answer:
        """One record, wherever its id says it lives."""
        way, remote_id = await self._ways.of_record(call, noun.prefix, call.params["id"])
        binding = bound(way, noun, "get")
        assert binding.get is not None
        selection = asked.read_selection(call.scope["query_string"], noun, binding, asked.RECORD_PARAMETERS)
        rules = await self.rules(call, way, noun)
        record = await self.run(call, way, binding.get(remote_id, way.book))
        if call.by_client:
            await self._ways.consented.check(call, way.connection, noun.name, [record])
        version = etag(record)
        if version and _is_known(call.listed(b"if-none-match"), version[0][1].decode()):
            return Answer(304, b"", headers=version)
        call.rows = 1
        started = time.perf_counter_ns()
        if selection.is_plain:
            body = encode(overridden(record, rules))
        else:
            source = call.leg.last
            expanded = await self._expand(call, way, noun, selection, [record])
            rows = shaped([record], selection, way.connector, binding, source, expanded, many=False, rules=rules)
            body = encode(rows[0])
        call.mapping_ns += time.perf_counter_ns() - started
        return Answer(200, body, headers=version)

    async def rules(self, call: Call, way: Way, noun: Noun) -> tuple[Rule, ...]:
        """How the organization wants this noun's fields; nearly always not at all."""
        return await self._overrides.rules(call.known_caller.org_id, noun.name, way.connector.slug, way.home.connection)

    async def run(
        self,
        call: Call,
        way: Way,
        flow: Flow[T],
        *,
        reading: bool = True,
        source: Source | None = None,
        sends: Sends = "all",
    ) -> T:
        """The value of a vendor flow; a problem where the vendor faulted. What is not the vendor's time is mapping."""
        if call.spending is not None:
            await call.spending.reserve(call)
        leg = call.leg
        started = time.perf_counter_ns()
        before_ns = leg.vendor_ns + leg.waited_ns
        try:
            return await self._engine.run(
                flow,
                way.link,
                leg,
                deadline_s=_deadline_s(source),
                wait_s=vendor_wait_s(call),
                source=source,
                sends=sends,
            )
        except VendorFault as fault:
            raise to_problem(fault, way.connector.slug, reading=reading) from fault
        finally:
            spent_ns = leg.vendor_ns + leg.waited_ns - before_ns
            call.mapping_ns += time.perf_counter_ns() - started - spent_ns

    async def _expand(self, call: Call, way: Way, noun: Noun, selection: Selection, records: list[Any]) -> Expanded:
        found: Expanded = {}
        for field in selection.expand:
            other = self._nouns[noun.references[field]]
            by_client = await self._ways.consented.require(call, way.connection, other.name)
            wanted = dict.fromkeys(value for record in records if isinstance(value := getattr(record, field), str))
            if len(wanted) > MAX_EXPANDED:
                raise ApiProblem(
                    UNSUPPORTED_SELECTION,
                    f"This page leads to {len(wanted)} {other.name}; at most {MAX_EXPANDED} are expanded.",
                    errors=(FieldError("query/expand", "too_many", f"Use `limit={MAX_EXPANDED}` or less."),),
                )
            get = _getter(way, other, field)
            for reference in wanted:
                remote_id = ids.parse_record_id(other.prefix, reference).remote_id
                try:
                    record = await self.run(call, way, get(remote_id, way.book))
                except ApiProblem as problem:
                    if problem.kind is NOT_FOUND:
                        continue  # the page leads to a record that is gone, or hidden from this connection
                    raise
                if by_client:
                    await self._ways.consented.check(call, way.connection, other.name, [record])
                found[reference] = msgspec.to_builtins(record, builtin_types=(bytes,))
        return found


def _deadline_s(source: Source | None) -> float:
    """An upload takes as long as its bytes take at a megabit a second, and never less than any other call."""
    return 30.0 if source is None else 30.0 + (source.size_bytes or 0) / 125_000


def _getter(way: Way, noun: Noun, field: str) -> Callable[[str, ids.Book], Flow[Any]]:
    """How the vendor reads the records that `expand` leads to; a 400 problem where it does not."""
    binding = getattr(way.connector, noun.name)
    if binding is None or binding.get is None:
        raise ApiProblem(
            UNSUPPORTED_SELECTION,
            f"{way.connector.name} cannot read {noun.name}, so `{field}` cannot be expanded.",
            errors=(FieldError("query/expand", "unsupported", f"Leave `{field}` out."),),
        )
    get: Callable[[str, ids.Book], Flow[Any]] = binding.get
    return get


def bound(way: Way, noun: Noun, port: str) -> Binding[Any, Any, Any]:
    """What the vendor can do with the noun; a 501 problem naming what it can when the port is missing."""
    binding: Binding[Any, Any, Any] | None = getattr(way.connector, noun.name)
    if binding is None or getattr(binding, port) is None:
        able = ", ".join(binding.ports) if binding is not None else "nothing"
        raise ApiProblem(
            VENDOR_CANNOT,
            f"{way.connector.name} has no `{port}` for {noun.name}. With {noun.name} it can: {able}.",
        )
    return binding


def etag(record: Any) -> tuple[tuple[bytes, bytes], ...]:
    """The `ETag` header of a record whose vendor has versions."""
    version = record.version
    return ((b"etag", f'"{version}"'.encode()),) if isinstance(version, str) else ()


def _is_known(listed: str, tag: str) -> bool:
    """Whether `If-None-Match` names this tag: compared weakly, as for reading (RFC 9110, 13.1.2)."""
    return listed == "*" or any(one.strip().removeprefix("W/") == tag for one in listed.split(","))


def _belongs_to(call: Call, way: Way, noun: Noun, selection: Selection) -> bytes:
    return b"|".join(
        (
            call.known_caller.key_id.bytes,
            way.home_bytes,
            noun.name.encode(),
            selection.fingerprint(),
        )
    )
