"""`/v1/overrides`: field overrides made, listed and tried on a record."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of, decode_body, encode, json_body
from service.api.call import Answer, Call
from service.api.modes import require_own_mode
from service.api.operation import Audit, ByTestKey, Meter, Operation, Parameter
from service.api.pagination import example_page
from service.api.query import id_of, one_of, read_query
from service.clock import Clock, now
from service.connections.errors import ConnectionNotFoundError
from service.connections.open import Connections
from service.db.pool import Pool, as_organization
from service.errors import CONFLICT, INSUFFICIENT_SCOPE, VALIDATION_FAILED, ApiProblem, FieldError, missing, wrong_field
from service.resources.common import Page
from service.unified.noun import Noun
from service.unified.overrides import store
from service.unified.overrides.held import HeldOverrides, read_rules
from service.unified.overrides.rules import Rule, applied, mistakes
from service.unified.overrides.store import OverrideRow


class OverrideCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New rules for a place. They replace the place's former version; an empty list takes them away."""

    noun: str
    """`clients`, `invoices` and so on."""
    vendor: str | None = None
    """Only for records of this vendor; null: of every one."""
    connection: str | None = None
    """Only through this connection, `con_…`; null: through every one."""
    rules: tuple[Rule, ...]
    after_version: int | None = None
    """The newest version that is known; refused when there is a newer one. Null: whatever there is."""


class OverridePreview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to try."""

    noun: str
    rules: tuple[Rule, ...]
    record: dict[str, Any]
    """A record as the API gives it."""


class Override(Struct, frozen=True, kw_only=True, tag_field="object", tag="override"):
    """One version of the rules of a place. The organization's apply first, then the vendor's, then the connection's."""

    noun: str
    vendor: str | None
    connection: str | None
    version: int
    rules: tuple[Rule, ...]
    made_at: datetime
    made_by: str
    """The key, `key_…`."""


class OverridePreviewed(Struct, frozen=True, kw_only=True, tag_field="object", tag="override_preview"):
    """A record before and after the rules."""

    before: dict[str, Any]
    after: dict[str, Any]


class Overrides:
    """Makes and shows overrides."""

    def __init__(
        self,
        pool: Pool,
        held: HeldOverrides,
        connections: Connections,
        nouns: dict[str, Noun],
        vendors: tuple[str, ...],
        max_body_bytes: int,
        clock: Clock = now,
    ) -> None:
        self._pool = pool
        self._held = held
        self._connections = connections
        self._nouns = nouns
        self._vendors = vendors
        self._max_body_bytes = max_body_bytes
        self._clock = clock

    async def create(self, call: Call) -> Answer:
        """A new version: 201."""
        _refuse_bound(call)
        asked: OverrideCreate = decode_body(await json_body(call, self._max_body_bytes), OverrideCreate)
        self._check(asked.noun, asked.rules)
        vendor, link = await self._place(call, asked)
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            known = await store.list_override_versions(connection, org_id, asked.noun, vendor, link)
            newest = known[0].version if known else 0
            made = OverrideRow(
                noun=asked.noun,
                vendor=vendor,
                connection=link,
                version=newest + 1,
                rules=msgspec.json.encode(asked.rules),
                key_id=call.known_caller.key_id,
                made_at=self._clock(),
            )
            is_stale = asked.after_version is not None and asked.after_version != newest
            if is_stale or not await store.insert_override(connection, org_id, made):
                raise ApiProblem(CONFLICT, "Somebody else has made another version meanwhile; read them again.")
        self._held.forget(org_id)
        return answer_of(_told(made), 201)

    async def list(self, call: Call) -> Answer:
        """What is in force; with `noun`, every version there ever was of that place."""
        _refuse_bound(call)
        readers = {"noun": one_of(self._nouns), "vendor": one_of(self._vendors), "connection": id_of("con")}
        asked = read_query(call.scope["query_string"], readers)
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            if "noun" in asked:
                link: UUID | None = asked.get("connection")
                place = (asked["noun"], asked.get("vendor", ""), link.hex if link is not None else "")
                rows = await store.list_override_versions(connection, org_id, *place)
            else:
                rows = await store.list_overrides(connection, org_id)
        return answer_of(Page([_told(row) for row in rows], False, None))

    async def preview(self, call: Call) -> Answer:
        """What the rules would make of a record; nothing is kept."""
        asked: OverridePreview = decode_body(await json_body(call, self._max_body_bytes), OverridePreview)
        self._check(asked.noun, asked.rules)
        return Answer(200, encode(OverridePreviewed(before=asked.record, after=applied(asked.rules, asked.record))))

    def _check(self, noun: str, rules: tuple[Rule, ...]) -> None:
        if noun not in self._nouns:
            raise wrong_field("/noun", f"One of: {', '.join(self._nouns)}.", "choice")
        found = mistakes(rules, self._nouns[noun])
        if found:
            faults = tuple(FieldError(f"/rules{at}", "invalid", message) for at, message in found)
            raise ApiProblem(VALIDATION_FAILED, "The rules cannot be applied.", errors=faults)

    async def _place(self, call: Call, asked: OverrideCreate) -> tuple[str, str]:
        """Vendor and connection as they are kept."""
        if asked.vendor is not None and asked.vendor not in self._vendors:
            raise wrong_field("/vendor", f"One of: {', '.join(self._vendors)}.", "choice")
        if asked.connection is None:
            require_own_mode(call, is_sandbox=False)
            return asked.vendor or "", ""
        try:
            found = await self._connections.get(call.known_caller, ids.decode("con", asked.connection))
        except (ConnectionNotFoundError, ids.MalformedIdError):
            raise missing() from None
        require_own_mode(call, is_sandbox=found.sandbox)
        if asked.vendor not in (None, found.vendor):
            raise wrong_field("/vendor", f"The connection is one to {found.vendor}.", "contradiction")
        return found.vendor, found.id.hex


def _refuse_bound(call: Call) -> None:
    caller = call.known_caller
    if caller.is_bound:
        raise ApiProblem(INSUFFICIENT_SCOPE, "Overrides are for keys that are not bound to firms or connections.")


def _told(row: OverrideRow) -> Override:
    return Override(
        noun=row.noun,
        vendor=row.vendor or None,
        connection=ids.encode("con", UUID(row.connection)) if row.connection else None,
        version=row.version,
        rules=read_rules(row.rules),
        made_at=row.made_at,
        made_by=ids.encode("key", row.key_id),
    )


_RULES: Final = [{"rule": "rename", "field": "display_name", "to": "account_name"}]
_EXAMPLE: Final = {
    "object": "override",
    "noun": "clients",
    "vendor": "quickbooks",
    "connection": None,
    "version": 1,
    "rules": _RULES,
    "made_at": "2026-11-20T09:30:00Z",
    "made_by": "key_06bqf9n9p5z1t8k4x2m7c3h0wd",
}


def override_operations(
    overrides: Overrides, nouns: dict[str, Noun], vendors: tuple[str, ...]
) -> tuple[Operation, ...]:
    """Making, listing and trying overrides."""
    shared: dict[str, Any] = {"tag": "overrides", "meter": Meter.NONE, "audit": Audit.MANAGEMENT}
    return (
        Operation(
            id="listOverrides",
            method="GET",
            path="/v1/overrides",
            summary="List field overrides",
            description="The rules in force; with `noun`, every version of that place, newest first.",
            scope="connections:read",
            answer=Page[Override],
            parameters=(
                parameters.one_of("noun", tuple(nouns), "Every version of this noun's rules."),
                parameters.one_of("vendor", vendors, "With `noun`: of this vendor's place."),
                Parameter(
                    name="connection",
                    place="query",
                    schema=parameters.CONNECTION.schema,
                    description="With `noun` and `vendor`: of this connection's place.",
                ),
            ),
            problems=(errors.INVALID_PARAMETER,),
            example=example_page(_EXAMPLE),
            run=overrides.list,
            **shared,
        ),
        Operation(
            id="createOverride",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/overrides",
            summary="Make a version of field overrides",
            description="Rules for the records of a noun: of the organization, of a vendor, or of a connection. They "
            "apply to every answer from then on, within a second.",
            scope="connections:write",
            status=201,
            answer=Override,
            body=OverrideCreate,
            body_example={"noun": "clients", "vendor": "quickbooks", "rules": _RULES},
            problems=(errors.NOT_FOUND, errors.CONFLICT),
            example=_EXAMPLE,
            run=overrides.create,
            **shared,
        ),
        Operation(
            id="previewOverride",
            by_test_key=ByTestKey.FREELY,
            method="POST",
            path="/v1/overrides/preview",
            summary="Try field overrides on a record",
            description="What rules would make of a record that is sent along. Nothing is kept, no vendor is asked.",
            scope="connections:read",
            answer=OverridePreviewed,
            body=OverridePreview,
            body_example={"noun": "clients", "rules": _RULES, "record": {"object": "client", "display_name": "Alder"}},
            example={
                "object": "override_preview",
                "before": {"object": "client", "display_name": "Alder"},
                "after": {"object": "client", "account_name": "Alder", "meta": {"overridden": ["account_name"]}},
            },
            run=overrides.preview,
            **shared,
        ),
    )
