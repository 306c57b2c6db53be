"""`/v1/billing/details`: who our invoices to an organization are made out to."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

import billing
from billing import Details
from service import ids
from service.accounts.organizations import get_organization
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Operation
from service.api.operation import Meter as MeterClass
from service.api.query import read_query
from service.audit.acts import record_act
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.errors import INSUFFICIENT_SCOPE, ApiProblem, wrong_field

_MOST_BODY_BYTES: Final = 8 * 1024
_MOST_LINES: Final = 8
_PERSONS: Final = re.compile(r"\d{3}-\d{2}-\d{4}")
"""A social security number, or one like it: that of a person, which we do not keep."""
_LEEWAY: Final = timedelta(minutes=5)
"""What the database's clock may be ahead of ours."""


class WrongDetailError(Exception):
    """What cannot stand on an invoice: the field, and what would do."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


class BillingDetails(Struct, frozen=True, kw_only=True, tag_field="object", tag="billing_details"):
    """As the next invoice will be made out; one that was issued keeps what held then."""

    name: str
    """The company's name; the organization's own until another is said."""
    address: str
    """One line for each line of the address; empty where none was said."""
    tax_id: str | None
    """Your tax registration, as it is printed; null for none."""
    tax_name: str | None
    """The tax that the seller adds, such as `VAT`; null for none. Whoever bills says this."""
    tax_percent: str | None
    """How much of it, a decimal; null for none."""


class NewBillingDetails(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who invoices are made out to from now on."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    """The company's name."""
    address: Annotated[str, Meta(max_length=500)] = ""
    """Its address, in up to eight lines."""
    tax_id: Annotated[str, Meta(min_length=1, max_length=60)] | None = None
    """Its tax registration, such as `EU123456789`; never a person's number."""


async def read_buyer(connection: Connection, org_id: UUID, at: datetime) -> Details:
    """Who an invoice of that instant is made out to: the organization by its name where nothing was said."""
    found = await billing.get_details(connection, org_id, at)
    if found is not None:
        return found
    organization = await get_organization(connection, org_id)
    return Details(ids.encode("org", org_id) if organization is None else organization.name, "")


async def read_details(connection: Connection, org_id: UUID, at: datetime) -> BillingDetails:
    """What holds at the moment."""
    found = await read_buyer(connection, org_id, at + _LEEWAY)
    percent = None if found.tax_percent is None else f"{found.tax_percent.normalize():f}"
    return BillingDetails(
        name=found.name, address=found.address, tax_id=found.tax_id, tax_name=found.tax_name, tax_percent=percent
    )


async def change_details(
    connection: Connection,
    org_id: UUID,
    *,
    name: str,
    address: str,
    tax_id: str | None,
    actor: str | None,
    at: datetime,
) -> None:
    """Holds for what is issued from now on; the tax stays as whoever bills has set it.

    `actor` is a member; None for a key, whose call is in the audit log already. Raises WrongDetailError.
    """
    kept = await read_buyer(connection, org_id, at + _LEEWAY)
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    if not name.strip():
        raise WrongDetailError("name", "Enter the name of the company that pays.")
    if len(lines) > _MOST_LINES:
        raise WrongDetailError("address", f"At most {_MOST_LINES} lines.")
    if tax_id is not None and _PERSONS.search(tax_id):
        raise WrongDetailError("tax_id", "That is the number of a person. Enter the company's, or nothing.")
    said = Details(name.strip(), "\n".join(lines), tax_id, kept.tax_name, kept.tax_percent)
    await billing.set_details(connection, org_id, said)
    if actor is not None:
        await record_act(connection, org_id, "billing.details", (ids.encode("org", org_id),), actor=actor)


_EXAMPLE: Final[dict[str, Any]] = {
    "object": "billing_details",
    "name": "Ledgerline Apps Inc",
    "address": "1 Example Street\nExampleville, EX 00000",
    "tax_id": "EU123456789",
    "tax_name": None,
    "tax_percent": None,
}


def detail_operations(pool: Pool, clock: Clock = now) -> tuple[Operation, ...]:
    """Seeing and saying who pays."""

    async def show(call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        org_id = call.known_caller.org_id
        async with as_organization(pool, org_id) as connection:
            return answer_of(await read_details(connection, org_id, clock()))

    async def change(call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        asked = decode_body(await json_body(call, _MOST_BODY_BYTES, frozenset({"tax_id"})), NewBillingDetails)
        caller = call.known_caller
        if caller.is_bound:
            raise ApiProblem(INSUFFICIENT_SCOPE, "A key that is bound to firms or connections cannot change this.")
        said: dict[str, Any] = {"name": asked.name, "address": asked.address, "tax_id": asked.tax_id}
        async with as_organization(pool, caller.org_id) as connection:
            try:
                await change_details(connection, caller.org_id, **said, actor=None, at=clock())
            except WrongDetailError as wrong:
                raise wrong_field(f"/{wrong.field}", wrong.says) from None
            return answer_of(await read_details(connection, caller.org_id, clock()))

    shared: dict[str, Any] = {
        "path": "/v1/billing/details",
        "tag": "billing",
        "meter": MeterClass.NONE,
        "audit": Audit.MANAGEMENT,
        "answer": BillingDetails,
        "example": _EXAMPLE,
    }
    return (
        Operation(
            id="getBillingDetails",
            method="GET",
            summary="Get who invoices are made out to",
            description="Name, address and tax registration, as the next of our invoices to you will have them.",
            scope="billing:read",
            run=show,
            **shared,
        ),
        Operation(
            id="setBillingDetails",
            by_test_key=ByTestKey.NEVER,
            method="PUT",
            summary="Say who invoices are made out to",
            description="Holds for invoices that are issued from now on; those that were issued stay as they are. "
            "A bound key cannot do this.",
            scope="billing:write",
            body=NewBillingDetails,
            body_example={k: _EXAMPLE[k] for k in ("name", "address", "tax_id")},
            run=change,
            **shared,
        ),
    )
