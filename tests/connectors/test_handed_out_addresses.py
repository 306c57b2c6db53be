"""Addresses that vendors hand out: public hosts over https, this machine for sandboxes, and nothing else."""

import pytest

from service.connectors.sdk.addresses import checked_address
from service.connectors.sdk.faults import Malformed

VENDOR = "https://api.vendor.example"
SANDBOX = "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("address", "base_url"),
    [
        ("https://files.vendor.example/a?signature=x", VENDOR),
        ("https://8.8.8.8/a", VENDOR),
        ("http://127.0.0.1:9/a", SANDBOX),
        ("http://localhost:9/a", SANDBOX),
    ],
)
def test_public_host_over_https_may_be_called(address: str, base_url: str) -> None:
    assert checked_address(address, base_url) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://files.vendor.example/a",
        "http://127.0.0.1/a",
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.7/a",
        "https://[::1]/a",
        "https://[fd00::1]/a",
        "https://127.1/a",
        "https://0x7f.1/a",
        "https://2130706433/a",
        "https://intranet/a",
        "https://key:secret@files.vendor.example/a",
        "ftp://files.vendor.example/a",
        "file:///etc/passwd",
        "//files.vendor.example/a",
        "https://files.vendor.example:99999/a",
        "",
    ],
)
def test_anything_else_is_not_called_and_not_named(address: str) -> None:
    with pytest.raises(Malformed) as refused:
        checked_address(address, VENDOR)

    assert not address or address not in str(refused.value)


def test_sandbox_leads_to_no_other_machine_over_http() -> None:
    with pytest.raises(Malformed):
        checked_address("http://files.vendor.example/a", SANDBOX)
