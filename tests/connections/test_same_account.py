"""Which account a login leads to, by what a vendor says of it: pure, and from answers as vendors document them."""

from uuid import UUID

import pytest

from service.connections.hosted.sameness import Led, digests, led
from service.connections.store import Account
from service.connectors.canopy_public.connector import CANOPY_PUBLIC
from service.connectors.canopy_public.discovery import discover as discover_canopy
from service.connectors.financial_cents.connector import FINANCIAL_CENTS
from service.connectors.financial_cents.discovery import discover as discover_firm
from service.connectors.ignition.connector import IGNITION
from service.connectors.ignition.discovery import discover as discover_practice
from service.connectors.karbon.connector import KARBON
from service.connectors.karbon.discovery import discover as discover_tenant
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import CredentialsExpired
from service.connectors.sdk.flow import Response
from tests.connectors.flows import ok, play

SALT, OTHER = UUID(int=1), UUID(int=2)
# The example of the vendor's reference, shortened.
SETTINGS: dict[str, object] = {
    "@odata.context": "https://api.karbonhq.com/v3/$metadata#TenantSettings/$entity",
    "TenantKey": "2BzmMRkhbwBT",
    "WorkStatuses": [
        {"Name": "Planned", "Type": "Primary", "Children": []},
        {
            "Name": "InProgress",
            "Type": "Primary",
            "Children": [{"Name": "Review", "Type": "Secondary", "WorkStatusKey": "2mwflHRTqsdv"}],
        },
    ],
    "WorkTypes": [{"Name": "Accounting", "WorkTypeKey": "nTlQkTQnNz7", "AvailableStatuses": {"Primary": ["Waiting"]}}],
    "ContactTypes": [{"Name": "Prospect", "ContactTypeKey": "2FZQTGSgmyyQ"}],
}
# As the vendor's guide on authentication shows it.
BARE: dict[str, object] = {
    "ContactTypes": ["Individual", "Business"],
    "WorkTypes": ["Tax"],
    "WorkStatuses": [None],
    "ClientAccessActivated": False,
}


def had(remote_id: str) -> tuple[Account, ...]:
    return (Account(0, remote_id, "What it was called"),)


def found(remote_id: str, *marks: str) -> tuple[FoundAccount, ...]:
    return (FoundAccount(remote_id, "What it is called", marks=marks),)


def test_karbon_says_its_tenant_by_key_and_never_by_names() -> None:
    (tenant,) = play(KARBON, discover_tenant({}), ok(SETTINGS)).value

    assert tenant.remote_id == "2BzmMRkhbwBT"
    assert set(tenant.marks) == {"2BzmMRkhbwBT", "2mwflHRTqsdv", "nTlQkTQnNz7", "2FZQTGSgmyyQ"}


def test_karbon_tenant_without_any_key_is_let_in_and_told_by_nothing() -> None:
    (tenant,) = play(KARBON, discover_tenant({}), ok(BARE)).value

    assert (tenant.remote_id, tenant.marks) == ("tenant", ())


@pytest.mark.parametrize("status", [401, 403, 404])
def test_karbon_keys_that_may_not_see_the_settings_are_tried_on_contacts(status: int) -> None:
    refused = Response(status, {}, b'{"statusCode": "401", "message": "JWT not present."}')

    found = play(KARBON, discover_tenant({}), refused, ok({"value": []}))

    assert [request.path for request in found.requests] == ["/v3/TenantSettings", "/v3/Contacts"]
    assert found.value == (FoundAccount("tenant", "Karbon"),)
    with pytest.raises(CredentialsExpired):
        play(KARBON, discover_tenant({}), refused, Response(401, {}, b"{}"))


def test_financial_cents_is_told_by_company_and_oldest_clients() -> None:
    rows = [{"id": 41, "company_id": 9}, {"id": 42, "company_id": 9}]
    (named,) = play(FINANCIAL_CENTS, discover_firm({}), ok({"data": rows})).value
    (unnamed,) = play(FINANCIAL_CENTS, discover_firm({}), ok({"data": [*rows, {"id": 43, "company_id": 8}]})).value
    (empty,) = play(FINANCIAL_CENTS, discover_firm({}), ok({"data": []})).value

    assert (named.remote_id, named.marks) == ("9", ("company 9", "client 41", "client 42"))
    assert (unnamed.remote_id, unnamed.marks) == ("firm", ("client 41", "client 42", "client 43"))
    assert (empty.remote_id, empty.marks) == ("firm", ())


@pytest.mark.parametrize("status", [403, 404])
def test_ignition_practice_that_may_not_see_its_stages_is_told_by_nothing(status: int) -> None:
    page: dict[str, object] = {"data": [], "meta": {"pagination": {"has_more": False, "next_cursor": None, "limit": 1}}}

    (practice,) = play(IGNITION, discover_practice({}), ok(page), Response(status, {}, b"{}")).value

    assert (practice.remote_id, practice.marks) == ("practice", ())


@pytest.mark.parametrize(
    ("fields", "marks"),
    [
        (
            ok(
                {
                    "custom_fields": [
                        {"id": "f1", "name": "Tier", "type": "text"},
                        {"id": "f2", "name": "A", "type": "x"},
                    ]
                }
            ),
            ("f1", "f2"),
        ),
        (ok({"custom_fields": []}), ()),
        (Response(403, {}, b"{}"), ()),
        (ok({"fields": []}), ()),
    ],
)
def test_public_canopy_is_told_by_the_fields_that_a_practice_added(fields: Response, marks: tuple[str, ...]) -> None:
    (practice,) = play(CANOPY_PUBLIC, discover_canopy({}), ok({"clients": []}), fields).value

    assert (practice.remote_id, practice.marks) == ("practice", marks)


@pytest.mark.parametrize(
    ("before", "told_by", "now", "leads"),
    [
        ("K1", (), found("K1"), Led.THERE),
        ("K1", ("a",), found("K2", "a"), Led.ELSEWHERE),
        ("word", ("a", "b"), found("word", "b", "c"), Led.THERE),
        ("word", ("a", "b"), found("word", "c", "d"), Led.ELSEWHERE),
        ("word", ("a",), found("K1", "a"), Led.THERE),
        ("K1", ("a",), found("word", "a"), Led.THERE),
        ("K1", ("a",), found("word", "b"), Led.ELSEWHERE),
        ("word", (), found("word", "a"), Led.UNTOLD),
        ("word", ("a",), found("word"), Led.UNTOLD),
        ("word", (), found("K1"), Led.UNTOLD),
    ],
)
def test_ids_decide_where_both_sides_have_them_and_marks_everywhere_else(
    before: str, told_by: tuple[str, ...], now: tuple[FoundAccount, ...], leads: Led
) -> None:
    assert led(had(before), digests(SALT, told_by), now, SALT, "word") is leads


def test_vendor_that_always_names_its_accounts_is_never_decided_by_marks() -> None:
    assert led(had("K1"), digests(SALT, ("a",)), found("K2", "a"), SALT, "") is Led.ELSEWHERE


def test_of_very_many_marks_the_same_ones_are_kept_whatever_their_order() -> None:
    many = [f"client {number}" for number in range(5000)]

    assert digests(SALT, many) == digests(SALT, reversed(many))
    assert len(digests(SALT, many)) == 256
    assert not digests(SALT, many) & digests(OTHER, many)


def test_vendors_that_do_not_always_name_their_account_are_these() -> None:
    assert {one.slug: one.stand_in for one in CONNECTORS if one.stand_in is not None} == {
        "canopy_public": "practice",
        "financial_cents": "firm",
        "ignition": "practice",
        "karbon": "tenant",
    }
