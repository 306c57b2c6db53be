"""What clients have agreed to and are billed for: services, billing lines, engagements, the accounts' invoices."""

from datetime import timedelta
from functools import lru_cache

from service.sandbox.books import SERVICES, Books, day_of
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import person
from service.sandbox.shapes import SHAPES, Kind, Shape, counts
from service.sandbox.sodium.clients import People
from service.sandbox.sodium.staff import code, frequency, service_ref
from service.sandbox.sodium.wire import instant, money, ref

FREQUENCIES = ("OneOff", "Annual", "Quarterly", "Monthly")
SERVICE_STATUSES = ("Active", "Inactive", "Paused", "Proposed")
LINE_STATUSES = ("Pending", "Approved", "Invoiced", "Cancelled")
VAT_RATES = ("Standard", "Reduced", "Zero", "Exempt", "OutOfScope")
ENGAGEMENT_STATUSES = ("Unsent", "Sent", "Viewed", "Accepted", "Rejected")
ENGAGEMENT_TYPES = {"ProposalAndEngagementLetter": "Proposal and engagement letter",
                    "EngagementLetter": "Engagement letter"}  # fmt: skip
A_YEAR = {"Monthly": 12, "Quarterly": 4, "Annual": 1, "OneOff": 1}
SIGNATURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_SERVICE, _ENGAGEMENT, _GUID = 41, 42, 43
_FIRST_INVOICE_ID, _INVOICE_ID_STEP = 101, 4


def _services(shape: Shape) -> int:
    return max(1, min(3, len(shape.invoices)))


def _lines(shape: Shape) -> int:
    return len(shape.invoices) if shape.status == "Active" else 0


def _engagements(shape: Shape) -> int:
    return 2 if len(shape.invoices) >= 3 else 1


def _accounted(shape: Shape) -> tuple[int, ...]:
    """The places of the invoices that the accounting platform has: QuickBooks, under the same ids."""
    return tuple(place for place, kind in enumerate(shape.invoices) if shape.in_quickbooks(kind))


_ACCOUNTED = tuple(_accounted(shape) for shape in SHAPES)


class Deals:
    """Builds what is agreed and billed."""

    def __init__(self, books: Books, people: People) -> None:
        self._books = books
        self._people = people
        self.services = Layout(counts(_services), books.clients)
        self.lines = Layout(counts(_lines), books.clients)
        self.engagements = Layout(counts(_engagements), books.clients)
        self.invoices = Layout([len(places) for places in _ACCOUNTED], books.clients)
        self.engagement_status = lru_cache(512)(self._engagement_status)

    def service(self, row: int) -> Json:
        """A service that a client takes."""
        number, place = self.services.locate(row)
        shape = self._books.shape(number)
        at = (number + place) % len(SERVICES)
        adjustment = -10 if number % 7 == 0 else 0
        base = SERVICES[at].rate_minor if shape.currency != "JPY" else SERVICES[at].rate_minor // 100 * 100
        created_s, updated_s = self._books.client_times(number)
        status = {"Prospect": "Proposed", "Archived": "Inactive", "Other": "Inactive"}.get(shape.status, "Active")
        return {
            "code": code("CS", row),
            "billableService": service_ref(at),
            "client": self._people.ref(number),
            "billingFrequency": frequency(at),
            "price": money(base, shape.currency),
            "overridePricing": False,
            "priceAdjustmentPercentage": adjustment,
            "calculatedPrice": money(base * (100 + adjustment) // 100, shape.currency),
            "startDate": instant(created_s)[:10],
            "endDate": instant(updated_s)[:10] if status == "Inactive" else None,
            "status": "Paused" if status == "Active" and place == 2 else status,
            "stageCode": None,
            "pricingAnswers": [],
            "createdDate": instant(created_s),
            "updatedDate": instant(updated_s),
        }

    def service_updated_s(self, row: int) -> int:
        """When a client's service last changed."""
        return self._books.client_times(self.services.locate(row)[0])[1]

    def line(self, row: int) -> Json:
        """Something to be billed (ClientBillingLineItemDto)."""
        number, place = self.lines.locate(row)
        shape = self._books.shape(number)
        invoice = self._books.ledger(number).invoices[place]
        is_accounted = place in _ACCOUNTED[number % len(SHAPES)]
        status = "Invoiced" if is_accounted else ("Pending", "Approved", "Cancelled")[row % 3]
        first = invoice.lines[0]
        at = instant(invoice.updated_s)
        return {
            "code": code("BL", row),
            "client": self._people.ref(number),
            "clientBillableService": None,
            "servicePackage": None,
            "description": SERVICES[first.service].name,
            "quantity": 1,
            "unitPrice": money(first.amount_minor - first.write_down_minor, shape.currency),
            "vatRate": "Standard",
            "accountingCode": SERVICES[first.service].sku,
            "periodStart": None,
            "periodEnd": None,
            "generatedDate": at,
            "billingDate": invoice.issued.isoformat(),
            "status": status,
            "invoiceSubmissionCode": f"IS{100_001 + row}" if is_accounted else None,
            "createdDate": at,
            "updatedDate": at,
        }

    def line_updated_s(self, row: int) -> int:
        """When a billing line last changed."""
        return self._books.invoice_times(*self.lines.locate(row))[1]

    def engagement(self, row: int) -> Json:
        """An engagement with what was agreed in it."""
        number, place = self.engagements.locate(row)
        client = self._books.client(number)
        services = [self.service(at) for at in self.services.rows_of(number)][: place + 1]
        status = self.engagement_status(row)
        made_s, updated_s = self._engagement_times(row)
        recipient = person(self._books, number, 0) if client.shape.contacts else None
        kind = "EngagementLetter" if place else "ProposalAndEngagementLetter"
        was_seen = status in {"Viewed", "Accepted", "Rejected"}
        return {
            "code": code("EN", row),
            "guid": self.guid(row),
            "client": self._people.ref(number),
            "date": day_of(made_s).isoformat(),
            "status": status,
            "type": kind,
            "typeName": ENGAGEMENT_TYPES[kind],
            "recipientFirstName": recipient.given if recipient else None,
            "recipientLastName": recipient.family if recipient else None,
            "recipientEmail": recipient.email if recipient else client.email,
            "hasProposalPdf": status != "Unsent" and not place,
            "hasLofEPdf": status != "Unsent",
            "proposalTemplate": ref("DT100001", "Proposal"),
            "lofETemplate": ref("DT100002", "Letter of engagement"),
            "acceptance": _acceptance(updated_s, number) if status == "Accepted" else None,
            "lastViewed": instant(updated_s) if was_seen else None,
            **totals(services),
            "clientBillableServices": services,
            "createdDate": instant(made_s),
            "updatedDate": instant(updated_s),
        }

    def engagement_updated_s(self, row: int) -> int:
        """When an engagement last changed."""
        return self._engagement_times(row)[1]

    def guid(self, row: int) -> str:
        """The secret in an engagement's public link."""
        dice = Dice(self._books.seed, _GUID, row)
        digits = f"{dice.roll(1 << 62):016x}{dice.roll(1 << 62):016x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def invoice_id(self, number: int, place: int) -> str:
        """The id the accounting platform knows an invoice by."""
        row = self.invoices.rows_of(number)[_ACCOUNTED[number % len(SHAPES)].index(place)]
        return str(_FIRST_INVOICE_ID + _INVOICE_ID_STEP * row)

    def find_invoice(self, invoice_id: str) -> tuple[int, int] | None:
        """The client and place of an invoice of the accounting platform."""
        if not (invoice_id.isascii() and invoice_id.isdigit() and len(invoice_id) < 12):
            return None
        row, rest = divmod(int(invoice_id) - _FIRST_INVOICE_ID, _INVOICE_ID_STEP)
        if rest or not 0 <= row < self.invoices.size:
            return None
        number, at = self.invoices.locate(row)
        return number, _ACCOUNTED[number % len(SHAPES)][at]

    def customer_invoices(self, number: int) -> list[Json]:
        """What the accounting platform has billed a client."""
        return [self.invoice(number, place) for place in _ACCOUNTED[number % len(SHAPES)]]

    def invoice(self, number: int, place: int) -> Json:
        """An invoice as read through from the accounting platform: no lines, decimal amounts."""
        shape = self._books.shape(number)
        invoice = self._books.ledger(number).invoices[place]
        is_void = invoice.kind is Kind.VOID
        invoice_id = self.invoice_id(number, place)
        status = "Paid" if not invoice.balance_minor else "Overdue" if invoice.issued.month % 2 else "Submitted"
        return {
            "id": invoice_id,
            "number": self._books.document_number(number, place),
            "customerId": str(number + 1),
            "customerName": self._books.name(number),
            "totalAmount": 0.0 if is_void else money(invoice.total_minor, shape.currency),
            "amountDue": money(invoice.balance_minor, shape.currency),
            "date": invoice.issued.isoformat(),
            "dueDate": (invoice.issued + timedelta(days=30)).isoformat(),
            "status": "Voided" if is_void else status,
            "currency": shape.currency,
            "externalUrl": f"https://books.example/invoices/{invoice_id}",
            "isPdfAvailable": not is_void,
            "platformData": {"platform": "QuickBooks"},
        }

    def _engagement_status(self, row: int) -> str:
        number, place = self.engagements.locate(row)
        if self._books.shape(number).status == "Active" and not place:
            return "Accepted"
        return ENGAGEMENT_STATUSES[Dice(self._books.seed, _ENGAGEMENT, row).roll(len(ENGAGEMENT_STATUSES))]

    def _engagement_times(self, row: int) -> tuple[int, int]:
        number, place = self.engagements.locate(row)
        created_s, updated_s = self._books.client_times(number)
        made_s = created_s + (updated_s - created_s) * place // 2
        return made_s, made_s + Dice(self._books.seed, _ENGAGEMENT, row, 1).roll(max(1, updated_s - made_s))


def totals(services: list[Json]) -> Json:
    """What an engagement comes to: `totalValue` is what recurs in a year and what comes once."""
    sums = dict.fromkeys(FREQUENCIES, 0.0)
    for service in services:
        sums[service["billingFrequency"]] += service["calculatedPrice"]
    return {
        "totalValue": round(sum(amount * A_YEAR[name] for name, amount in sums.items()), 2),
        "monthlyTotal": round(sums["Monthly"], 2),
        "quarterlyTotal": round(sums["Quarterly"], 2),
        "annualTotal": round(sums["Annual"], 2),
        "oneOffTotal": round(sums["OneOff"], 2),
        "numberOfServices": len(services),
    }


def _acceptance(at_s: int, number: int) -> Json:
    return {
        "acceptedDate": instant(at_s),
        "acceptedIpAddress": f"203.0.113.{number % 250 + 1}",
        "acceptanceSignature": SIGNATURE,
        "manuallyAccepted": number % 9 == 0,
    }
