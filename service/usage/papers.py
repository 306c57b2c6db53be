"""An invoice to keep: as PDF, as HTML, and every call behind each of its lines."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

import billing
from billing import Invoice, InvoiceLine, InvoiceUnknown, LineCall, Papers, Place, Seller
from service import errors, ids
from service.api import parameters
from service.api.bodies import encode
from service.api.call import Answer, Call
from service.api.download import Download
from service.api.operation import Audit, Exports, Operation
from service.api.operation import Meter as MeterClass
from service.api.query import one_of, read_query
from service.db.pool import Connection, Pool, as_organization
from service.errors import missing
from service.usage.balance import read_standing
from service.usage.details import read_buyer

FORMATS: Final = {"csv": b"text/csv; charset=utf-8", "ndjson": b"application/x-ndjson"}
_HTML: Final = b"text/html; charset=utf-8"
_CHUNK_CALLS: Final = 5_000


class BilledCall(Struct, frozen=True):
    """One row of the download."""

    request_id: str
    at: str
    key: str
    connection: str | None
    operation: str
    units: int


class PaperRoutes:
    """Gives invoices out."""

    def __init__(self, pool: Pool, seller: Seller) -> None:
        self._pool = pool
        self._seller = seller

    async def pdf(self, call: Call) -> Answer:
        papers = await self._named(call)
        body = await asyncio.to_thread(billing.render_pdf, papers)
        return Answer(200, body, b"application/pdf", file_named(papers.invoice, "pdf"))

    async def html(self, call: Call) -> Answer:
        papers = await self._named(call)
        return Answer(200, billing.render_html(papers).encode(), _HTML, file_named(papers.invoice, "html", "inline"))

    async def _named(self, call: Call) -> Papers:
        try:
            invoice_id = ids.decode("bill", call.params["id"])
            return await read_papers(self._pool, call.known_caller.org_id, invoice_id, self._seller)
        except (ids.MalformedIdError, InvoiceUnknown):
            raise missing() from None

    async def calls(self, call: Call) -> Any:
        format_ = read_query(call.scope["query_string"], {"format": one_of(FORMATS)}).get("format", "csv")
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            invoice = await _invoice(connection, org_id, call.params["id"])
        number = call.params["n"]
        line = next((one for one in invoice.lines if str(one.position) == number and one.meter is not None), None)
        if line is None:
            raise missing()
        headers = file_named(invoice, format_, line=line.position)
        return Download(Answer(200, b"", FORMATS[format_], headers), write_calls(self._pool, invoice, line, format_))


async def read_papers(pool: Pool, org_id: UUID, invoice_id: UUID, seller: Seller) -> Papers:
    """All that an invoice prints, as it stands now. Raises InvoiceUnknown."""
    async with as_organization(pool, org_id) as connection:
        found = await read_standing(connection, org_id, invoice_id)
        at = found.invoice.issued_at or found.invoice.drafted_at
        buyer = await read_buyer(connection, org_id, at)
    return Papers(found.invoice, found.balance, buyer, seller, found.notes)


async def write_calls(pool: Pool, invoice: Invoice, line: InvoiceLine, format_: str) -> AsyncIterator[bytes]:
    """Some thousand calls at a time, each in a transaction of its own: no reader is too slow for the pool."""
    write = _csv if format_ == "csv" else _ndjson
    if format_ == "csv":
        yield (",".join(BilledCall.__struct_fields__) + "\r\n").encode()
    place: Place | None = Place()
    while place is not None:
        async with as_organization(pool, invoice.org_id) as connection:
            found, place = await billing.list_line_calls(connection, invoice, line, place, limit=_CHUNK_CALLS)
        if found:
            yield write(_to_row(one) for one in found)


def paper_operations(pool: Pool, seller: Seller) -> tuple[Operation, ...]:
    """What a key can take away of invoices."""
    routes = PaperRoutes(pool, seller)
    shared: dict[str, Any] = {
        "method": "GET",
        "tag": "billing",
        "scope": "billing:read",
        "meter": MeterClass.NONE,
        "audit": Audit.MANAGEMENT,
        "answer": bytes,
    }
    taken: dict[str, Any] = {**shared, "scope": "billing:export"}
    invoice_id = parameters.path_id("id", "The invoice's id, `bill_…`.")
    problems = (errors.NOT_FOUND,)
    return (
        Operation(
            **shared,
            id="getBillingInvoicePdf",
            exports=Exports.NOBODY,
            path="/v1/billing/invoices/{id}/pdf",
            summary="Get an invoice as PDF",
            description="The invoice as a PDF (PDF/A) to keep, with its payments and credit notes as they stand now.",
            answer_media_type="application/pdf",
            parameters=(invoice_id,),
            problems=problems,
            run=routes.pdf,
        ),
        Operation(
            **shared,
            id="getBillingInvoiceHtml",
            exports=Exports.NOBODY,
            path="/v1/billing/invoices/{id}/html",
            summary="Get an invoice as a page",
            description="The same invoice as one HTML page.",
            answer_media_type="text/html",
            parameters=(invoice_id,),
            problems=problems,
            run=routes.html,
        ),
        Operation(
            **taken,
            id="downloadInvoiceLineCalls",
            exports=Exports.ORGANIZATION,
            path="/v1/billing/invoices/{id}/lines/{n}/calls",
            summary="Download the calls behind a line",
            description="Every call that a line of an invoice bills, in the order they arrived; their units sum to the "
            "line's quantity. A correction has all calls of its meter and month that came late, and with negative "
            "units those that were taken back. Downloads of calls have a scope of their own and need a ticket.",
            answer_media_type="text/csv",
            other_media_types=("application/x-ndjson",),
            parameters=(
                invoice_id,
                parameters.path_id("n", "The line's place on the invoice, from 1."),
                parameters.one_of("format", tuple(FORMATS), "`csv` when left out."),
            ),
            problems=(*problems, errors.INVALID_PARAMETER),
            run=routes.calls,
        ),
    )


async def _invoice(connection: Connection, org_id: UUID, text: str) -> Invoice:
    try:
        return await billing.get_invoice(connection, org_id, ids.decode("bill", text))
    except (ids.MalformedIdError, InvoiceUnknown):
        raise missing() from None


def file_named(
    invoice: Invoice, ending: str, place: str = "attachment", line: int | None = None
) -> tuple[tuple[bytes, bytes], ...]:
    """The header that names a file after its invoice."""
    part = "" if line is None else f"-line-{line}"
    return ((b"content-disposition", f'{place}; filename="{billing.invoice_name(invoice)}{part}.{ending}"'.encode()),)


def _to_row(call: LineCall) -> BilledCall:
    return BilledCall(
        ids.encode("req", call.request_id),
        call.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        ids.encode("key", call.key_id),
        None if call.connection_id is None else ids.encode("con", call.connection_id),
        call.operation,
        call.units,
    )


def _csv(rows: Iterable[BilledCall]) -> bytes:
    text = io.StringIO()
    written = csv.writer(text)
    for row in rows:
        written.writerow((row.request_id, row.at, row.key, row.connection or "", row.operation, row.units))
    return text.getvalue().encode()


def _ndjson(rows: Iterable[BilledCall]) -> bytes:
    return b"".join(encode(row) + b"\n" for row in rows)
