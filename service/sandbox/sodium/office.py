"""Operations on what the practice keeps for itself: users, teams, services, lists, settings; and the rest, to read."""

from collections.abc import Callable

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import deals, staff, wire, work
from service.sandbox.sodium.clients import CLIENT_STATUSES, CLIENT_TYPES, CONTACT_TYPES
from service.sandbox.sodium.collection import CRUD, Collection, Filter, Path
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm

_ENUMS: dict[str, tuple[str, ...]] = {
    "client-statuses": CLIENT_STATUSES,
    "client-types": CLIENT_TYPES,
    "contact-types": CONTACT_TYPES,
    "task-statuses": work.TASK_STATUSES,
    "service-categories": staff.SERVICE_CATEGORIES,
    "billing-frequencies": deals.FREQUENCIES,
    "engagement-statuses": deals.ENGAGEMENT_STATUSES,
    "workflow-step-types": work.STEP_TYPES,
}
_READ_ONLY: dict[str, tuple[str, ...]] = {
    "/service-packages": ("Sole trader", "Small company"),
    "/document-templates": ("Proposal", "Letter of engagement"),
    "/holidays": ("Founders' day",),
    "/content-blocks": ("Greeting", "Terms"),
    "/design-themes": ("Larkspur blue",),
    "/third-party-connections": ("QuickBooks",),
    "/import-jobs": (),
    "/aml/clients": (),
    "/companies-house/search": (),
    "/professional-clearance": (),
    "/portal-users": (),
    "/custom-tokens": ("Fee",),
    "/csv-mappings": ("Limited company",),
    "/saved-client-filters": (),
    "/saved-task-filters": (),
    "/email/history": (),
    "/media-library": (),
    "/subscription/discounts": (),
    "/working-days/bank-holidays": ("New Year's Day",),
    "/ai/usage": (),
    "/direct-debit/payers": (),
    "/subscription/billing/invoices": (),
}
"""Groups outside the nouns of this sandbox: a list to read, so that a generic call reaches something."""


class UserBody(wire.Body, frozen=True):
    """A user to write."""

    first_name: str
    last_name: str
    email: str
    status: str = "Created"
    system_role: str = "User"
    is_client_manager: bool = False
    is_partner: bool = False
    is_associate: bool = False
    job_title: str | None = None


class TeamBody(wire.Body, frozen=True):
    """A team to write."""

    name: str
    description: str | None = None


class MemberBody(wire.Body, frozen=True):
    """A user to add to a team."""

    user_code: str


class PriceBody(wire.Body, frozen=True):
    """What a service costs when billed so often (BillableServicePricingOptionDto)."""

    frequency: str
    price: float = 0.0
    revenue_range_overrides: tuple[Json, ...] = ()


class ServiceBody(wire.Body, frozen=True):
    """A service of the catalogue to write."""

    name: str
    description: str | None = None
    category: str = "Other"
    client_types: tuple[str, ...] = ()
    pricing: tuple[PriceBody, ...] = ()
    accounting_code: str | None = None
    is_archived: bool = False


class FieldBody(wire.Body, frozen=True):
    """The definition of a custom field to write."""

    label: str
    data_type: str
    options: tuple[str, ...] = ()
    entity_type: str = "Client"
    custom_field_group_code: str | None = None
    is_required: bool = False
    is_archived: bool = False
    sort_order: int = 0


class NamedBody(wire.Body, frozen=True):
    """A category or the like to write."""

    name: str
    sort_order: int = 0


class Office:
    """Users, teams, services, lists and settings."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        self._add_users(router)
        self._add_services(router)
        for path, rows in {
            "/custom-field-groups": firm.field_groups,
            "/task-categories": firm.task_categories,
            "/document-categories": firm.document_categories,
            "/data-form-categories": firm.form_categories,
            "/revenue-ranges": firm.revenue_ranges,
        }.items():
            Collection(rows, path, NamedBody, _as_is, firm.now_s, firm.clients, search=("name",)).add_routes(router)
        self._add_settings(router)

    def _add_users(self, router: Router) -> None:
        firm = self._firm
        users = Collection(
            firm.users,
            "/users",
            UserBody,
            _make_user,
            firm.now_s,
            firm.clients,
            filters={
                "status": Filter(lambda row: row["status"], staff.USER_STATUSES),
                "systemRole": Filter(lambda row: row["systemRole"], staff.SYSTEM_ROLES),
                **{name: _yes_or_no(name) for name in ("isClientManager", "isPartner", "isAssociate")},
            },
            sorts={"LastName": "lastName", "FirstName": "firstName", "Email": "email"},
            search=("firstName", "lastName", "email"),
        )  # fmt: skip
        router.add("GET", "/teams/my", self._my_teams)
        teams = Collection(firm.teams, "/teams", TeamBody, _make_team, firm.now_s, firm.clients, search=("name",))
        users.add_routes(router)
        teams.add_routes(router)
        self._teams = teams
        router.add("GET", "/teams/{code}/members", self._members)
        router.add("POST", "/teams/{code}/members", self._join)
        router.add("DELETE", "/teams/{code}/members/{user}", self._leave)

    def _add_services(self, router: Router) -> None:
        firm = self._firm
        router.add("GET", "/services/library", self._list_of("LS", ("Self assessment", "Year-end accounts")))
        Collection(
            firm.services,
            "/services",
            ServiceBody,
            _make_service,
            firm.now_s,
            firm.clients,
            filters={
                "category": Filter(lambda row: row["category"], staff.SERVICE_CATEGORIES),
                "isArchived": _yes_or_no("isArchived"),
            },
            search=("name",),
        ).add_routes(router)
        Collection(
            firm.custom_fields,
            "/custom-fields",
            FieldBody,
            self._make_field,
            firm.now_s,
            firm.clients,
            filters={"entityType": Filter(lambda row: row["entityType"]), "isArchived": _yes_or_no("isArchived")},
        ).add_routes(router, CRUD)

    def _add_settings(self, router: Router) -> None:
        practice: Json = {"name": self._firm.name, "email": "office@larkspurfinch.example",
                          "telephone": "(212) 555-0100", "website": "https://www.larkspurfinch.example/"}  # fmt: skip
        engagement: Json = {
            "proposalTemplateCode": "DT100001",
            "lofETemplateCode": "DT100002",
            "emailTemplateCode": None,
        }
        settings: dict[str, Json] = {
            "/practice": practice,
            "/practice/engagement-settings": engagement,
            "/client-settings": {"showManager": True, "showPartner": True, "uniqueInternalReference": False},
            "/portal-settings": {"title": self._firm.name, "designTheme": None},
            "/email-settings": {"senderName": self._firm.name},
            "/task-focus-config": {"items": []},
            "/subscription": {"package": "Practice", "status": "Active"},
            "/working-days": {"region": "England", "holidayAdjustment": "NextWorkingDay"},
        }
        for path, payload in settings.items():
            router.add("GET", path, _always(payload))
        for path, names in _READ_ONLY.items():
            router.add("GET", path, self._list_of("XX", names))
        router.add("GET", "/metadata/{name}", self._metadata)

    def _make_field(self, body: FieldBody, old: Json | None, _: int | None) -> Json:
        if body.data_type not in staff.FIELD_TYPES:
            raise invalid("dataType", f"The value '{body.data_type}' is not valid.")
        if old is not None and old["dataType"] != body.data_type:
            raise conflict("The type of a custom field cannot change.")
        self._firm.named(self._firm.field_groups, body.custom_field_group_code, "customFieldGroupCode")
        return wire.fields(body)

    def _my_teams(self, request: Request, _: Path) -> Response:
        table, me = self._firm.teams.table, self._firm.me
        mine = [at for at in self._firm.teams.all() if me in table[at]["members"]]
        return wire.page(mine, wire.window(request), lambda at: table[at])

    def _members(self, request: Request, path: Path) -> Response:
        members: list[Json] = self._firm.teams.get(path["code"])["members"]
        return wire.page(members, wire.window(request), lambda member: member)

    def _join(self, request: Request, path: Path) -> Response:
        position = self._firm.teams.position(path["code"])
        user = self._firm.user(wire.read(request, MemberBody).user_code, "userCode")
        members: list[Json | None] = self._firm.teams.table[position]["members"]
        return json_response(201, self._regroup(position, members if user in members else [*members, user]))

    def _leave(self, request: Request, path: Path) -> Response:
        position = self._firm.teams.position(path["code"])
        members: list[Json] = self._firm.teams.table[position]["members"]
        left = [member for member in members if member["code"] != path["user"]]
        if len(left) == len(members):
            raise missing("Team member")
        self._regroup(position, left)
        return Response(204)

    def _regroup(self, position: int, members: object) -> Json:
        assert isinstance(members, list)
        return self._teams.amend(position, {"members": members, "memberCount": len(members)})  # pyright: ignore[reportUnknownArgumentType]

    def _list_of(self, prefix: str, names: tuple[str, ...]) -> Callable[[Request, Path], Response]:
        def handle(request: Request, _: Path) -> Response:
            return wire.page(range(len(names)), wire.window(request), lambda at: staff.named(prefix, names, at))

        return handle

    def _metadata(self, request: Request, path: Path) -> Response:
        values = _ENUMS.get(path["name"])
        if values is None:
            raise missing("Metadata")
        return json_response(200, [{"value": value, "displayName": value} for value in values])


def _always(payload: Json) -> Callable[[Request, Path], Response]:
    return lambda _, __: json_response(200, payload)


def _yes_or_no(name: str) -> Filter:
    return Filter(lambda row: str(row[name]).lower(), ("true", "false"))


def _as_is(body: NamedBody, old: Json | None, _: int | None) -> Json:
    return wire.fields(body)


def _make_user(body: UserBody, old: Json | None, _: int | None) -> Json:
    if body.status not in staff.USER_STATUSES:
        raise invalid("status", f"The value '{body.status}' is not valid.")
    if body.system_role not in staff.SYSTEM_ROLES:
        raise invalid("systemRole", f"The value '{body.system_role}' is not valid.")
    return wire.fields(body)


def _make_team(body: TeamBody, old: Json | None, _: int | None) -> Json:
    members: list[Json] = old["members"] if old else []
    return {**wire.fields(body), "members": members, "memberCount": len(members)}


def _make_service(body: ServiceBody, old: Json | None, _: int | None) -> Json:
    if body.category not in staff.SERVICE_CATEGORIES:
        raise invalid("category", f"The value '{body.category}' is not valid.")
    for at, option in enumerate(body.pricing):
        if option.frequency not in deals.FREQUENCIES:
            raise invalid(f"pricing[{at}].frequency", f"The value '{option.frequency}' is not valid.")
    return wire.fields(body)
