"""Which firm a token is of. Nothing tells its name; that every client names the same company is taken to be it.

Assumed; where clients name several, or there are none, the account has no id but ours.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.financial_cents import lists
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow

_NAME: Final = "Financial Cents"
_LOOKED_AT: Final = 50


class _Row(Struct, frozen=True, gc=False):
    company_id: int | str | None = None


_read: Final = json_reader(lists.Listed[_Row])


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one firm, once the vendor has said yes to the token."""
    oldest = (("order_by", "created_at"), ("order_dir", "asc"))
    request = lists.rows("/api/v1/clients", lists.Place(1, _LOOKED_AT), oldest)
    companies = {row.company_id for row in _read((yield request)).data}
    only = next(iter(companies)) if len(companies) == 1 else None
    return (FoundAccount("firm" if only is None else str(only), _NAME),)
