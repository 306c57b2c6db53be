"""Operations on clients and the people at them. Paths that no documentation shows are marked in the README."""

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.choices import one_of
from service.sandbox.sodium.clients import CLIENT_STATUSES, CLIENT_TYPES, CONTACT_TYPES
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm

_CLIENT = "/clients/{client}"
Text = str


class Preferences(wire.Body, frozen=True):
    """How a client wants to hear from the practice."""

    post: bool = False
    telephone: bool = False
    email: bool = False
    sms: bool = False


class ClientBody(wire.Body, frozen=True):
    """A client to write."""

    name: str
    type: str
    status: str = "Active"
    manager_code: str | None = None
    partner_code: str | None = None
    associate_code: str | None = None
    internal_reference: str | None = None
    revenue_range_code: str | None = None
    accounting_customer_code: str | None = None
    direct_debit_mandate_id: str | None = None
    email: str | None = None
    telephone: str | None = None
    contact_preferences: Preferences = Preferences()
    pcl_sent: bool = False


class ContactBody(wire.Body, frozen=True):
    """A person to write; `code` ties one that is known already."""

    code: str | None = None
    title: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None


class TieBody(wire.Body, frozen=True):
    """How a person stands to a client."""

    types: list[str]
    role: str | None = None
    contact: ContactBody = ContactBody()


class AccessBody(wire.Body, frozen=True):
    """Whether a contact may use the portal."""

    has_portal_access: bool


class Roster:
    """Clients, contacts, the ties between them, and who may enter the portal."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        self._clients = Collection(
            firm.clients,
            "/clients",
            ClientBody,
            self._make_client,
            firm.now_s,
            firm.clients,
            filters={
                "manager": Filter(ref_code("manager")),
                "partner": Filter(ref_code("partner")),
                "associate": Filter(ref_code("associate")),
                "status": Filter(lambda row: row["status"], CLIENT_STATUSES, firm.people.status),
                "type": Filter(lambda row: row["type"], CLIENT_TYPES, firm.people.type),
            },
            sorts={"Name": "name", "Code": "code", "InternalReference": "internalReference"},
            search=("name", "internalReference", "email"),
            cheap={
                "name": firm.books.name,
                "code": firm.clients.code_at,
                "internalReference": firm.people.reference,
                "email": lambda row: firm.books.client(row).email,
            },
        )  # fmt: skip
        self._contacts = Collection(
            firm.contacts,
            "/contacts",
            ContactBody,
            self._make_contact,
            firm.now_s,
            firm.clients,
            sorts={"LastName": "lastName", "FirstName": "firstName", "Email": "email"},
            search=("firstName", "lastName", "email"),
            may_delete=self._contact_may_go,
        )
        self._clients.add_routes(router, ("list", "create", "get", "replace"))
        self._contacts.add_routes(router)
        self._ties = f"{_CLIENT}/clientcontact"
        for method, pattern, handler in (
            ("DELETE", "/clients/{code}", self._delete_client),
            ("GET", "/clients/{code}/tasks/summary", self._task_summary),
            ("GET", "/contacts/{code}/clients", self._clients_of),
            ("GET", self._ties, self._list_ties),
            ("POST", self._ties, self._tie),
            ("GET", f"{self._ties}/{{code}}", self._get_tie),
            ("PUT", f"{self._ties}/{{code}}", self._retie),
            ("DELETE", f"{self._ties}/{{code}}", self._untie),
            ("PUT", f"{_CLIENT}/contacts/{{code}}/portal-access", self._put_access),
            ("POST", f"{_CLIENT}/contacts/{{code}}/portal-access/send-invitation", self._invite),
        ):
            router.add(method, pattern, handler)

    def _make_client(self, body: ClientBody, old: Json | None, _: int | None) -> Json:
        firm = self._firm
        if not body.name.strip():
            raise invalid("name", "The field name is required.")
        made = wire.fields(body)
        made["type"] = one_of(body.type, CLIENT_TYPES, "type")
        made["status"] = one_of(body.status, CLIENT_STATUSES, "status")
        for name in ("manager", "partner", "associate"):
            made[name] = firm.user(made.pop(f"{name}Code"), f"{name}Code")
        if body.revenue_range_code:
            firm.must_find(firm.revenue_ranges, body.revenue_range_code, "revenueRangeCode")
        return made

    def _delete_client(self, request: Request, path: Path) -> Response:
        self._firm.forget_client(self._firm.clients.position(path["code"]))
        return Response(204)

    def _task_summary(self, request: Request, path: Path) -> Response:
        firm = self._firm
        tasks = [firm.tasks.table[at] for at in firm.tasks.of_client(firm.clients.position(path["code"]))]
        today = wire.instant(firm.now_s())[:10]
        is_open = [task for task in tasks if task["status"] not in {"Completed", "Skipped"}]
        summary: Json = {
            "total": len(tasks),
            "open": len(is_open),
            "overdue": sum((task["dueDate"] or today) < today for task in is_open),
        }
        return json_response(200, summary)

    def _make_contact(self, body: ContactBody, old: Json | None, _: int | None) -> Json:
        if not (body.last_name or "").strip():
            raise invalid("lastName", "The field lastName is required.")
        made = wire.fields(body)
        del made["code"]
        kept = ("clientCount", "client", "individualClient")
        return made | ({name: old[name] for name in kept} if old else {"clientCount": 0, "client": None,
                                                                       "individualClient": None})  # fmt: skip

    def _contact_may_go(self, row: Json) -> None:
        if self._ties_of(row["code"]):
            raise conflict("The contact still belongs to a client.")

    def _clients_of(self, request: Request, path: Path) -> Response:
        firm = self._firm
        firm.contacts.get(path["code"])
        found = [firm.ties.owner(at) for at in self._ties_of(path["code"])]
        return wire.page(found, wire.window(request), lambda client: firm.clients.table[client])

    def _ties_of(self, contact: str) -> list[int]:
        """The ties of a contact: seeded ones lie at its client and the five behind it, others were written later."""
        firm = self._firm
        at = firm.contacts.table.find(contact)
        near: list[int] = []
        if at is not None and at < firm.contacts.table.seeded:
            home = firm.people.contacts.locate(at)[0]
            near = [tie for client in range(home, min(home + 5, firm.books.clients))
                    for tie in firm.people.ties.rows_of(client)]  # fmt: skip
        table = firm.ties.table
        candidates = (*near, *range(table.seeded, table.size))
        return [tie for tie in candidates if table.is_live(tie) and table[tie]["code"] == contact]

    def _show_tie(self, position: int) -> Json:
        tie = self._firm.ties.table[position]
        return {**tie, "contact": self._firm.contacts.table[self._firm.contacts.position(tie["code"])]}

    def _find_tie(self, path: Path) -> tuple[int, int]:
        client = self._firm.clients.position(path["client"])
        for tie in self._firm.ties.of_client(client):
            if self._firm.ties.table[tie]["code"] == path["code"]:
                return client, tie
        raise missing("Client contact")

    def _list_ties(self, request: Request, path: Path) -> Response:
        client = self._firm.clients.position(path["client"])
        wanted = wire.choices(request, "types", CONTACT_TYPES)
        ties = self._firm.ties
        found = [tie for tie in ties.of_client(client) if not wanted or wanted & set(ties.table[tie]["types"])]
        return wire.page(found, wire.window(request), self._show_tie)

    def _get_tie(self, request: Request, path: Path) -> Response:
        return json_response(200, self._show_tie(self._find_tie(path)[1]))

    def _tie(self, request: Request, path: Path) -> Response:
        firm = self._firm
        client = firm.clients.position(path["client"])
        body = wire.read(request, TieBody)
        types = _types(body)
        known = firm.contacts.table.get(body.contact.code or "")
        if known is not None and any(
            firm.ties.table[tie]["code"] == known["code"] for tie in firm.ties.of_client(client)
        ):
            raise conflict("The contact belongs to this client already.")
        contact = known or self._contacts.keep_new(self._make_contact(body.contact, None, None))
        now = wire.instant(firm.now_s())
        row = {"code": contact["code"], "role": body.role, "types": types, "client": firm.client_ref(client),
               "individualClient": None, "hasPortalAccess": False, "createdDate": now, "updatedDate": now}  # fmt: skip
        firm.ties.add(row, firm.now_s(), client)
        self._count_clients(contact["code"])
        return json_response(201, self._show_tie(firm.ties.table.size - 1))

    def _retie(self, request: Request, path: Path) -> Response:
        firm = self._firm
        _, tie = self._find_tie(path)
        body = wire.read(request, TieBody)
        row = {**firm.ties.table[tie], "role": body.role, "types": _types(body),
               "updatedDate": wire.instant(firm.now_s())}  # fmt: skip
        contact = firm.contacts.position(path["code"])
        if body.contact.last_name:
            self._contacts.amend(contact, self._make_contact(body.contact, firm.contacts.table[contact], None))
        firm.ties.put(tie, row, firm.now_s())
        return json_response(200, self._show_tie(tie))

    def _untie(self, request: Request, path: Path) -> Response:
        self._firm.ties.put(self._find_tie(path)[1], None, self._firm.now_s())
        self._count_clients(path["code"])
        return Response(204)

    def _count_clients(self, contact: str) -> None:
        ties = self._ties_of(contact)
        first = self._firm.client_ref(self._firm.ties.owner(ties[0])) if ties else None
        self._contacts.amend(self._firm.contacts.position(contact), {"clientCount": len(ties), "client": first})

    def _put_access(self, request: Request, path: Path) -> Response:
        _, tie = self._find_tie(path)
        wished = wire.read(request, AccessBody).has_portal_access
        if wished and not self._show_tie(tie)["contact"]["email"]:
            raise conflict("The contact has no e-mail address.")
        row = {**self._firm.ties.table[tie], "hasPortalAccess": wished}
        self._firm.ties.put(tie, row, self._firm.now_s())
        return json_response(200, self._show_tie(tie))

    def _invite(self, request: Request, path: Path) -> Response:
        _, tie = self._find_tie(path)
        if not self._firm.ties.table[tie]["hasPortalAccess"]:
            raise conflict("The contact has no access to the portal.")
        return json_response(200, {"sentTo": self._show_tie(tie)["contact"]["email"]})


def _types(body: TieBody) -> list[str]:
    if not body.types:
        raise invalid("types", "The field types is required.")
    return [one_of(given, CONTACT_TYPES, "types") for given in body.types]
