"""Karbon's TenantSettings: the tenant's own key, and its types and statuses, each with a key that only it has.

What a service type's key is called is assumed.
Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json (TenantSettings), read 2026-11-20.
"""

from service.sandbox.dice import Dice
from service.sandbox.http import Json
from service.sandbox.karbon.rows import ALPHABET, CONTACT_TYPES

_SETTING = 53
_LETTERS = 11
_WORK_TYPES = ("Accounting", "Bookkeeping", "Tax return")
_SERVICE_TYPES = ("Compliance", "Advisory")
_STATUSES = {
    "Planned": (),
    "ReadyToStart": (),
    "InProgress": ("Review", "Assemble", "Lodge"),
    "Waiting": ("Waiting for client", "Wait for confirmation"),
    "Completed": ("Billed", "Cancelled"),
}


def settings_of(seed: int) -> Json:
    """The one record of a tenant. Primary statuses are every tenant's, and have no key."""
    statuses = {name: _key(seed, 40 + row) for row, name in enumerate(sum(_STATUSES.values(), ()))}
    return {
        "@odata.context": "https://api.karbonhq.com/v3/$metadata#TenantSettings/$entity",
        "TenantKey": _key(seed, 0),
        "ClientAccessActivated": True,
        "WorkStatuses": [
            {
                "Name": primary,
                "Type": "Primary",
                "Children": [{"Name": one, "Type": "Secondary", "WorkStatusKey": statuses[one]} for one in below],
            }
            for primary, below in _STATUSES.items()
        ],
        "WorkTypes": [
            {
                "Name": name,
                "WorkTypeKey": _key(seed, 20 + row),
                "AvailableStatuses": {"Primary": ["In Progress", "Completed"], "Secondary": [*statuses.values()]},
            }
            for row, name in enumerate(_WORK_TYPES)
        ],
        "ServiceTypes": [
            {"Name": name, "ServiceTypeKey": _key(seed, 30 + row)} for row, name in enumerate(_SERVICE_TYPES)
        ],
        "ContactTypes": [
            {"Name": name, "ContactTypeKey": _key(seed, 10 + row)} for row, name in enumerate(CONTACT_TYPES)
        ],
    }


def _key(seed: int, row: int) -> str:
    dice = Dice(seed, _SETTING, row)
    return "2" + "".join(dice.pick(ALPHABET) for _ in range(_LETTERS))
