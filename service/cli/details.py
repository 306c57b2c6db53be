"""`tickmark billing details`: who an organization's invoices are made out to, and the tax on them."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from cyclopts import App, Parameter

from billing import Details, set_details
from service import ids
from service.audit.acts import record_act
from service.cli.database import operator
from service.cli.errors import ArgumentError
from service.cli.options import Json, Org
from service.cli.output import show
from service.cli.reading import read_id
from service.clock import now
from service.usage.details import read_buyer


def add_details(app: App) -> None:
    """Puts this command into `tickmark billing`."""
    app.command(details)


async def details(
    *,
    org: Org,
    name: Annotated[str | None, Parameter(help="The company's name.")] = None,
    address: Annotated[str | None, Parameter(help="Its address; a semicolon begins a new line.")] = None,
    tax_id: Annotated[str | None, Parameter(help="Its tax registration.")] = None,
    tax: Annotated[str | None, Parameter(help="The tax to add, such as VAT=19; `none` for none.")] = None,
    as_json: Json = False,
) -> None:
    """Show who an organization's invoices are made out to and how they are taxed; change what is named."""
    org_id = read_id("org", org)
    async with operator() as connection, connection.transaction():
        found = await read_buyer(connection, org_id, now())
        taxed = (found.tax_name, found.tax_percent) if tax is None else _read_tax(tax)
        lines = found.address if address is None else "\n".join(part.strip() for part in address.split(";"))
        said = Details(name or found.name, lines, found.tax_id if tax_id is None else tax_id or None, *taxed)
        if said != found:
            try:
                await set_details(connection, org_id, said)
            except ValueError as error:
                raise ArgumentError(f"--tax cannot be {tax}: {error}.") from None
            await record_act(connection, org_id, "billing.details", (ids.encode("org", org_id),))
    row: dict[str, Any] = {
        "name": said.name,
        "address": said.address.replace("\n", "; "),
        "tax_id": said.tax_id,
        "tax": None if said.tax_name is None else f"{said.tax_name}={said.tax_percent}",
    }
    show([row], as_json=as_json)


def _read_tax(text: str) -> tuple[str, Decimal] | tuple[None, None]:
    """`VAT=19`. Raises ArgumentError."""
    if text == "none":
        return None, None
    name, _, percent = text.partition("=")
    try:
        found = Decimal(percent)
    except InvalidOperation:
        found = Decimal("NaN")
    if not name.strip() or not found.is_finite():
        raise ArgumentError("--tax is a name and a percentage, such as VAT=19, or none.")
    return name.strip(), found
