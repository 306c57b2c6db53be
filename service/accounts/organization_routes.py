"""`/v1/organization`: the name and time zone of the organization that a key belongs to."""

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from service import ids
from service.accounts.errors import ImpossibleValueError
from service.accounts.granting import get_granting
from service.accounts.organizations import MAX_NAME_CHARACTERS, change_organization, get_organization
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Operation
from service.api.operation import Meter as MeterClass
from service.api.query import read_query
from service.audit.acts import key_actor
from service.db.pool import Connection, Pool, as_organization
from service.errors import INSUFFICIENT_SCOPE, VALIDATION_FAILED, ApiProblem, FieldError, missing

MAX_BODY_BYTES: Final = 16 * 1024


class Organization(Struct, frozen=True, kw_only=True, tag_field="object", tag="organization"):
    """Our customer, whose key calls."""

    id: str
    """`org_…`"""
    name: str
    """It stands on its invoices, in its invitations, and on the pages that its firms see."""
    time_zone: str
    """IANA name, for the days and times on its pages. Billing months keep the zone they began with."""
    ip_allow: tuple[str, ...]
    """Networks that its keys may be used from, where they have no list of their own; empty for anywhere.

    Set on the page of settings: a key does not say where it may be used from.
    """
    keys_may_grant: bool
    """Whether its keys may make keys and invite people. An owner or admin says so on the page of keys, no key does."""
    created_at: datetime
    """When it signed up."""


class OrganizationUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)] | UnsetType = UNSET
    """Its name."""
    time_zone: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    """IANA name, such as `America/Chicago`."""


class OrganizationRoutes:
    """The answers about the organization. A bound key changes nothing of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def one(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        async with as_organization(self._pool, call.known_caller.org_id) as connection:
            return answer_of(await _read(connection, call))

    async def change(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        asked: OrganizationUpdate = decode_body(await json_body(call, MAX_BODY_BYTES), OrganizationUpdate)
        caller = call.known_caller
        if caller.is_bound:
            raise ApiProblem(INSUFFICIENT_SCOPE, "A key that is bound to firms or connections cannot change this.")
        try:
            async with as_organization(self._pool, caller.org_id) as connection:
                now = await _read(connection, call)
                name = now.name if asked.name is UNSET else asked.name
                zone = now.time_zone if asked.time_zone is UNSET else asked.time_zone
                await change_organization(connection, caller.org_id, name, zone, actor=key_actor(caller.key_id))
                return answer_of(await _read(connection, call))
        except ImpossibleValueError as wrong:
            field = "time_zone" if "zone" in str(wrong) else "name"
            message = f"{wrong}.".capitalize()
            raise ApiProblem(
                VALIDATION_FAILED, message, errors=(FieldError(f"/{field}", "invalid", message),)
            ) from None


async def _read(connection: Connection, call: Call) -> Organization:
    org_id = call.known_caller.org_id
    found = await get_organization(connection, org_id)
    if found is None:
        raise missing()
    return Organization(
        id=ids.encode("org", found.id),
        name=found.name,
        time_zone=found.time_zone,
        ip_allow=found.ip_allow,
        keys_may_grant=await get_granting(connection, org_id) is not None,
        created_at=found.created_at,
    )


def organization_operations(pool: Pool) -> tuple[Operation, ...]:
    """What a key can ask about its organization."""
    routes = OrganizationRoutes(pool)
    shared: dict[str, Any] = {"tag": "account", "meter": MeterClass.NONE, "audit": Audit.MANAGEMENT}
    example = {
        "object": "organization",
        "id": "org_01k3sd2p3bfxvs0q7kxb6hzj5t",
        "name": "Ledgerline Apps",
        "time_zone": "America/Chicago",
        "ip_allow": ["192.0.2.0/24"],
        "keys_may_grant": False,
        "created_at": "2026-11-02T15:04:05Z",
    }
    return (
        Operation(
            id="getOrganization",
            method="GET",
            path="/v1/organization",
            summary="Get the organization",
            description="The organization that the key belongs to.",
            scope="organization:read",
            answer=Organization,
            example=example,
            run=routes.one,
            **shared,
        ),
        Operation(
            id="updateOrganization",
            by_test_key=ByTestKey.NEVER,
            method="PATCH",
            path="/v1/organization",
            summary="Change the organization",
            description="Its name, and the time zone that its pages speak in.",
            scope="organization:write",
            answer=Organization,
            body=OrganizationUpdate,
            body_example={"time_zone": "America/Chicago"},
            example=example,
            run=routes.change,
            **shared,
        ),
    )
