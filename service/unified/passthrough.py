"""A vendor's own endpoints, through our credentials, limits, meter and audit: host fixed, paths and headers listed."""

from collections.abc import Mapping
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from service.api.bodies import json_body
from service.api.call import JSON, Answer, Call
from service.api.query import boolean
from service.api.screen import refuse_numbers_in
from service.connectors.sdk.faults import Malformed
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.passthrough import Done, Passthrough, Rule
from service.connectors.sdk.wire import redacted
from service.errors import (
    INVALID_PARAMETER,
    NOT_FOUND,
    PASSTHROUGH_NOT_ALLOWED,
    ApiProblem,
    FieldError,
)
from service.unified.bundles import note_done, refuse_bundle
from service.unified.noun import Noun
from service.unified.read import Reader
from service.unified.ways import Way, Ways
from service.unified.write import Writer

MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
_PREFIX: Final = "/v1/passthrough/"
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_PLAIN: Final = ("application/pdf", "text/csv")
"""Besides JSON, from which secrets are taken out by name."""
_DRY_RUN: Final = "dry_run"

_Query: TypeAlias = tuple[tuple[str, str], ...]
_Passed: TypeAlias = tuple[Answer, tuple[Done, ...]]


class Passthroughs:
    """Passes calls through."""

    def __init__(
        self, ways: Ways, reader: Reader, writer: Writer, nouns: Mapping[str, Noun], max_body_bytes: int
    ) -> None:
        self._ways = ways
        self._reader = reader
        self._writer = writer
        self._nouns = nouns
        self._max_body_bytes = max_body_bytes

    async def run(self, call: Call) -> Answer:
        """The vendor's answer to one of the calls that its connector lists."""
        vendor, _, rest = call.path.removeprefix(_PREFIX).partition("/")
        way = await self._ways.named(call)
        if way.connector.slug != vendor:
            raise ApiProblem(NOT_FOUND, f"The connection is one to {way.connector.name}, not to `{vendor[:40]}`.")
        listed = way.connector.passthrough or Passthrough(rules=())
        rule = listed.rule(call.method, f"/{rest}")
        if rule is None or _is_disguised(call.scope["raw_path"].partition(b"?")[0]):
            raise _not_listed(way, listed)
        # What each part of a bundle may hold alone has no field for government ids.
        keepers = way.connector.redact if rule.bundle is None else frozenset[str]()
        body = await json_body(call, self._max_body_bytes, keepers) if call.method in _WITH_BODY else None
        is_dry_run, query = _without_dry_run(call.method, _query(call))
        if rule.lane == "read":
            if is_dry_run:
                raise ApiProblem(INVALID_PARAMETER, "This endpoint only reads: it has no dry run.")
            answer, _ = await self._reader.run(call, way, _flow(call, way, rule, f"/{rest}", query, body))
            call.rows = 1
            return answer
        return await self._write(call, way, rule, f"/{rest}", query, body, dry_run=is_dry_run)

    async def _write(
        self, call: Call, way: Way, rule: Rule, path: str, query: _Query, body: bytes | None, *, dry_run: bool
    ) -> Answer:
        for name, text in query:
            refuse_numbers_in(text, f"query/{name}")
        if rule.bundle is not None:
            refuse_bundle(call, way, rule.bundle, query, body or b"")

        def told(call: Call, passed: _Passed) -> Answer:
            answer, done = passed
            if rule.bundle is not None:
                note_done(call, way, self._nouns, done)
            return answer

        return await self._writer.once(
            call, way, body or b"", lambda key: _flow(call, way, rule, path, query, body, key), told, dry_run=dry_run
        )


def _flow(
    call: Call, way: Way, rule: Rule, path: str, query: _Query, body: bytes | None, key: str = ""
) -> Flow[_Passed]:
    allowed = way.connector.passthrough.headers if way.connector.passthrough is not None else ()
    bundle = rule.bundle
    response = yield Request(
        method=rule.method,
        path=path,
        query=query if bundle is None else (*query, bundle.once(key)),
        body=body,
        headers=tuple((name, value) for name in allowed if (value := call.header(name.encode())) is not None),
        lane=rule.lane,
        repeatable=bundle is not None,
        counts_as=None if bundle is None else bundle.counts_as,
    )
    return _answer(response, way.connector.redact), () if bundle is None else bundle.done(response.body)


def _is_disguised(raw_path: bytes) -> bool:
    """True of a path with escapes, which others might read in another way; generated clients write `/` as `%2F`."""
    return b"%" in raw_path.replace(b"%2F", b"").replace(b"%2f", b"")


def _answer(response: Response, redact: frozenset[str]) -> Answer:
    if len(response.body) > MAX_ANSWER_BYTES:
        raise Malformed(f"more than {MAX_ANSWER_BYTES:,} bytes", status=response.status)
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if not response.body:
        return Answer(200, b"null")
    if media_type in _PLAIN:
        return Answer(200, response.body, media_type.encode(), ((b"content-disposition", b"attachment"),))
    return Answer(200, redacted(response.body, redact), JSON)


def _query(call: Call) -> _Query:
    try:
        text = call.scope["query_string"].decode("ascii")
        return tuple(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50))
    except (UnicodeDecodeError, ValueError):
        raise ApiProblem(INVALID_PARAMETER, "The query string is not percent-encoded UTF-8 text.") from None


def _without_dry_run(method: str, query: _Query) -> tuple[bool, _Query]:
    """Whether it is asked for, and what is left for the vendor. A GET's query is the vendor's own, all of it."""
    if method == "GET":
        return False, query
    asked = [boolean(name, text) for name, text in query if name == _DRY_RUN]
    return any(asked), tuple(pair for pair in query if pair[0] != _DRY_RUN)


def _not_listed(way: Way, listed: Passthrough) -> ApiProblem:
    choices = tuple(FieldError("path", "choice", f"{rule.method} {rule.path}") for rule in listed.rules[:60])
    return ApiProblem(
        PASSTHROUGH_NOT_ALLOWED,
        f"{way.connector.name} has {len(listed.rules)} endpoints for passthrough.",
        errors=choices,
    )
