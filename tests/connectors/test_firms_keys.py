"""Keys that firms make: every header they need, and no host but the vendor's."""

import pytest

from service.connectors.sdk.faults import ConnectionRefused, Refused
from service.connectors.sdk.keys import ApiKey, KeyField
from service.connectors.sdk.references import at_account

COMPANY = KeyField(name="company", label="Company", hint="In its settings.", header="X-Company", secret=False)
PRACTICE = KeyField(name="practice", label="Practice", hint="In its address.", secret=False)
HOSTS = "https://{account}.vendor.example/api"


def test_key_alone_goes_into_its_header() -> None:
    assert ApiKey("x-api-key").sign("k3y") == (("x-api-key", "k3y"),)
    assert ApiKey("authorization", prefix="Bearer ").sign("k3y") == (("authorization", "Bearer k3y"),)


def test_what_goes_with_a_key_is_signed_with_it() -> None:
    auth = ApiKey("authorization", prefix="Bearer ", fields=(COMPANY, PRACTICE))
    token = auth.joined({"key": "k3y", "company": "acme", "practice": "birch"})

    assert auth.sign(token) == (("authorization", "Bearer k3y"), ("X-Company", "acme"))


def test_credentials_without_what_goes_with_the_key_ask_the_firm() -> None:
    with pytest.raises(ConnectionRefused):
        ApiKey("x-api-key", fields=(COMPANY,)).sign("k3y")


def test_account_stands_in_the_host() -> None:
    assert at_account(HOSTS, "birch-vale2") == "https://birch-vale2.vendor.example/api"
    assert at_account("https://api.vendor.example", "Anything/.. at all") == "https://api.vendor.example"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.b",
        "evil.example/",
        "evil.example#",
        "user@evil.example",
        "127.0.0.1:80",
        "-a",
        "a-",
        "A",
        "a b",
        "a\n",
        "é",
        "a" * 64,
        "%2e",
    ],
)
def test_no_name_leads_to_another_host(name: str) -> None:
    with pytest.raises(Refused):
        at_account(HOSTS, name)
