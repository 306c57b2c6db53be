"""What the company has set for itself, as far as it decides what we may do."""

from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.statement import MINOR_VERSION
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import Conflict
from service.connectors.sdk.flow import Flow, Request


class _SalesForms(Struct, frozen=True, gc=False):
    AutoApplyCredit: bool = False


class _Preferences(Struct, frozen=True, gc=False):
    SalesFormsPrefs: _SalesForms = _SalesForms()


class _One(Struct, frozen=True, gc=False):
    Preferences: _Preferences


_read = json_reader(_One)
_REASON: Final = (
    "QuickBooks is set to apply credits by itself, which would apply this payment's credits a second time. "
    'Turn off "Automatically apply credits" in QuickBooks under Account and settings, Advanced, Automation.'
)


def refuse_automatic_credits() -> Flow[None]:
    """Raises Conflict while the company applies credits by itself: the interface can see that, but not turn it off.

    Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/preferences,
    read 2026-11-20.
    """
    answer = yield Request(method="GET", path="/preferences", query=(MINOR_VERSION,), lane="read")
    if _read(answer).Preferences.SalesFormsPrefs.AutoApplyCredit:
        raise Conflict(_REASON, code="auto_apply_credit")
