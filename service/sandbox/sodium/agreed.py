"""Operations on what is agreed and billed: client services, billing lines, engagements."""

import uuid
from base64 import b64decode
from binascii import Error as NotBase64

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.choices import one_of
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.deals import (
    ENGAGEMENT_STATUSES,
    ENGAGEMENT_TYPES,
    FREQUENCIES,
    LINE_STATUSES,
    SERVICE_STATUSES,
    totals,
)
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.wire import Day

_CLIENT = "/clients/{client}"
_NEXT = {"Pending": {"Approved", "Cancelled"}, "Approved": {"Pending", "Invoiced", "Cancelled"}}
_PDFS = {"proposal": "hasProposalPdf", "letter-of-engagement": "hasLofEPdf"}


class ServiceBody(wire.Body, frozen=True):
    """A client's service to write."""

    billable_service_code: str
    billing_frequency: str
    price: float | None = None
    override_pricing: bool = False
    price_adjustment_percentage: float = 0
    start_date: Day | None = None
    end_date: Day | None = None
    status: str = "Active"
    stage_code: str | None = None
    pricing_answers: tuple[Json, ...] = ()


class StageBody(wire.Body, frozen=True):
    """The stage a client's service is moved to."""

    stage_code: str | None = None


class LineBody(wire.Body, frozen=True):
    """A billing line to write."""

    description: str
    amount: float
    accounting_code: str | None = None
    vat_rate: float = 0.0
    billing_date: Day | None = None
    client_billable_service_code: str | None = None


class StatusBody(wire.Body, frozen=True):
    """The status a billing line gets."""

    status: str


class EngagementBody(wire.Body, frozen=True):
    """An engagement to write; without `client_billable_service_codes` a PUT leaves the snapshots alone."""

    client_code: str
    date: Day
    type: str
    status: str | None = None
    recipient_first_name: str | None = None
    recipient_last_name: str | None = None
    recipient_email: str | None = None
    client_billable_service_codes: list[str] | None = None


class EmailBody(wire.Body, frozen=True):
    """An e-mail with the engagement's link."""

    subject: str = "Your engagement"
    body: str | None = None
    to: str | None = None


class PdfBody(wire.Body, frozen=True):
    """A PDF in base64."""

    pdf_content: str


class Agreed:
    """Client services, billing lines, engagements."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        services = f"{_CLIENT}/services/clientbillableservice"
        self._services = Collection(
            firm.client_services,
            services,
            ServiceBody,
            self._make_service,
            firm.now_s,
            firm.clients,
            filters={"status": Filter(lambda row: row["status"], SERVICE_STATUSES)},
        )
        self._board = Collection(
            firm.client_services,
            "/client-billable-services",
            ServiceBody,
            self._make_service,
            firm.now_s,
            firm.clients,
            filters={
                "serviceCode": Filter(ref_code("billableService")),
                "stageCode": Filter(lambda row: row["stageCode"]),
            },
        )
        self._lines = Collection(
            firm.billing_lines,
            f"{_CLIENT}/billinglineitems/clientbillinglineitem",
            LineBody,
            self._make_line,
            firm.now_s,
            firm.clients,
            filters={"status": Filter(lambda row: row["status"], LINE_STATUSES)},
            may_delete=_line_may_change,
        )
        self.engagements = Collection(
            firm.engagements,
            "/engagements",
            EngagementBody,
            self._make_engagement,
            firm.now_s,
            firm.clients,
            filters={
                "status": Filter(lambda row: row["status"], ENGAGEMENT_STATUSES, firm.deals.engagement_status),
                "client": Filter(ref_code("client")),
            },
            sorts={"Date": "date"},
            search=("recipientLastName", "recipientEmail"),
            show=_without_snapshots,
            may_delete=_engagement_may_go,
        )
        for collection in (self._services, self._lines, self.engagements):
            collection.add_routes(router)
        self._board.add_routes(router, ("list",))
        self._add_routes(router)
        self._guids: dict[str, int] = {}

    def find_engagement(self, guid: str) -> int | None:
        """The engagement behind a public link."""
        table = self._firm.engagements.table
        if not self._guids:
            self._guids = {self._firm.deals.guid(row): row for row in range(table.seeded)}
        found = self._guids.get(guid)
        if found is None:
            later = range(table.seeded, table.size)
            found = next((at for at in later if table.is_live(at) and table[at]["guid"] == guid), None)
        return found if found is not None and table.is_live(found) else None

    def pdf(self, row: Json, name: str) -> Response:
        """One of an engagement's PDFs."""
        if not row[_PDFS[name]]:
            raise missing("PDF")
        content: bytes = self._firm.kept.get((name, row["code"]), f"%PDF-1.7 {name} {row['code']}".encode())
        return Response(200, content, (("content-type", "application/pdf"),))

    def _add_routes(self, router: Router) -> None:
        one = "/engagements/{code}"
        for method, pattern, handler in (
            ("PATCH", "/client-billable-services/{code}/stage", self._stage),
            ("PATCH", f"{_CLIENT}/billinglineitems/{{code}}/status", self._line_status),
            ("GET", f"{one}/email", self._emails),
            ("POST", f"{one}/email", self._email),
            ("GET", f"{one}/pdf/{{name}}", self._get_pdf),
            ("POST", f"{one}/pdf/{{name}}", self._put_pdf),
        ):
            router.add(method, pattern, handler)

    def _make_service(self, body: ServiceBody, old: Json | None, client: int | None) -> Json:
        assert client is not None
        service = self._firm.must_find(self._firm.services, body.billable_service_code, "billableServiceCode")
        made = wire.fields(body)
        del made["billableServiceCode"]
        one_of(body.billing_frequency, FREQUENCIES, "billingFrequency")
        one_of(body.status, SERVICE_STATUSES, "status")
        options = {option["frequency"]: option["price"] for option in service["pricing"]}
        usual = options.get(body.billing_frequency, next(iter(options.values()), 0.0))
        price = usual if body.price is None else body.price
        adjustment = 0 if body.override_pricing else body.price_adjustment_percentage
        return {
            **made,
            "billableService": wire.ref(service["code"], service["name"]),
            "client": self._firm.client_ref(client),
            "price": price,
            "calculatedPrice": round(price * (100 + adjustment) / 100, 2),
            "startDate": made["startDate"] or wire.instant(self._firm.now_s())[:10],
        }

    def _stage(self, request: Request, path: Path) -> Response:
        position = self._firm.client_services.position(path["code"])
        stage = wire.read(request, StageBody).stage_code
        return json_response(200, self._services.amend(position, {"stageCode": stage}))

    def _make_line(self, body: LineBody, old: Json | None, client: int | None) -> Json:
        assert client is not None
        if old is not None:
            _line_may_change(old)
        if round(body.amount, 2) != body.amount:
            raise invalid("amount", "The field amount has more than two decimal places.")
        made = wire.fields(body)
        code = made.pop("clientBillableServiceCode")
        service = self._firm.must_find(self._firm.client_services, code, "clientBillableServiceCode") if code else None
        return {
            **made,
            "client": self._firm.client_ref(client),
            "clientBillableService": service and wire.ref(service["code"], service["billableService"]["name"]),
            "currency": self._firm.books.shape(client).currency if client < self._firm.books.clients else "USD",
            "billingDate": made["billingDate"] or wire.instant(self._firm.now_s())[:10],
            "status": old["status"] if old else "Pending",
            "accountingInvoiceId": None,
        }

    def _line_status(self, request: Request, path: Path) -> Response:
        lines = self._firm.billing_lines
        position = lines.position(path["code"], self._firm.clients.position(path["client"]))
        wanted = one_of(wire.read(request, StatusBody).status, LINE_STATUSES, "status")
        now = lines.table[position]["status"]
        if wanted != now and wanted not in _NEXT.get(now, set()):
            raise conflict(f"A billing line that is {now} cannot become {wanted}.")
        return json_response(200, self._lines.amend(position, {"status": wanted}))

    def _make_engagement(self, body: EngagementBody, old: Json | None, _: int | None) -> Json:
        firm = self._firm
        position, client = firm.client(body.client_code, "clientCode")
        one_of(body.type, tuple(ENGAGEMENT_TYPES), "type")
        status = one_of(body.status or (old["status"] if old else "Unsent"), ENGAGEMENT_STATUSES, "status")
        made = wire.fields(body)
        wanted = made.pop("clientBillableServiceCodes")
        del made["clientCode"]
        snapshots: list[Json] = old["clientBillableServices"] if old else []
        if wanted is not None:
            snapshots = [self._snapshot(code, position) for code in wanted]
        kept = old or {"guid": str(uuid.uuid4()), "hasProposalPdf": False, "hasLofEPdf": False, "acceptance": None,
                       "lastViewed": None, "proposalTemplate": None, "lofETemplate": None}  # fmt: skip
        acceptance = kept["acceptance"]
        if status == "Accepted" and acceptance is None:
            acceptance = {"acceptedDate": wire.instant(firm.now_s()), "acceptedIpAddress": None,
                          "acceptanceSignature": None, "manuallyAccepted": True}  # fmt: skip
        names = ("guid", "hasProposalPdf", "hasLofEPdf", "lastViewed", "proposalTemplate", "lofETemplate")
        return {
            **{name: kept[name] for name in names},
            **made,
            "client": client,
            "status": status,
            "typeName": ENGAGEMENT_TYPES[body.type],
            "acceptance": acceptance,
            **totals(snapshots),
            "clientBillableServices": snapshots,
        }

    def _snapshot(self, code: str, client: int) -> Json:
        service = self._firm.client_services.table.find(code)
        if service is None or self._firm.client_services.owner(service) != client:
            raise invalid("clientBillableServiceCodes", f"The client has no service '{code}'.")
        return self._firm.client_services.table[service]

    def _emails(self, request: Request, path: Path) -> Response:
        row = self._firm.engagements.get(path["code"])
        sent: list[Json] = self._firm.kept.get(("emails", row["code"]), [])
        return wire.page(sent, wire.window(request), lambda email: email)

    def _email(self, request: Request, path: Path) -> Response:
        position = self._firm.engagements.position(path["code"])
        row = self._firm.engagements.table[position]
        body = wire.read(request, EmailBody)
        to = body.to or row["recipientEmail"]
        if not to:
            raise invalid("to", "The engagement has no recipient.")
        email = {"to": to, "subject": body.subject, "status": "Sent", "sentDate": wire.instant(self._firm.now_s())}
        key = ("emails", row["code"])
        self._firm.kept[key] = [*self._firm.kept.get(key, []), email]
        if row["status"] == "Unsent":
            self.engagements.amend(position, {"status": "Sent"})
        return json_response(201, email)

    def _get_pdf(self, request: Request, path: Path) -> Response:
        if path["name"] not in _PDFS:
            raise missing("PDF")
        return self.pdf(self._firm.engagements.get(path["code"]), path["name"])

    def _put_pdf(self, request: Request, path: Path) -> Response:
        position = self._firm.engagements.position(path["code"])
        if path["name"] not in _PDFS:
            raise missing("PDF")
        content = decoded(wire.read(request, PdfBody).pdf_content, "pdfContent")
        self._firm.kept[path["name"], path["code"]] = content
        return self.engagements.answer(self.engagements.amend(position, {_PDFS[path["name"]]: True}), request, 201)


def decoded(text: str, field: str) -> bytes:
    """What base64 stands for."""
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise invalid(field, f"The field {field} is not base64.") from error


def _without_snapshots(row: Json, _: Request, detail: bool) -> Json:
    """Lists leave out what was frozen, and the signature."""
    if detail:
        return row
    acceptance = row["acceptance"] and {**row["acceptance"], "acceptanceSignature": None}
    return {**{name: row[name] for name in row if name != "clientBillableServices"}, "acceptance": acceptance}


def _engagement_may_go(row: Json) -> None:
    if row["status"] == "Accepted":
        raise conflict("An accepted engagement cannot be deleted.")


def _line_may_change(row: Json) -> None:
    if row["status"] in {"Invoiced", "Cancelled"}:
        raise conflict(f"A billing line that is {row['status']} cannot change.")
