"""What Sodium's records become, by the quirks of its sheet."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    BrokenPaging,
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SchemaDrift,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.wire import raw_records, unmapped
from service.connectors.sodium.faults import classify
from service.connectors.sodium.task_windows import WINDOWS, lanes
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Money, TaxId
from service.resources.contact import ContactRole
from service.resources.document import ApprovalState, Area, ReviewState
from service.resources.document_request import DocumentRequestUpdate, RequestStatus
from service.resources.engagement import Acceptance, EngagementStatus, Signer
from service.resources.invoice import InvoiceStatus
from service.resources.task import TaskStatus
from tests.bench import sodium_pages
from tests.connectors.flows import BOOK, NO_CURRENCY, ok, play

SODIUM = get_connector("sodium")


def page_of(resource: str, *rows: dict[str, Any], book: Any = BOOK, **envelope: Any) -> Any:
    """The records that a page with these rows becomes."""
    page = SODIUM.bindings()[resource].page
    assert page is not None
    before = [ok(body) for body in sodium_pages.BEFORE.get(resource, ())]
    answer = ok({"data": list(rows), "hasMore": False} | envelope)
    return play(SODIUM, page(Query(limit=50), book), *before, answer).value


def mapped(resource: str, book: Any = BOOK, **changes: Any) -> Any:
    """The record that a usual row with some changes becomes; `...` leaves a field out."""
    row = sodium_pages.RECORDS[resource](1) | changes
    row = {name: value for name, value in row.items() if value is not ...}
    return page_of(resource, row, book=book).records[0]


@pytest.mark.parametrize(
    ("native", "status"),
    [
        ("Active", ClientStatus.ACTIVE),
        ("Prospect", ClientStatus.PROSPECT),
        ("LostProspect", ClientStatus.INACTIVE),
        ("Dormant", ClientStatus.OTHER),
    ],
)
def test_a_lost_prospect_is_inactive_and_a_new_word_is_other(native: str, status: ClientStatus) -> None:
    found = mapped("clients", status=native)

    assert (found.status, found.status_native) == (status, native)


@pytest.mark.parametrize(
    ("form", "kind"),
    [("SoleTrader", ClientKind.INDIVIDUAL), ("Trust", ClientKind.OTHER), ("Business", ClientKind.OTHER)],
)
def test_the_legal_form_stays_beside_the_kind(form: str, kind: ClientKind) -> None:
    found = mapped("clients", type=form)

    assert (found.kind, found.kind_native, found.filing_type) == (kind, form, form)


def test_instants_without_an_offset_are_utc_and_days_stay_days() -> None:
    client = mapped("clients", createdDate="2026-03-02T09:12:33", updatedDate="2026-07-02T10:00:00+01:00")
    task = mapped("tasks", startDate="2026-03-31", dueDate="2026-03-31T23:59:59Z")

    assert client.created_at == datetime(2026, 3, 2, 9, 12, 33, tzinfo=UTC)
    assert client.updated_at == datetime(2026, 7, 2, 9, tzinfo=UTC)
    assert (task.start_on, task.due_on) == (date(2026, 3, 31), date(2026, 3, 31))
    with pytest.raises(SchemaDrift) as drift:
        mapped("tasks", dueDate="next week")
    assert drift.value.path == "$.data[0].dueDate"


DETAILS = (
    [{"dateType": "YearEnd", "date": "2026-12-31"}, {"dateType": "AccountsNextDue", "date": None}],
    {
        "company": {"number": "01234567", "registeredAddress": "1 Pier\nRivermouth\nRM1 1AA"},
        "tradingAs": "Quill's",
        "utr": "1234567890",
        "vat": {"number": "GB123456789"},
    },
    [{"fieldCode": "CF-1", "value": "Gold"}, {"fieldCode": "CF-2", "value": "true"}],
    {"data": [{"code": "cs1", "billableService": {"code": "bk", "name": "Books"}, "effectivePrice": 65.15}]},
    {"data": [{"url": "https://drive.example/q", "description": "Files"}]},
    {"data": [{"code": "n1", "text": "Rang", "pinnedLevel": 0}, {"code": "n2", "text": "Careful", "pinnedLevel": 2}]},
    {"data": [{"code": "bl1", "description": "Books", "status": "Pending", "quantity": 2, "unitPrice": 32.575}]},
)


def client_with(*parts: Response, book: Any = BOOK) -> Any:
    clients = SODIUM.clients
    assert clients is not None
    assert clients.get is not None
    return play(SODIUM, clients.get("quill-1", book), *parts, ok(sodium_pages.client(1))).value


def test_one_client_gathers_all_that_hangs_below_it() -> None:
    found = client_with(*(ok(part) for part in DETAILS))

    assert (found.fiscal_year_end, len(found.key_dates)) == (date(2026, 12, 31), 2)
    assert found.addresses[0].lines == ("1 Pier", "Rivermouth", "RM1 1AA")
    assert found.tax_ids == [TaxId("utr", "******7890"), TaxId("vat", "*******6789")]
    assert (found.trading_name, found.registration_number) == ("Quill's", "01234567")
    assert found.custom_fields == {"CF-1": "Gold", "CF-2": "true"}
    assert (found.services[0].service_item, found.services[0].price) == (BOOK.ref("itm_", "bk"), Money(6515, "USD"))
    assert found.external_links[0].url == "https://drive.example/q"
    assert found.notes == "Careful\n\nRang"
    assert [(note.id, note.pinned_level) for note in found.note_entries] == [("n2", 2), ("n1", 0)]
    assert [(line.id, line.amount) for line in found.billing_lines] == [("bl1", Money(6515, "USD"))]
    assert found.meta.unsupported == SODIUM.bindings()["clients"].unsupported


@pytest.mark.parametrize("status", [403, 404])
def test_a_part_that_is_refused_is_not_said_rather_than_empty(status: int) -> None:
    parts = [ok(part) for part in DETAILS]
    parts[5] = Response(status, {}, b"")
    found = client_with(*parts)

    assert found.notes is UNSET
    assert "notes" in found.meta.unsupported


def test_a_part_of_another_shape_than_we_guessed_leaves_the_client_readable() -> None:
    parts = [ok(part) for part in DETAILS]
    parts[4] = ok({"data": [{"href": "https://drive.example/q"}]})

    assert "external_links" in client_with(*parts).meta.unsupported


def test_a_documented_part_that_drifts_is_reported() -> None:
    with pytest.raises(SchemaDrift):
        client_with(ok([{"type": "YearEnd"}]))


def test_a_client_that_is_not_there_costs_two_calls() -> None:
    clients = SODIUM.clients
    assert clients is not None
    assert clients.get is not None
    with pytest.raises(NotFound):
        play(SODIUM, clients.get("quill-1", BOOK), Response(404, {}, b""), Response(404, {}, b""))


def test_a_new_client_that_cannot_be_read_back_is_an_unknown_outcome() -> None:
    clients = SODIUM.clients
    assert clients is not None
    assert clients.create is not None
    new = ClientCreate(display_name="Quill", kind=ClientKind.INDIVIDUAL)
    for answers in ([ok({"code": "q"}), Response(503, {}, b"")], [Response(201, {}, b"")]):
        with pytest.raises(OutcomeUnknown):
            play(SODIUM, clients.create(new, "key", BOOK), *answers)


def test_a_put_gives_back_all_that_it_does_not_change() -> None:
    clients = SODIUM.clients
    assert clients is not None
    assert clients.update is not None
    current = sodium_pages.client(1) | {"novel": {"a": 1.10}, "associate": {"code": "cy", "name": "Cy"}}
    answers = [ok(current), Response(204, {}, b""), *(ok(part) for part in DETAILS), ok(current)]
    played = play(SODIUM, clients.update("quill-1", ClientUpdate(external_id=None), None, "key", BOOK), *answers)
    sent: Any = played.body(1)

    assert (sent["internalReference"], sent["managerCode"], sent["associateCode"]) == (None, "ada-finch", "cy")
    assert (sent["novel"], sent["contactPreferences"]) == ({"a": 1.10}, current["contactPreferences"])
    assert not {"code", "createdDate", "manager"} & set(sent)
    assert played.requests[1].repeatable is False


def test_people_of_several_clients_name_no_client_in_the_list() -> None:
    one, many = mapped("contacts"), mapped("contacts", clientCount=3)

    assert [link.client for link in one.links] == [BOOK.ref("cli_", "quill-1")]
    assert one.links[0].roles is UNSET
    assert many.links is UNSET
    assert "links" in many.meta.unsupported


def test_one_client_shows_what_its_people_are() -> None:
    contacts = SODIUM.contacts
    assert contacts is not None
    assert contacts.page is not None
    row = {"code": "alma-1", "types": ["Main", "Trustee"], "contact": sodium_pages.contact(1)}
    query = Query(limit=50, filters={"client": ("quill-1",)})
    found: Any = play(SODIUM, contacts.page(query, BOOK), ok({"data": [row], "hasMore": False})).value.records[0]

    assert found.links[0].roles == [ContactRole.PRIMARY, ContactRole.OTHER]
    assert found.links[0].roles_native == ["Main", "Trustee"]


@pytest.mark.parametrize(
    ("word", "total", "due", "status"),
    [
        ("Overdue", 100, 100, InvoiceStatus.OPEN),
        ("Submitted", 100, 0, InvoiceStatus.PAID),
        ("Paid", 100, 40.5, InvoiceStatus.PARTIALLY_PAID),
        ("Draft", 100, 100, InvoiceStatus.DRAFT),
        (None, 0, 0, InvoiceStatus.PAID),
        ("Paid", 100, -1, InvoiceStatus.PAID),
    ],
)
def test_an_invoices_status_follows_from_its_amounts(
    word: str | None, total: float, due: float, status: InvoiceStatus
) -> None:
    found = mapped("invoices", status=word, totalAmount=total, amountDue=due)

    assert (found.status, found.status_native) == (status, word)


def test_an_invoice_is_exact_and_has_no_lines() -> None:
    found = mapped("invoices")

    assert (found.total, found.balance, found.paid) == (Money(39090, "GBP"), Money(12575, "GBP"), Money(26515, "GBP"))
    assert found.lines is UNSET
    assert found.client == BOOK.ref("cli_", "quill-1")
    with pytest.raises(SchemaDrift) as drift:
        mapped("invoices", totalAmount=1.005)
    assert drift.value.path == "$.data[0].totalAmount"
    with pytest.raises(SchemaDrift):
        mapped("invoices", currency=...)


def test_a_client_without_a_customer_in_the_ledger_has_no_invoices() -> None:
    invoices = SODIUM.invoices
    assert invoices is not None
    assert invoices.page is not None
    flow = invoices.page(Query(limit=50, filters={"client": ("quill-1",)}), BOOK)

    assert play(SODIUM, flow, ok({"code": "quill-1", "accountingCustomerCode": None})).value.records == []


def test_clients_without_documents_are_passed_over_and_the_position_goes_on() -> None:
    documents = SODIUM.documents
    assert documents is not None
    assert documents.page is not None
    clients = ok({"data": [{"code": "a"}, {"code": "b"}, {"code": "c"}], "hasMore": True})
    none = ok({"data": [], "hasMore": False})
    some = ok({"data": [sodium_pages.document(1)], "hasMore": True})
    first = play(SODIUM, documents.page(Query(limit=1), BOOK), clients, none, some)
    rest = ok({"data": [sodium_pages.document(2)], "hasMore": False})
    again = ok({"data": [{"code": "b"}, {"code": "c"}], "hasMore": False})
    second = play(SODIUM, documents.page(Query(limit=1, position=first.value.next), BOOK), again, rest)
    nobody = play(SODIUM, documents.page(Query(limit=1), BOOK), clients, none, none, none)

    assert first.value.next == "1.1"
    assert dict(second.requests[1].query)["offset"] == "1"
    assert second.value.next == "2.0"
    assert (nobody.value.records, nobody.value.next) == ([], "3.0")


def test_a_document_has_two_states_and_an_area() -> None:
    asked = mapped("documents")
    theirs = mapped("documents", uploadedByContact={"code": "alma", "name": "Alma"}, reviewStatus="PendingReview")

    assert (asked.area, asked.approval, asked.review) == (Area.FIRM_SHARED, ApprovalState.PENDING, ReviewState.APPROVED)
    assert (theirs.area, theirs.review) == (Area.CLIENT_UPLOADED, ReviewState.PENDING)
    assert theirs.uploaded_by == BOOK.ref("cnt_", "alma")
    assert asked.remote_id == "quill-1:D00001"


def test_documents_of_all_reviews_are_asked_for() -> None:
    documents = SODIUM.documents
    assert documents is not None
    assert documents.page is not None
    flow = documents.page(Query(limit=50, filters={"client": ("quill-1",)}), BOOK)
    request = play(SODIUM, flow, ok({"data": [], "hasMore": False})).requests[0]

    assert [value for name, value in request.query if name == "reviewStatus"] == [
        "Approved",
        "PendingReview",
        "Rejected",
    ]


NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("now", "wanted", "expected"),
    [
        ("Submitted", RequestStatus.ACCEPTED, ("/responses/r2/review", {"accepted": True})),
        ("Submitted", RequestStatus.REJECTED, ("/responses/r2/review", {"accepted": False})),
        ("Submitted", RequestStatus.OPEN, ("/responses/r2/review", {"accepted": False, "nextAction": "Reopen"})),
        ("Draft", RequestStatus.OPEN, ("/open", NOTHING)),
        ("Open", RequestStatus.CANCELLED, ("/cancel", NOTHING)),
    ],
)
def test_a_verdict_reviews_the_last_submission(
    now: str, wanted: RequestStatus, expected: tuple[str, dict[str, Any]]
) -> None:
    requests = SODIUM.document_requests
    assert requests is not None
    assert requests.update is not None
    responses = [{"code": "r1", "accepted": False}, {"code": "r2", "accepted": None}]
    row = sodium_pages.document_request(1) | {"status": now, "responses": responses}
    flow = requests.update("quill-1:DR0001", DocumentRequestUpdate(status=wanted), None, "key", BOOK)
    played = play(SODIUM, flow, ok(row), ok({}), ok(row))

    assert (played.requests[1].path.removeprefix("/clients/quill-1/documentrequest/DR0001"), played.body(1)) == expected


def test_the_secrets_of_a_form_and_an_engagement_never_leave() -> None:
    form = sodium_pages.organizer(1) | {"magicLinkToken": "ml_secret"}
    engagement = sodium_pages.engagement(1)
    for resource, row in (("organizers", form), ("engagements", engagement), ("documents", sodium_pages.document(1))):
        wire = SODIUM.bindings()[resource].wire
        body = msgspec.json.encode({"data": [row]})
        raw = raw_records(body, wire, many=True, redact=SODIUM.redact)[0]
        shown = json.dumps([raw, unmapped(row, wire.record, SODIUM.redact)], default=str)
        assert not any(secret in shown for secret in ("ml_secret", "00000000-0000", "base64", "sig=secret"))


def test_an_acceptance_says_when_by_whom_and_from_where() -> None:
    found = mapped("engagements")
    at = datetime(2026, 4, 3, 11, 30, tzinfo=UTC)
    manual = mapped("engagements", acceptance={"acceptedDate": "2026-04-03T11:30:00Z", "manuallyAccepted": True})

    assert found.status is EngagementStatus.SIGNED
    assert found.acceptance == Acceptance(at=at, by="Alma Quill", ip="192.0.2.7", manual=False)
    assert found.signers == [Signer(name="Alma Quill", signed_at=at, ip="192.0.2.7")]
    assert manual.acceptance == Acceptance(at=at, manual=True)
    assert manual.signers == [Signer(name="Alma Quill")]


def test_the_older_name_of_an_engagements_value_is_understood() -> None:
    older = mapped("engagements", totalValue=..., annualValue=1200)

    assert older.total == Money(120000, "USD")


def test_without_a_currency_an_engagements_value_is_not_said() -> None:
    found = mapped("engagements", book=NO_CURRENCY)

    assert found.total is UNSET
    assert "total" in found.meta.unsupported


def test_a_task_keeps_its_clients_dates_and_estimate() -> None:
    clients = [{"code": "a", "name": "A"}, {"code": "b", "name": "B"}]
    found = mapped("tasks", clients=clients, primaryClient=clients[1], timeEstimate=0.33, status="Skipped")

    assert (found.client, found.other_clients) == (BOOK.ref("cli_", "b"), [BOOK.ref("cli_", "a")])
    assert (found.budget_minutes, found.status) == (20, TaskStatus.CANCELLED)
    assert (found.statutory_due_on, found.recurrence) == (date(2026, 11, 7), "VAT return, quarterly")
    assert mapped("tasks", timeEstimate=..., timeEstimateMinutes=45).budget_minutes == 45


def test_windows_cover_every_day_once() -> None:
    days = [date.fromisoformat(day) for window in WINDOWS for day in window]

    assert days == sorted(days)
    for (_, last), (first, _) in pairwise(WINDOWS):
        assert (date.fromisoformat(first) - date.fromisoformat(last)).days == 1


def test_only_lanes_with_tasks_not_started_carry_a_window() -> None:
    for lane in lanes({}):
        named = dict(lane)
        assert ("startDate" in named) is (named["status"] == "NotStarted")
    assert lanes({"status": ("done",)}) == ((("status", "Completed"),),)
    assert len(lanes({"status": ("todo",)})) == len(WINDOWS)


@pytest.mark.parametrize(
    "filters",
    [{"starts_from": ("2026-01-01",), "due_to": ("2026-02-01",)}, {"projected": ("included",)}],
)
def test_filters_that_sodium_cannot_combine_are_refused(filters: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(Invalid):
        lanes(filters)


def test_a_short_search_is_refused_before_it_is_sent() -> None:
    clients = SODIUM.clients
    assert clients is not None
    assert clients.page is not None
    with pytest.raises(Invalid):
        play(SODIUM, clients.page(Query(limit=50, filters={"search": ("qu",)}), BOOK))


@pytest.mark.parametrize(
    ("envelope", "following"),
    [
        ({"hasMore": True}, "1"),
        ({"hasMore": False, "totalCount": 9}, None),
        ({"hasMore": None, "totalCount": 2}, "1"),
        ({"hasMore": None, "totalCount": 1}, None),
        ({"hasMore": None}, None),
    ],
)
def test_a_page_ends_where_any_version_of_the_envelope_says(envelope: dict[str, Any], following: str | None) -> None:
    assert page_of("clients", sodium_pages.client(1), **envelope).next == following


def test_more_promised_than_given_is_broken_paging() -> None:
    with pytest.raises(BrokenPaging):
        page_of("clients", hasMore=True)


def test_a_vanished_list_is_drift_not_emptiness() -> None:
    clients = SODIUM.clients
    assert clients is not None
    assert clients.page is not None
    with pytest.raises(SchemaDrift):
        play(SODIUM, clients.page(Query(limit=50), BOOK), ok({"items": [], "hasMore": False}))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, CredentialsExpired),
        (403, ConnectionRefused),
        (404, NotFound),
        (409, Conflict),
        (418, Refused),
        (429, RateLimited),
        (503, Unavailable),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b'{"message": 7}', b'{"title": "No", "errors": ["x"]}', b"\xff", b"[" * 5000]
)
def test_any_error_body_is_survived_and_the_status_decides(status: int, kind: type[VendorFault], body: bytes) -> None:
    fault = classify(Request(method="GET", path="/clients", lane="read"), Response(status, {"retry-after": "7"}, body))

    assert type(fault) is kind
    assert fault is not None
    assert fault.retry_after_s == 7


def test_refused_fields_are_named_without_the_vendors_text() -> None:
    problem = {"title": "Bad", "errors": {"Name": ["'Quill Bakery' is taken"], "$.contact.lastName": ["x"], "zz": []}}
    body = json.dumps(problem).encode()
    client = classify(Request(method="PUT", path="/clients/q", lane="write"), Response(400, {}, body))
    person = classify(Request(method="POST", path="/clients/q/clientcontact", lane="write"), Response(400, {}, body))

    assert client is not None
    assert person is not None
    assert [field.pointer for field in client.fields] == ["/display_name"]
    assert [field.pointer for field in person.fields] == ["/family_name"]
    assert "Quill" not in str(client.fields)


def test_hours_become_minutes_without_a_float() -> None:
    assert mapped("tasks", timeEstimate=float(Decimal("2.25"))).budget_minutes == 135
