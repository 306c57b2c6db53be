"""Operations on engagements: what was agreed, frozen, sent, looked at and accepted."""

import uuid

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.choices import one_of
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.deals import (
    ENGAGEMENT_STATUSES,
    ENGAGEMENT_TYPES,
    totals,
)
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.wire import Day

_PDFS = {"proposal": "hasProposalPdf", "letter-of-engagement": "hasLofEPdf"}


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


class Engagements:
    """Engagements, their e-mails and PDFs."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        self.collection = Collection(
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
        self.collection.add_routes(router)
        one = "/engagements/{code}"
        for method, pattern, handler in (
            ("GET", f"{one}/email", self._emails),
            ("POST", f"{one}/email", self._email),
            ("GET", f"{one}/pdf/{{name}}", self._get_pdf),
            ("POST", f"{one}/pdf/{{name}}", self._put_pdf),
        ):
            router.add(method, pattern, handler)
        self._guids: dict[str, int] = {}

    def find(self, guid: str) -> int | None:
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
            self.collection.amend(position, {"status": "Sent"})
        return json_response(201, email)

    def _get_pdf(self, request: Request, path: Path) -> Response:
        if path["name"] not in _PDFS:
            raise missing("PDF")
        return self.pdf(self._firm.engagements.get(path["code"]), path["name"])

    def _put_pdf(self, request: Request, path: Path) -> Response:
        position = self._firm.engagements.position(path["code"])
        if path["name"] not in _PDFS:
            raise missing("PDF")
        content = wire.decoded(wire.read(request, PdfBody).pdf_content, "pdfContent")
        self._firm.kept[path["name"], path["code"]] = content
        return self.collection.answer(self.collection.amend(position, {_PDFS[path["name"]]: True}), request, 201)


def _without_snapshots(row: Json, _: Request, detail: bool) -> Json:
    """Lists leave out what was frozen, and the signature."""
    if detail:
        return row
    acceptance = row["acceptance"] and {**row["acceptance"], "acceptanceSignature": None}
    return {**{name: row[name] for name in row if name != "clientBillableServices"}, "acceptance": acceptance}


def _engagement_may_go(row: Json) -> None:
    if row["status"] == "Accepted":
        raise conflict("An accepted engagement cannot be deleted.")
