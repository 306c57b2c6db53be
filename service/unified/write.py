"""Live writing: one record created or changed at the vendor, once, whatever happens on the way."""

from collections.abc import Callable
from typing import Any, TypeVar

from billing import PriceBook, get_call
from service.api.bodies import decode_body, encode, json_body
from service.api.call import Answer, Call
from service.clock import now
from service.connectors.sdk.binding import NewDocument
from service.connectors.sdk.faults import StaleVersion
from service.connectors.sdk.flow import Flow, Source
from service.connectors.sdk.written import as_changed, gone
from service.db.pool import Pool, as_organization
from service.errors import VERSION_MISMATCH, ApiProblem
from service.idempotency.claim import Asked, Claim, Idempotency, KeptAnswer, fingerprint
from service.idempotency.once import replay, settler
from service.operations.slow import SlowWrites
from service.unified.asking import asked_at, idempotency_key, if_match, is_dry_run
from service.unified.doubt import Look, nothing_to_look_at, seen, sends_of, tells_nothing
from service.unified.noun import Noun
from service.unified.read import Reader, bound, etag
from service.unified.rehearsal import rehearsed
from service.unified.shape import overridden
from service.unified.ways import Way, Ways

T = TypeVar("T")

_NO_KEY = ""
"""For flows that are begun and never sent."""


class Writer:
    """Creates and changes unified records live at the vendors."""

    def __init__(
        self,
        ways: Ways,
        reader: Reader,
        idempotency: Idempotency,
        slow: SlowWrites,
        pool: Pool,
        prices: PriceBook,
        max_body_bytes: int,
    ) -> None:
        self._ways = ways
        self._slow = slow
        self._reader = reader
        self._idempotency = idempotency
        self._pool = pool
        self._prices = prices
        self._max_body_bytes = max_body_bytes

    async def create(self, call: Call, noun: Noun) -> Answer:
        """A new record: 201 with the record as the vendor has it now."""
        key = idempotency_key(call)
        way = await self._ways.named(call)
        binding = bound(way, noun, "create")
        create, made = binding.create, binding.made
        assert create is not None
        body = await json_body(call, self._max_body_bytes)
        new = decode_body(body, noun.create)
        if is_dry_run(call):
            return await self._dry_run(call, way, lambda: create(new, _NO_KEY, way.book))
        asked = asked_at(call, way, body)
        claim = await self._claim(call, way, key, body, asked)
        if isinstance(claim, Answer):
            return claim
        since = now() - claim.age
        look = None if made is None else lambda: made(new, since, way.book)

        async def work(call: Call) -> Answer:
            record = await self._carry_out(call, way, claim, create(new, claim.vendor_key, way.book), look)
            return await self._created(call, way, noun, record)

        return await self._slow.carry_out(call, claim, asked, work)

    async def update(self, call: Call, noun: Noun) -> Answer:
        """A changed record: 200 with the record as the vendor has it now; `If-Match` guards a version."""
        key = idempotency_key(call)
        way, remote_id = await self._ways.of_record(call, noun.prefix, call.params["id"])
        binding = bound(way, noun, "update")
        update, get = binding.update, binding.get
        assert update is not None
        version = if_match(call, versioned=binding.versioned)
        body = await json_body(call, self._max_body_bytes)
        change = decode_body(body, noun.update)
        if is_dry_run(call):
            return await self._dry_run(call, way, lambda: update(remote_id, change, version, _NO_KEY, way.book))
        asked = asked_at(call, way, body)
        claim = await self._claim(call, way, key, body, asked)
        if isinstance(claim, Answer):
            return claim
        look = None if get is None else lambda: as_changed(get(remote_id, way.book), change)

        async def work(call: Call) -> Answer:
            flow = update(remote_id, change, version, claim.vendor_key, way.book)
            record = await self._carry_out(call, way, claim, flow, look, version)
            return await self._changed(call, way, noun, record)

        return await self._slow.carry_out(call, claim, asked, work)

    async def upload(self, call: Call, noun: Noun, new: NewDocument, described: bytes, source: Source) -> Answer:
        """A new document whose bytes are still coming; `described` stands for them in the idempotency fingerprint."""
        key = idempotency_key(call)
        way = await self._ways.named(call)
        upload = bound(way, noun, "upload").upload
        assert upload is not None
        claim = await self._claim(call, way, key, described, None)
        if isinstance(claim, Answer):
            return claim
        flow = upload(new, claim.vendor_key, way.book)
        async with self._idempotency.prolonged(claim):
            record = await self._carry_out(call, way, claim, flow, None, source=source)
        return await self._created(call, way, noun, record)

    async def upload_version(
        self, call: Call, noun: Noun, new: NewDocument, described: bytes, source: Source
    ) -> Answer:
        """A record with new bytes, which are still coming."""
        key = idempotency_key(call)
        way, remote_id = await self._ways.of_record(call, noun.prefix, call.params["id"])
        upload = bound(way, noun, "upload_version").upload_version
        assert upload is not None
        claim = await self._claim(call, way, key, described, None)
        if isinstance(claim, Answer):
            return claim
        flow = upload(remote_id, new, claim.vendor_key, way.book)
        async with self._idempotency.prolonged(claim):
            record = await self._carry_out(call, way, claim, flow, None, source=source)
        return await self._changed(call, way, noun, record)

    async def dry_upload(self, call: Call, noun: Noun, new: NewDocument) -> Answer:
        """What an upload would count as."""
        idempotency_key(call)
        way = await self._ways.named(call)
        upload = bound(way, noun, "upload").upload
        assert upload is not None
        return await self._dry_run(call, way, lambda: upload(new, _NO_KEY, way.book))

    async def delete(self, call: Call, noun: Noun) -> Answer:
        """A record taken away, as far as the vendor allows: 204. `If-Match` guards a version."""
        key = idempotency_key(call)
        way, remote_id = await self._ways.of_record(call, noun.prefix, call.params["id"])
        binding = bound(way, noun, "delete")
        delete, get = binding.delete, binding.get
        assert delete is not None
        version = if_match(call, versioned=binding.versioned)
        if is_dry_run(call):
            return await self._dry_run(call, way, lambda: delete(remote_id, version, _NO_KEY, way.book))
        asked = asked_at(call, way, b"")
        claim = await self._claim(call, way, key, b"", asked)
        if isinstance(claim, Answer):
            return claim
        leaves_none = get is not None and binding.deletes == "removes"
        look = (lambda: gone(get(remote_id, way.book))) if get is not None and leaves_none else None

        async def work(call: Call) -> Answer:
            flow = delete(remote_id, version, claim.vendor_key, way.book)
            await self._carry_out(call, way, claim, flow, look, version)
            return Answer(204, b"")

        return await self._slow.carry_out(call, claim, asked, work)

    async def once(
        self,
        call: Call,
        way: Way,
        body: bytes,
        flow_of: Callable[[str], Flow[T]],
        answer_of: Callable[[Call, T], Answer],
        *,
        dry_run: bool,
    ) -> Answer:
        """Any other write, given the key for the vendor: carried out once for each Idempotency-Key."""
        key = idempotency_key(call)
        if dry_run:
            return await self._dry_run(call, way, lambda: flow_of(_NO_KEY))
        asked = asked_at(call, way, body)
        claim = await self._claim(call, way, key, body + call.scope["query_string"], asked)
        if isinstance(claim, Answer):
            return claim

        async def work(call: Call) -> Answer:
            return answer_of(call, await self._carry_out(call, way, claim, flow_of(claim.vendor_key), None))

        return await self._slow.carry_out(call, claim, asked, work)

    async def _carry_out(
        self,
        call: Call,
        way: Way,
        claim: Claim,
        flow: Flow[Any],
        look: Look | None,
        version: str | None = None,
        source: Source | None = None,
    ) -> Any:
        sends = sends_of(call, claim, way.connector.keeps_keys_for)
        try:
            record = await self._reader.run(call, way, flow, reading=False, source=source, sends=sends)
        except ApiProblem as problem:
            if tells_nothing(call, claim, problem):
                record = await self._look(call, way, look)
            elif version is not None and isinstance(problem.__cause__, StaleVersion):
                raise ApiProblem(
                    VERSION_MISMATCH, "The record has another version than `If-Match` says.", vendor=problem.vendor
                ) from None
            else:
                raise
        call.rows = 1
        return record

    async def _look(self, call: Call, way: Way, look: Look | None) -> Any:
        if look is None:
            raise nothing_to_look_at()
        try:
            return await self._reader.run(call, way, look(), reading=False)
        except ApiProblem as problem:
            raise seen(call, problem) from None

    async def _created(self, call: Call, way: Way, noun: Noun, record: Any) -> Answer:
        location = (b"location", f"/v1/{noun.name}/{record.id}".encode())
        rules = await self._reader.rules(call, way, noun)
        return Answer(201, encode(overridden(record, rules)), headers=(location, *etag(record)))

    async def _changed(self, call: Call, way: Way, noun: Noun, record: Any) -> Answer:
        rules = await self._reader.rules(call, way, noun)
        return Answer(200, encode(overridden(record, rules)), headers=etag(record))

    async def _claim(self, call: Call, way: Way, key: str, body: bytes, asked: bytes | None) -> Claim | Answer:
        """The right to write, or the answer of the first time. `asked` is None for what cannot be made again."""
        print_, caller = fingerprint(call.method, call.path, way.home_bytes, body), call.known_caller
        kept = None if asked is None else Asked(caller.key_id, asked)
        claim = await self._idempotency.claim(caller.org_id, key, print_, call.request_id, kept)
        if isinstance(claim, KeptAnswer):
            if call.settling is not None:
                await self._slow.end_as_kept(call, key, claim)
            return replay(call, claim)
        call.settle = settler(self._idempotency, claim)
        if claim.earlier_request_ids and await self._was_billed(claim):
            call.replayed = True
        return claim

    async def _dry_run(self, call: Call, way: Way, begin: Callable[[], Flow[Any]]) -> Answer:
        return await rehearsed(call, way, begin, self._pool, self._prices)

    async def _was_billed(self, claim: Claim) -> bool:
        """True when a try before this one was counted: then this one is free."""
        async with as_organization(self._pool, claim.org_id) as connection:
            for earlier in claim.earlier_request_ids:
                found = await get_call(connection, self._prices, claim.org_id, earlier)
                if found is not None and found.call.billable and not found.call.void:
                    return True
        return False
