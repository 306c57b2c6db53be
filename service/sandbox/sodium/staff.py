"""Users and teams, and the lists the practice itself keeps: categories, revenue ranges, custom fields, workflows."""

from service.sandbox.books import AS_OF, SERVICES
from service.sandbox.http import Json
from service.sandbox.people import STAFF, Staff
from service.sandbox.sodium.wire import instant, ref

BORN_S = int(AS_OF.timestamp()) - 1500 * 86_400
"""When the practice set itself up: the dates of what it keeps for all clients."""

_ADMIN = Staff("Noor", "Larkspur", "noor.larkspur@larkspurfinch.example")
_VIEWER = Staff("Liam", "Quinn", "liam.quinn@larkspurfinch.example")
_INVITED = Staff("Tessa", "Marín", "tessa.marin@larkspurfinch.example")
PEOPLE = (*STAFF, _ADMIN, _VIEWER, _INVITED)
_ROLES = ("Manager", "Manager", "User", "User", "Admin", "Viewer", "User")
_STATUSES = ("Active", "Active", "Active", "Active", "Active", "Disabled", "Invited")

USER_STATUSES = ("Created", "Invited", "Active", "Disabled", "Declined")
SYSTEM_ROLES = ("Admin", "Manager", "User", "Viewer")
SERVICE_CATEGORIES = ("Other", "CoreAccounting", "Tax", "Payroll", "CompanySecretarial", "Advisory",
                      "SoftwareAndTraining")  # fmt: skip
DOCUMENT_CATEGORIES = ("Accounts", "Tax returns", "Payroll", "Correspondence")
TASK_CATEGORIES = ("Compliance", "Bookkeeping", "Advisory")
REVENUE_RANGES = ("Up to 100k", "100k to 500k", "500k to 2m", "Above 2m")
FIELD_TYPES = ("Text", "Number", "Date", "Boolean", "Select", "MultiSelect")
CUSTOM_FIELDS: tuple[tuple[str, str, list[str]], ...] = (
    ("Tier", "Select", ["Gold", "Silver", "Bronze"]),
    ("Head count", "Number", []),
    ("First met", "Date", []),
    ("Newsletter", "Boolean", []),
    ("Nickname", "Text", []),
    ("Software", "MultiSelect", ["Ledger", "Payroll", "Expenses"]),
)
_CATEGORY_OF = ("Tax", "Tax", "Tax", "CoreAccounting", "Payroll", "Advisory", "CoreAccounting", "Other")
_TEAMS = (("Tax", (0, 1)), ("Bookkeeping", (2, 3, 5)))
_DATES: Json = {"createdDate": instant(BORN_S), "updatedDate": instant(BORN_S)}


def code(prefix: str, position: int) -> str:
    """The code a seeded row has."""
    return f"{prefix}{100_001 + position}"


def user_ref(position: int) -> Json:
    """A reference to a user."""
    person = PEOPLE[position]
    return ref(code("US", position), f"{person.given} {person.family}")


def user(position: int) -> Json:
    """A user of the practice."""
    person = PEOPLE[position]
    return {
        "code": code("US", position),
        "firstName": person.given,
        "lastName": person.family,
        "email": person.email,
        "status": _STATUSES[position],
        "systemRole": _ROLES[position],
        "isClientManager": position < 4,
        "isPartner": position < 2,
        "isAssociate": position in {2, 3},
        "jobTitle": ("Partner", "Partner", "Senior", "Junior", "Office manager", "Auditor", None)[position],
        **_DATES,
    }


def team(position: int) -> Json:
    """A team with its members."""
    name, members = _TEAMS[position]
    return {
        "code": code("TM", position),
        "name": name,
        "description": f"All who do {name.lower()}",
        "members": [user_ref(member) for member in members],
        "memberCount": len(members),
        **_DATES,
    }


TEAMS = len(_TEAMS)


def service_ref(position: int) -> Json:
    """A reference to a service of the catalogue."""
    return ref(code("SV", position), SERVICES[position].name)


def service(position: int) -> Json:
    """A service of the catalogue."""
    item = SERVICES[position]
    return {
        "code": code("SV", position),
        "name": item.name,
        "description": f"{item.name} by Larkspur & Finch",
        "category": _CATEGORY_OF[position],
        "clientTypes": ["Individual"] if item.sku == "TAX-1040" else [],
        "pricing": [
            {"frequency": frequency(position), "price": item.rate_minor / 100, "revenueRangeOverrides": []},
        ],
        "accountingCode": item.sku,
        "isArchived": False,
        **_DATES,
    }


def frequency(service_position: int) -> str:
    """How often a service is billed unless agreed otherwise."""
    return ("Annual", "Annual", "Annual", "Monthly", "Monthly", "OneOff", "Quarterly", "OneOff")[service_position]


def custom_field(position: int) -> Json:
    """The definition of a custom field of clients."""
    name, kind, options = CUSTOM_FIELDS[position]
    return {
        "code": code("CF", position),
        "label": name,
        "dataType": kind,
        "options": options,
        "entityType": "Client",
        "customFieldGroupCode": code("CG", 0) if position > 1 else None,
        "isRequired": False,
        "isArchived": False,
        "sortOrder": position,
        **_DATES,
    }


def named(prefix: str, names: tuple[str, ...], position: int) -> Json:
    """A row of a list that has but names: categories, revenue ranges."""
    return {"code": code(prefix, position), "name": names[position], "sortOrder": position, **_DATES}
