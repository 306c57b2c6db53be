"""Which firm a token is of. Nothing tells its name; that every client names the same company is taken to be it.

Assumed. Where clients name several, or there are none, the firm has no id: then its oldest clients say whose token it
is: their ids are taken to be no other firm's.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.financial_cents import lists
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow

STAND_IN: Final = "firm"
_NAME: Final = "Financial Cents"
_LOOKED_AT: Final = 50


class _Row(Struct, frozen=True, gc=False):
    id: int | str | None = None
    company_id: int | str | None = None


_read: Final = json_reader(lists.Listed[_Row])


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one firm, once the vendor has said yes to the token."""
    oldest = (("order_by", "created_at"), ("order_dir", "asc"))
    request = lists.rows("/api/v1/clients", lists.Place(1, _LOOKED_AT), oldest)
    rows = _read((yield request)).data
    companies = {row.company_id for row in rows}
    only = next(iter(companies)) if len(companies) == 1 else None
    marks = [f"client {row.id}" for row in rows if row.id is not None]
    if only is None:
        return (FoundAccount(STAND_IN, _NAME, marks=tuple(marks)),)
    return (FoundAccount(str(only), _NAME, marks=(f"company {only}", *marks)),)
