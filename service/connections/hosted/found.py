"""Every account that a login reaches. None is ever taken by default where there are several."""

from collections.abc import Container, Mapping
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from service.connections.vendors import Door, Vendors
from service.connectors.sdk.binding import Query
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import BrokenPaging
from service.ids import Book
from service.resources.user import LinkedAccount

_NOWHERE: Final = Book(UUID(int=0), 0, "")
_PAGES: Final = 500


async def find_accounts(
    vendors: Vendors, door: Door, access_token: str, told: Mapping[str, str], items: Container[str]
) -> tuple[FoundAccount, ...]:
    """All of them, in the vendor's order, each once. Nothing is read that `items`, consented to, do not cover.

    Raises VendorFault.
    """
    connector = door.connector
    if connector.discover is not None:
        found = await vendors.ask(connector.discover(told), door, access_token)
    else:
        found = await _from_roster(vendors, door, access_token)
    if connector.home_currency is not None and "invoices" in items:
        currency = await vendors.ask(connector.home_currency(), door, access_token)
        found = tuple(replace(account, currency=account.currency or currency) for account in found)
    return tuple({account.remote_id: account for account in found}.values())


async def _from_roster(vendors: Vendors, door: Door, access_token: str) -> tuple[FoundAccount, ...]:
    """The accounts that the vendor lists as records of their own."""
    binding = door.connector.accounts
    assert binding is not None
    assert binding.page is not None
    found: list[FoundAccount] = []
    position: str | None = None
    for _ in range(_PAGES):
        query = Query(limit=binding.max_page, position=position)
        page = await vendors.ask(binding.page(query, _NOWHERE), door, access_token, door.connector.root)
        records: list[LinkedAccount] = page.records
        found += [FoundAccount(record.remote_id, record.name) for record in records]
        if page.next is None:
            return tuple(found)
        position = page.next
    raise BrokenPaging("the list of accounts does not end")
