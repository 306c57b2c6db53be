"""The calls that all of QuickBooks' entities share: read one, create, update sparsely, void, delete."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct

from service.connectors.quickbooks.statement import MINOR_VERSION
from service.connectors.sdk.faults import FieldFault, Invalid, NotFound
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.references import path_segment

Entity = Literal[
    "customer",
    "invoice",
    "payment",
    "creditmemo",
    "item",
    "class",
    "department",
    "employee",
    "timeactivity",
    "attachable",
]

PATHS: Final[Mapping[str, Entity]] = {
    "Customer": "customer",
    "Invoice": "invoice",
    "Payment": "payment",
    "CreditMemo": "creditmemo",
    "Item": "item",
    "Class": "class",
    "Department": "department",
    "Employee": "employee",
    "TimeActivity": "timeactivity",
    "Attachable": "attachable",
}
"""By the name that queries and answers use: the one that paths do."""

_LONGEST_REQUEST_ID: Final = 50
_LONGEST_OF_BATCH: Final = 36
_encode = msgspec.json.Encoder(decimal_format="number").encode


def read_one(entity: Entity, remote_id: str) -> Request:
    """The call for one record. Raises NotFound for what cannot be an id."""
    return Request(method="GET", path=f"/{entity}/{path_segment(remote_id)}", query=(MINOR_VERSION,), lane="read")


def write(entity: Entity, body: Struct, key: str, *options: tuple[str, str]) -> Request:
    """The call that creates or updates; `requestid` makes the vendor answer a repeat with its first answer.

    `options` name another operation, such as `("operation", "void")`.

    Source: https://blogs.intuit.com/2015/04/06/15346/, read 2026-11-20: unique for each company, 50 characters.
    """
    return Request(
        method="POST",
        path=f"/{entity}",
        query=(MINOR_VERSION, _requestid(key, _LONGEST_REQUEST_ID), *options),
        body=_encode(body),
        lane="write",
        repeatable=True,
    )


def batch_requestid(key: str) -> tuple[str, str]:
    """The `requestid` of a batch. It is shorter: QuickBooks makes one for each item of it and the item's `bId`.

    Source: https://blogs.intuit.com/2015/04/06/15346/, read 2026-11-20: 36 characters, and 10 for each `bId`.
    """
    return _requestid(key, _LONGEST_OF_BATCH)


def _requestid(key: str, longest: int) -> tuple[str, str]:
    return "requestid", key if len(key) <= longest else sha256(key.encode()).hexdigest()[:longest]


def create(entity: Entity, body: Struct, key: str, refers_by: str) -> Flow[Response]:
    """Creates a record. "Object not found" (610) then means the one referred to at the pointer `refers_by`."""
    try:
        return (yield write(entity, body, key))
    except NotFound as fault:
        raise Invalid(
            fault.message,
            status=fault.status,
            code=fault.code,
            request_id=fault.request_id,
            fields=(FieldFault(refers_by, "not_found", "The vendor has no such record, or it is inactive."),),
        ) from None


class Stamp(Struct, frozen=True, gc=False):
    """Which version of which record a void or a deletion means."""

    Id: str
    SyncToken: str


def remove(entity: Entity, stamp: Stamp, key: str) -> Request:
    """The call that deletes a transaction; nothing of it is left."""
    return write(entity, stamp, key, ("operation", "delete"))


def void(entity: Literal["invoice", "payment"], stamp: Stamp, key: str) -> Request:
    """The call that voids a transaction: it stays, with amounts of nothing.

    Payments are voided by an update that includes `void`. Source: CoreConstants.php of
    https://github.com/intuit/QuickBooks-V3-PHP-SDK, read 2026-11-20.
    """
    if entity == "payment":
        return write(entity, stamp, key, ("operation", "update"), ("include", "void"))
    return write(entity, stamp, key, ("operation", "void"))
