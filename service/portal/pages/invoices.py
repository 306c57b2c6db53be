"""The invoices, and who they are made out to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import billing
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit
from service.usage.details import WrongDetailError, change_details, read_details
from service.usage.shapes import to_invoice, to_month

_MONTHS: Final = 36
_MOST: Final = {"name": 200, "address": 500, "registration": 60}
"""Characters of who invoices are made out to."""


def routes() -> tuple[Route, ...]:
    """Who may see money sees them; who pays says who pays."""
    return (
        page("/invoices", invoices, Permission.READ_MONEY),
        form("/invoices/details", say_who_pays, Permission.BUDGETS),
    )


async def invoices(visit: Visit) -> Reply:
    return await _invoices(visit)


async def say_who_pays(visit: Visit) -> Reply:
    """Who invoices are made out to from now on."""
    typed, org_id = visit.form.text, visit.org_id
    said: dict[str, Any] = {"name": typed("name"), "address": typed("address"), "tax_id": typed("registration") or None}
    long = next((name for name, most in _MOST.items() if len(typed(name)) > most), None)
    if long is not None:
        return await _invoices(visit, 422, {long: f"At most {_MOST[long]} characters."})
    try:
        async with as_organization(visit.parts.pool, org_id) as connection:
            actor = member_actor(visit.me.session.member_id)
            await change_details(connection, org_id, **said, actor=actor, at=visit.parts.clock())
    except WrongDetailError as wrong:
        return await _invoices(visit, 422, {"registration" if wrong.field == "tax_id" else wrong.field: wrong.says})
    return visit.go("/invoices")


async def _invoices(visit: Visit, status: int = 200, error: Mapping[str, str] = MappingProxyType({})) -> Reply:
    org_id = visit.org_id
    async with as_organization(visit.parts.pool, org_id) as connection:
        details = await read_details(connection, org_id, visit.parts.clock())
        closed = await billing.list_invoices(connection, org_id, limit=_MONTHS)
        month = to_month(await billing.month_to_date(connection, visit.parts.prices, org_id, visit.parts.clock()))
    found = [(to_invoice(one), billing.invoice_name(one)) for one in closed]
    by_stripe, typed = visit.parts.rail is not None, visit.form if error else None
    shown: dict[str, Any] = {"invoices": found, "month": month, "by_stripe": by_stripe, "details": details}
    return visit.page("invoices.html", status, **shown, error=error, typed=typed)
