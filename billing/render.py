"""An invoice as text for a terminal: plain characters, aligned, at most 100 columns."""

from decimal import Decimal, InvalidOperation
from typing import Final

from billing.errors import UnreadableAmountError
from billing.invoices import Invoice, InvoiceLine
from billing.prices import MINOR_DIGITS

_MOST_MINOR: Final = 10**15
_HEADINGS = ("", "units", "price", "amount")


def render_invoice(invoice: Invoice) -> str:
    """The invoice with its lines and total, without a newline at the end."""
    title = f"Invoice {invoice.number}" if invoice.number is not None else "Invoice (draft)"
    rows = [_HEADINGS, *(_to_row(line, invoice.currency) for line in invoice.lines)]
    total = ("total", f"{invoice.units:,}", "", format_money(invoice.total_minor, invoice.currency))
    widths = [max(len(row[column]) for row in [*rows, total]) for column in range(len(_HEADINGS))]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    body = [_align(row, widths) for row in rows]
    head = f"{title}  {invoice.period:%B %Y}  {invoice.currency}"
    return "\n".join([head, rule, body[0], *body[1:], rule, _align(total, widths)])


def format_money(amount_minor: int, currency: str) -> str:
    """Minor units as people write them: 123456 USD is `1,234.56`."""
    digits = MINOR_DIGITS[currency]
    return f"{Decimal(amount_minor).scaleb(-digits):,.{digits}f}"


def read_money(text: str, currency: str) -> int:
    """What somebody typed, in minor units: `1,234.5` USD is 123450. Raises UnreadableAmountError with what to type."""
    digits = MINOR_DIGITS[currency]
    try:
        amount = Decimal(text.replace(",", "").removesuffix(currency).strip())
        minor = amount.scaleb(digits)
        if not amount.is_finite() or minor != minor.to_integral_value() or not 0 <= minor <= _MOST_MINOR:
            raise InvalidOperation
    except InvalidOperation:
        example = "500" if not digits else f"500.{'0' * digits}"
        raise UnreadableAmountError(f"Enter an amount of {currency} such as {example}.") from None
    return int(minor)


def _to_row(line: InvoiceLine, currency: str) -> tuple[str, str, str, str]:
    if line.meter is None:
        return line.description, "", "", format_money(line.amount_minor, currency)
    price = f"{line.unit_price.normalize():f}"
    return line.description, f"{line.quantity:,}", price, format_money(line.amount_minor, currency)


def _align(row: tuple[str, str, str, str], widths: list[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *others]).rstrip()
