"""Operations on the accounting platform behind a tenant: its customers, their invoices, and direct debit mandates."""

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Path
from service.sandbox.sodium.errors import missing
from service.sandbox.sodium.firm import Firm

_FIRST_NEW_CUSTOMER = 900_001
_LONGEST_ID = 12


class CustomerBody(wire.Body, frozen=True):
    """A customer to add to the accounting platform."""

    name: str
    email: str | None = None


class Accounting:
    """Read through; only customers can be added."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        for method, pattern, handler in (
            ("GET", "/accounting/customers", self._customers),
            ("POST", "/accounting/customers", self._add_customer),
            ("GET", "/accounting/customers/{id}", self._customer),
            ("GET", "/accounting/customers/{id}/invoices", self._invoices),
            ("GET", "/accounting/invoices/{id}/pdf", self._invoice_pdf),
            ("GET", "/direct-debit/mandates", self._mandates),
        ):
            router.add(method, pattern, handler)

    def _customers(self, request: Request, _: Path) -> Response:
        text = wire.search_text(request)
        firm = self._firm
        seeded = (at for at in range(firm.books.clients) if firm.books.shape(at).status != "Prospect")
        names = [str(at + 1) for at in seeded if text is None or text in firm.books.name(at).lower()]
        later = [name for sort, name in firm.kept if sort == "customer"]
        return wire.page([*names, *later], wire.window(request), self._find_customer)

    def _customer(self, request: Request, path: Path) -> Response:
        return json_response(200, self._find_customer(path["id"]))

    def _find_customer(self, customer_id: str) -> Json:
        kept: Json | None = self._firm.kept.get(("customer", customer_id))
        if kept is not None:
            return kept
        is_number = customer_id.isascii() and customer_id.isdigit() and len(customer_id) < _LONGEST_ID
        number = int(customer_id) - 1 if is_number else -1
        if not 0 <= number < self._firm.books.clients or self._firm.books.shape(number).status == "Prospect":
            raise missing("Customer")
        client = self._firm.books.client(number)
        return {"id": customer_id, "name": client.name, "email": client.email, "telephone": client.phone,
                "currency": client.shape.currency, "isActive": client.shape.status != "Archived"}  # fmt: skip

    def _add_customer(self, request: Request, _: Path) -> Response:
        body = wire.read(request, CustomerBody)
        customer_id = str(_FIRST_NEW_CUSTOMER + sum(sort == "customer" for sort, _ in self._firm.kept))
        row: Json = {"id": customer_id, "name": body.name, "email": body.email, "telephone": None, "currency": "USD",
                     "isActive": True}  # fmt: skip
        self._firm.kept["customer", customer_id] = row
        return json_response(201, row)

    def _invoices(self, request: Request, path: Path) -> Response:
        self._find_customer(path["id"])
        number = int(path["id"]) - 1
        found = self._firm.deals.customer_invoices(number) if number < self._firm.books.clients else []
        return wire.page(found, wire.window(request), lambda invoice: invoice)

    def _invoice_pdf(self, request: Request, path: Path) -> Response:
        found = self._firm.deals.find_invoice(path["id"])
        if found is None or not self._firm.deals.invoice(*found)["isPdfAvailable"]:
            raise missing("Invoice")
        return Response(200, f"%PDF-1.7 invoice {path['id']}".encode(), (("content-type", "application/pdf"),))

    def _mandates(self, request: Request, _: Path) -> Response:
        firm = self._firm
        seeded = range(firm.books.clients)
        found = [at for at in seeded if at % 5 == 0 and firm.books.shape(at).status != "Prospect"]
        return wire.page(found, wire.window(request), lambda at: {
            "id": f"MD{at + 1:08d}", "client": firm.people.ref(at), "status": "Active", "scheme": "bacs",
            "createdDate": firm.people.client(at)["createdDate"],
        })  # fmt: skip
