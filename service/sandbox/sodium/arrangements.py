"""Operations on what clients are billed for: their services and billing lines."""

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.choices import one_of
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.deals import FREQUENCIES, LINE_STATUSES, SERVICE_STATUSES, VAT_RATES
from service.sandbox.sodium.errors import conflict
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.wire import Day

_CLIENT = "/clients/{client}"
_NEXT = {"Pending": {"Approved", "Cancelled"}, "Approved": {"Pending", "Invoiced", "Cancelled"}}


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
    unit_price: float
    billing_date: Day
    quantity: float = 1
    accounting_code: str | None = None
    vat_rate: str = "Standard"
    period_start: Day | None = None
    period_end: Day | None = None
    client_billable_service_code: str | None = None


class StatusBody(wire.Body, frozen=True):
    """The status a billing line gets."""

    status: str


class Arrangements:
    """Client services and billing lines."""

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
        for collection in (self._services, self._lines):
            collection.add_routes(router)
        self._board.add_routes(router, ("list",))
        router.add("PATCH", "/client-billable-services/{code}/stage", self._stage)
        router.add("PATCH", f"{_CLIENT}/billinglineitems/{{code}}/status", self._line_status)

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
        one_of(body.vat_rate, VAT_RATES, "vatRate")
        made = wire.fields(body)
        code = made.pop("clientBillableServiceCode")
        service = self._firm.must_find(self._firm.client_services, code, "clientBillableServiceCode") if code else None
        return {
            **made,
            "client": self._firm.client_ref(client),
            "clientBillableService": service and wire.ref(service["code"], service["billableService"]["name"]),
            "servicePackage": None,
            "generatedDate": wire.instant(self._firm.now_s()),
            "status": old["status"] if old else "Pending",
            "invoiceSubmissionCode": None,
        }

    def _line_status(self, request: Request, path: Path) -> Response:
        lines = self._firm.billing_lines
        position = lines.position(path["code"], self._firm.clients.position(path["client"]))
        wanted = one_of(wire.read(request, StatusBody).status, LINE_STATUSES, "status")
        now = lines.table[position]["status"]
        if wanted != now and wanted not in _NEXT.get(now, set()):
            raise conflict(f"A billing line that is {now} cannot become {wanted}.")
        return json_response(200, self._lines.amend(position, {"status": wanted}))


def _line_may_change(row: Json) -> None:
    if row["status"] in {"Invoiced", "Cancelled"}:
        raise conflict(f"A billing line that is {row['status']} cannot change.")
