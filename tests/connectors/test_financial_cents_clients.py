"""What is known of Financial Cents from others is believed; what nobody says may look either way."""

import pytest

from service.connectors.financial_cents.connector import FINANCIAL_CENTS
from service.connectors.financial_cents.discovery import discover
from service.connectors.financial_cents.lists import Listed, PageMeta, Place, following
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import BrokenPaging, CredentialsExpired, Invalid, NotFound, Refused, VendorFault
from service.connectors.sdk.flow import Request, Response
from service.resources.client import ClientStatus
from service.resources.common import Email
from tests.connectors.flows import BOOK, ok, play

ASKED = Request(method="GET", path="/clients", lane="read")
ROW = {
    "id": 41001,
    "display_name": "Quill",
    "is_archived": True,
    "contacts": [{"name": "Alma", "email": "alma@quill.example"}, {"email": "alma@quill.example"}, {"email": ""}],
}


@pytest.mark.parametrize("answer", [ROW, {"data": ROW}], ids=["bare", "enveloped"])
def test_one_record_is_read_with_an_envelope_and_without(answer: object) -> None:
    binding = FINANCIAL_CENTS.clients
    assert binding is not None
    assert binding.get is not None
    found = play(FINANCIAL_CENTS, binding.get("41001", BOOK), ok(answer)).value

    assert (found.remote_id, found.status) == ("41001", ClientStatus.ARCHIVED)
    assert found.emails == [Email("alma@quill.example")]


def test_search_is_said_with_all_three_words() -> None:
    binding = FINANCIAL_CENTS.clients
    assert binding is not None
    assert binding.page is not None
    flow = binding.page(Query(limit=5, sort="-updated_at", filters={"name_contains": ("quill",)}), BOOK)
    asked = play(FINANCIAL_CENTS, flow, ok({"data": []})).requests[0]

    assert dict(asked.query) == {
        "page": "1",
        "per_page": "5",
        "order_by": "updated_at",
        "order_dir": "desc",
        "search[field]": "name",
        "search[operation]": "contains",
        "search[value]": "quill",
    }


@pytest.mark.parametrize(
    ("rows", "meta", "position"),
    [
        (5, None, "3:5"),
        (4, None, None),
        (4, PageMeta(per_page=4), "3:5"),
        (5, PageMeta(current_page=2, last_page=2), None),
        (3, PageMeta(current_page=2, last_page=3), "3:5"),
        (0, PageMeta(current_page=2, last_page=2), None),
    ],
)
def test_end_of_a_list_is_what_the_vendor_says_or_a_page_that_is_not_full(
    rows: int, meta: PageMeta | None, position: str | None
) -> None:
    assert following(Listed[object]([object()] * rows, meta), Place(2, 5)) == position


@pytest.mark.parametrize("meta", [PageMeta(current_page=1), PageMeta(current_page=2, last_page=3)])
def test_page_that_contradicts_itself_is_broken_paging(meta: PageMeta) -> None:
    with pytest.raises(BrokenPaging):
        following(Listed[object]([], meta), Place(2, 5))


@pytest.mark.parametrize(
    ("companies", "remote_id"), [([9007, 9007], "9007"), ([1, 2], "firm"), ([None, None], "firm"), ([], "firm")]
)
def test_firm_is_the_company_that_all_clients_name(companies: list[int | None], remote_id: str) -> None:
    rows = [{"company_id": company} for company in companies]
    found = play(FINANCIAL_CENTS, discover({}), ok({"data": rows})).value

    assert [account.remote_id for account in found] == [remote_id]


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, b'{"message":"Unauthenticated."}', CredentialsExpired),
        (404, b'{"message":"No query results for model"}', NotFound),
        (405, b"", Refused),
        (422, b'{"message":"x","errors":{"display_name":["x"]}}', Invalid),
    ],
)
def test_every_status_has_its_fault(status: int, body: bytes, fault: type[VendorFault]) -> None:
    assert type(FINANCIAL_CENTS.classify(ASKED, Response(status, {}, body))) is fault
