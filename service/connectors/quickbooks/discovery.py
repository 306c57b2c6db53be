"""Which company a consent at Intuit was given for: the person chose it there, and `realmId` came back with the code.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/companyinfo, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.statement import MINOR_VERSION
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import Refused
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import path_segment


class _Company(Struct, frozen=True, gc=False):
    CompanyName: str


class _CompanyAnswer(Struct, frozen=True, gc=False):
    CompanyInfo: _Company


class _Reference(Struct, frozen=True, gc=False):
    value: str


class _CurrencyPrefs(Struct, frozen=True, gc=False):
    HomeCurrency: _Reference | None = None


class _Preferences(Struct, frozen=True, gc=False):
    CurrencyPrefs: _CurrencyPrefs = _CurrencyPrefs()


class _PreferencesAnswer(Struct, frozen=True, gc=False):
    Preferences: _Preferences


_read_company: Final = json_reader(_CompanyAnswer)
_read_preferences: Final = json_reader(_PreferencesAnswer)


def discover(told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one company of this consent, with its home currency. Raises Refused where Intuit named none."""
    realm = told.get("realmId", "")
    if not realm:
        raise Refused("no company came back with the consent")
    company = f"/v3/company/{path_segment(realm)}"
    found = _read_company((yield _get(f"{company}/companyinfo/{path_segment(realm)}")))
    currency = _read_preferences((yield _get(f"{company}/preferences"))).Preferences.CurrencyPrefs.HomeCurrency
    return (FoundAccount(realm, found.CompanyInfo.CompanyName, None if currency is None else currency.value),)


def _get(path: str) -> Request:
    return Request(method="GET", path=path, query=(MINOR_VERSION,), lane="read")
