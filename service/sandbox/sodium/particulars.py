"""Operations on what is kept of one client: notes, links, business details and dates."""

from collections.abc import Callable
from datetime import datetime

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.choices import one_of
from service.sandbox.sodium.clients import DATE_TYPES
from service.sandbox.sodium.collection import Collection, Path
from service.sandbox.sodium.errors import RefusalError, invalid
from service.sandbox.sodium.firm import Firm

_CLIENT = "/clients/{client}"


class NoteBody(wire.Body, frozen=True):
    """A note to write."""

    text: str
    date: datetime | None = None
    pinned_level: int = 0


class LinkBody(wire.Body, frozen=True):
    """A link to write."""

    url: str
    description: str | None = None
    link_type: str = "Other"


class CompanyBody(wire.Body, frozen=True):
    """What the register of companies has."""

    number: str | None = None
    status: str | None = None
    incorporation_date: str | None = None
    registered_address: str | None = None
    sic_codes: tuple[str, ...] = ()


class BusinessBody(wire.Body, frozen=True):
    """Business details to write (BusinessDetailsDto); an address is one text."""

    company: CompanyBody = CompanyBody()
    trading_as: str | None = None
    postal_address: str | None = None
    invoice_address: str | None = None
    date_of_trading: str | None = None
    nature_of_business: str | None = None
    utr: str | None = None
    vat: Json | None = None
    paye_ref: str | None = None
    accounts_office_ref: str | None = None


class DateBody(wire.Body, frozen=True):
    """One key date to write (SaveClientDateDto)."""

    date_type: str
    date: str | None = None
    description: str | None = None


class Particulars:
    """Notes and links, of which a client has many, and what it has one of."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        notes = Collection(
            firm.notes,
            f"{_CLIENT}/clientnote",
            NoteBody,
            self._make_note,
            firm.now_s,
            firm.clients,
            search=("text",),
        )
        links = Collection(firm.links, f"{_CLIENT}/clientlink", LinkBody, self._make_link, firm.now_s, firm.clients)
        for collection in (notes, links):
            collection.add_routes(router)
        for method, pattern, handler in (
            ("GET", f"{_CLIENT}/businessdetails", self._get_business),
            ("PUT", f"{_CLIENT}/businessdetails", self._put_business),
            ("GET", f"{_CLIENT}/clientdates", self._get_dates),
            ("PUT", f"{_CLIENT}/clientdates", self._put_dates),
        ):
            router.add(method, pattern, handler)

    def _make_note(self, body: NoteBody, old: Json | None, client: int | None) -> Json:
        assert client is not None
        made = wire.fields(body)
        made["date"] = made["date"] or (old["date"] if old else wire.instant(self._firm.now_s()))
        return {**made, "noteFromUser": old["noteFromUser"] if old else self._firm.me}

    def _make_link(self, body: LinkBody, old: Json | None, client: int | None) -> Json:
        assert client is not None
        if "://" not in body.url:
            raise invalid("url", "The field url is not a valid URL.")
        return {**wire.fields(body), "client": self._firm.client_ref(client)}

    def _get_business(self, request: Request, path: Path) -> Response:
        return json_response(200, self._business(path["client"]))

    def _put_business(self, request: Request, path: Path) -> Response:
        self._business(path["client"])
        return self._keep("business", path["client"], wire.fields(wire.read(request, BusinessBody)))

    def _business(self, code: str) -> Json:
        position = self._firm.clients.position(code)
        if self._firm.clients.table[position]["type"] == "Individual":
            raise RefusalError(404, "Business details not found")
        return self._single("business", code, self._firm.people.business_details, BusinessBody())

    def _get_dates(self, request: Request, path: Path) -> Response:
        position = self._firm.clients.position(path["client"])
        kept: list[Json] | None = self._firm.kept.get(("dates", path["client"]))
        if kept is None:
            kept = self._firm.people.dates(position) if position < self._firm.clients.table.seeded else []
        return json_response(200, kept)

    def _put_dates(self, request: Request, path: Path) -> Response:
        self._firm.clients.position(path["client"])
        written = [wire.fields(each) for each in wire.read(request, list[DateBody])]
        for at, each in enumerate(written):
            one_of(each["dateType"], DATE_TYPES, f"[{at}].dateType")
        self._firm.kept["dates", path["client"]] = written
        return json_response(200, written)

    def _single(self, sort: str, code: str, seeded: Callable[[int], Json], blank: wire.Body) -> Json:
        kept: Json | None = self._firm.kept.get((sort, code))
        if kept is not None:
            return kept
        position = self._firm.clients.position(code)
        if position < self._firm.clients.table.seeded:
            return seeded(position)
        return {**wire.fields(blank), "updatedDate": self._firm.clients.table[position]["updatedDate"]}

    def _keep(self, sort: str, code: str, written: Json) -> Response:
        row = {**written, "updatedDate": wire.instant(self._firm.now_s())}
        self._firm.kept[sort, code] = row
        return json_response(200, row)
