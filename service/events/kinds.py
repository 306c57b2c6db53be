"""The kinds of events there are, in words. Who subscribes names them; the database lets no endpoint miss a new one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PING: Final = "webhook_endpoint.ping"
DISABLED: Final = "webhook_endpoint.disabled"

EVENT_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "budget.alert": "A budget is used to a share that is worth knowing, or spent.",
        "connection.connect": "A second person decided on adding the connection.",
        "connection.connected": "A firm connected.",
        "connection.connected_again": "A firm connected again.",
        "connection.consent": "A second person decided on widening a consent.",
        "connection.drift": "The vendor answers otherwise than before: an issue was opened.",
        "connection.drift_ignored": "An issue was set aside.",
        "connection.drift_resolved": "An issue is over.",
        "connection.ended": "The connection ended, with its proof.",
        "connection.export": "A second person decided on an export.",
        "connection.exported": "Everything of a connection was taken away.",
        "connection.renewal_refused": "The vendor does not let us in any more.",
        "connection.state": "The connection works, does not work, or will soon not work any more.",
        "connection.vendor_error": "The vendor failed at something that was not a call of yours.",
        "invoice.issued": "Our invoice was issued.",
        "invoice.paid": "It is paid.",
        "invoice.past_due": "It was not paid in time.",
        "invoice.uncollectible": "It was given up.",
        "invoice.void": "It was taken back.",
        "key.leaked": "An API key was found in public.",
        DISABLED: "An endpoint was disabled, because it is gone or failed for days.",
        PING: "A test event: sent when somebody asks for it, to that endpoint alone.",
    }
)
"""All of them with what they say."""
