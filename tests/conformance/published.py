"""The calls that vendors publish, as far as a program or a person can read them, to hold ours against.

Every call that the kit makes is looked up here, whatever the sandbox answers: a sandbox is ours and takes what we send.
What the vendor does not publish is written down all the same and marked, so that nothing new is assumed unseen.

Sources, read 2026-11-20: QuickBooks, https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-
online-api/data-queries and the reference of each entity; Karbon, https://karbonhq.github.io/karbon-api-reference/
KarbonAPI.json; Sodium, https://sodiumhq.com/docs/api/operations/; Xero Practice Manager,
https://developer.xero.com/documentation/api/practice-manager-3-1/clients.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct


class Call(Struct, frozen=True):
    """One operation: `{}` in the path is one segment, `query` the names it takes."""

    method: str
    path: str
    query: frozenset[str] = frozenset()
    is_assumed: bool = False

    def takes(self, method: str, path: str, names: set[str]) -> bool:
        pattern = "[^/]+".join(map(re.escape, self.path.split("{}")))
        return method == self.method and re.fullmatch(pattern, path) is not None and names <= self.query


def _calls(methods: str, path: str, *query: str, is_assumed: bool = False) -> list[Call]:
    return [Call(method, path, frozenset(query), is_assumed) for method in methods.split()]


_WRITTEN: Final = (
    *("attachable", "creditmemo", "customer", "invoice", "payment", "timeactivity"),
    *("class", "department", "employee", "item"),
)
_C: Final = "/v3/company/{}"
_QUICKBOOKS: Final = [
    *_calls("GET", f"{_C}/query", "query", "minorversion"),
    *_calls("GET", f"{_C}/cdc", "entities", "changedSince", "minorversion"),
    *_calls("GET", f"{_C}/preferences", "minorversion"),
    *_calls("GET", f"{_C}/companyinfo/{{}}", "minorversion"),
    *_calls("POST", f"{_C}/upload", "minorversion", "requestid"),
    *_calls("GET", f"{_C}/download/{{}}", "minorversion"),
    *(call for entity in _WRITTEN for call in _calls("GET", f"{_C}/{entity}/{{}}", "minorversion")),
    *(
        call
        for entity in _WRITTEN
        for call in _calls("POST", f"{_C}/{entity}", "minorversion", "requestid", "operation", "include")
    ),
]

_ROWS: Final = ("$top", "$skip", "$filter", "$orderby")
_KARBON: Final = [
    *_calls("GET", "/v3/TenantSettings"),
    *(
        call
        for name in ("Contacts", "Organizations", "ClientGroups")
        for call in (*_calls("GET", f"/v3/{name}", *_ROWS), *_calls("GET", f"/v3/{name}/{{}}", "$expand"))
    ),
]

_PAGE: Final = ("offset", "limit", "sortBy", "sortDesc")
_T: Final = "/tenants/{}"
_CLIENT: Final = f"{_T}/clients/{{}}"
_TASKS: Final = ("client", "status", "category", "user", "dateRange", "startDate", "endDate", "dateBasis", "isOverdue")
_SODIUM: Final = [
    *_calls("GET", "/tenants", *_PAGE),
    *_calls("GET POST", f"{_T}/clients", *_PAGE, "search", "status", "type", "manager", "partner"),
    *_calls("GET PUT DELETE", _CLIENT),
    *_calls("GET PUT", f"{_CLIENT}/custom-field-values"),
    *_calls("PUT", f"{_CLIENT}/contacts/{{}}/portal-access"),
    *_calls("GET POST", f"{_CLIENT}/billinglineitems/clientbillinglineitem", *_PAGE, "status"),
    *_calls("GET POST", f"{_T}/tasks/{{}}/taskitemnote", *_PAGE),
    *_calls("GET PUT DELETE", f"{_T}/tasks/{{}}/taskitemnote/{{}}"),
    *_calls("PUT", f"{_T}/tasks/{{}}/workflow/groups/{{}}/steps/{{}}"),
    *_calls("GET POST", f"{_CLIENT}/clientcontact", *_PAGE),
    *_calls("GET POST", f"{_CLIENT}/clientdocument", *_PAGE, "reviewStatus"),
    *_calls("GET PUT DELETE", f"{_CLIENT}/clientdocument/{{}}"),
    *_calls("PUT", f"{_CLIENT}/clientdocument/{{}}/review"),
    *_calls("PUT", f"{_CLIENT}/clientdocument/{{}}/request-approval"),
    *_calls("PUT", f"{_CLIENT}/documentrequest/{{}}/responses/{{}}/review"),
    *_calls("GET", f"{_T}/accounting/customers/{{}}/invoices", *_PAGE),
    *_calls("GET", f"{_T}/custom-fields", *_PAGE, "entityType", "clientType", "isArchived", "search"),
    *_calls("GET", f"{_T}/custom-fields/{{}}"),
    *_calls("GET POST", f"{_T}/tasks", *_PAGE, *_TASKS),
    *_calls("GET PUT DELETE", f"{_T}/tasks/{{}}"),
    *_calls("GET", f"{_T}/projected-tasks/{{}}"),
    *_calls("GET", f"{_T}/projected-tasks/{{}}/workflow/groups"),
    *_calls("GET", f"{_T}/users", *_PAGE, "search", "status", "systemRole"),
    *_calls("GET", f"{_T}/services", *_PAGE, "search", "category"),
    *_calls("GET", f"{_T}/services/{{}}"),
    *_calls("GET POST", f"{_T}/engagements", *_PAGE, "search", "status", is_assumed=True),
    *_calls("GET PUT DELETE", f"{_T}/engagements/{{}}", is_assumed=True),
    *_calls("GET", f"{_T}/tasks", *_PAGE, *_TASKS, "includeProjected", is_assumed=True),
    *_calls("GET", f"{_T}/tasks/{{}}/workflow", is_assumed=True),
    *_calls("POST", f"{_T}/users", is_assumed=True),
    *_calls("GET PUT DELETE", f"{_T}/users/{{}}", is_assumed=True),
    *_calls("POST", f"{_T}/services", is_assumed=True),
    *_calls("PUT DELETE", f"{_T}/services/{{}}", is_assumed=True),
    *_calls("GET", f"{_T}/teams", *_PAGE, is_assumed=True),
    *_calls("GET", f"{_T}/task-categories", *_PAGE, is_assumed=True),
    *_calls("GET", f"{_T}/document-categories", *_PAGE, is_assumed=True),
    *_calls("GET", f"{_T}/recurring-tasks", *_PAGE, is_assumed=True),
    *_calls("GET", f"{_T}/recurring-tasks/{{}}", is_assumed=True),
    *_calls("GET PUT DELETE", f"{_CLIENT}/clientcontact/{{}}", is_assumed=True),
    *_calls("PUT", f"{_T}/engagements/{{}}/send", is_assumed=True),
    *_calls("GET", f"{_T}/contacts", *_PAGE, "search", is_assumed=True),
    *_calls("GET PUT DELETE", f"{_T}/contacts/{{}}", is_assumed=True),
    *_calls("GET", f"{_T}/contacts/{{}}/clients", *_PAGE, is_assumed=True),
    *_calls("GET PUT", f"{_CLIENT}/clientdates", is_assumed=True),
    *_calls("GET PUT", f"{_CLIENT}/businessdetails", is_assumed=True),
    *(
        call
        for rows in ("clientlink", "clientnote", "services/clientbillableservice")
        for call in (
            *_calls("GET POST", f"{_CLIENT}/{rows}", *_PAGE, is_assumed=True),
            *_calls("GET PUT DELETE", f"{_CLIENT}/{rows}/{{}}", is_assumed=True),
        )
    ),
    *_calls("PUT", f"{_CLIENT}/clientdocument/{{}}/cancel-approval", is_assumed=True),
    *_calls("GET POST", f"{_CLIENT}/documentrequest", *_PAGE, is_assumed=True),
    *_calls("GET PUT DELETE", f"{_CLIENT}/documentrequest/{{}}", is_assumed=True),
    *_calls("GET", f"{_T}/document-requests", *_PAGE, "status", is_assumed=True),
    *_calls("GET", f"{_T}/data-form-requests", *_PAGE, "status", "client", "clientCode", is_assumed=True),
    *_calls("GET DELETE", f"{_T}/data-form-requests/{{}}", is_assumed=True),
    *_calls("POST", f"{_T}/data-forms/{{}}/send", is_assumed=True),
    *_calls("GET", f"{_T}/data-forms", *_PAGE, is_assumed=True),
    *_calls("PUT", f"{_T}/data-form-requests/{{}}/answers/{{}}/review", is_assumed=True),
]

_X: Final = "/practicemanager/3.1/client.api"
_XPM: Final = [
    *_calls("GET", f"{_X}/paged-list", "detailed", "modifiedsinceutc", "pageSize", "pageToken"),
    *_calls("GET", f"{_X}/contacts", "pageSize", "pageToken"),
    *_calls("GET", f"{_X}/get/{{}}"),
    *_calls("GET", f"{_X}/contact/{{}}"),
]

_OF: Final = {"quickbooks": _QUICKBOOKS, "karbon": _KARBON, "sodium": _SODIUM, "xpm": _XPM}


def strange(vendor: str, asked: Iterable[tuple[str, str]]) -> list[str]:
    """The calls, method and URL, that the vendor's publications do not have; none where there are none to read."""
    known = _OF.get(vendor)
    return [] if known is None else [problem for one in asked if (problem := _problem(vendor, known, *one))]


def _problem(vendor: str, known: list[Call], method: str, url: str) -> str | None:
    parts = urlsplit(url)
    values = parse_qsl(parts.query, keep_blank_values=True)
    if not any(call.takes(method, parts.path, {name for name, _ in values}) for call in known):
        return f"{method} {parts.path}?{parts.query}"
    for name, value in values:
        check = _VALUES.get((vendor, name))
        if check is not None and not check(value):
            return f"{name}={value}"
    return None


_LITERAL: Final = r"'(?:[^'\\\x00-\x1f]|\\['\\])*'"
_VALUE: Final = rf"(?:{_LITERAL}|true|false)"
_COLUMN: Final = r"[A-Z][A-Za-z]*(?:\.[A-Za-z]+)*"
_CONDITION: Final = rf"{_COLUMN} (?:(?:=|<|>|<=|>=|LIKE) {_VALUE}|IN \({_VALUE}(?:,{_VALUE})*\))"
_ENTITIES: Final = (
    "Attachable|Class|CreditMemo|Customer|Department|Employee|Invoice|Item|Payment|PaymentMethod|Term|TimeActivity"
)
STATEMENT: Final = re.compile(
    rf"select \* from (?:{_ENTITIES})(?: where {_CONDITION}(?: and {_CONDITION})*)?(?: orderby {_COLUMN} (?:ASC|DESC))?"
    r"(?: startposition [1-9]\d*)?(?: maxresults (?:[1-9]\d{0,2}|1000))?"
)
"""QuickBooks' query language as documented: no OR, no NOT, at most 1,000 rows; a backslash escapes quote and itself."""

_VALUES: Final[dict[tuple[str, str], Callable[[str], bool]]] = {
    ("quickbooks", "query"): lambda value: STATEMENT.fullmatch(value) is not None,
    ("quickbooks", "minorversion"): lambda value: value == "75",
    ("quickbooks", "requestid"): lambda value: 0 < len(value) <= 50,
    ("quickbooks", "operation"): lambda value: value in {"delete", "void", "update"},
    ("quickbooks", "include"): lambda value: value == "void",
    ("karbon", "$top"): lambda value: value.isdigit() and 1 <= int(value) <= 100,
    ("karbon", "$skip"): str.isdigit,
    ("karbon", "$expand"): lambda value: set(value.split(",")) <= {"BusinessCards", "ClientTeam", "Members"},
    ("sodium", "limit"): lambda value: value.isdigit() and 1 <= int(value) <= 50,
    ("sodium", "offset"): str.isdigit,
    ("sodium", "search"): lambda value: len(value) >= 3,
}
