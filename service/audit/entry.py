"""One row of the log, and its canonical bytes."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from billing import BesideRow, literals
from service.ids import made_at


class SealedPart(msgspec.Struct, frozen=True):
    """Personal fields under a key that can be destroyed: subject (firm or organization), key version, ciphertext."""

    subject: UUID
    version: int
    value: str
    """Base64 of nonce and AES-256-GCM."""


class Personal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of a row can lead to a person. Exists outside a sealed part only in memory."""

    address: str | None = None
    """The caller's IP address."""
    records: tuple[str, ...] = ()
    """Ids of the records that were read or changed; lists say how many instead."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done. Its JSON, fields in this order and defaults left out, is what is hashed."""

    org: UUID
    id: UUID
    """The request's id, or the act's; a UUIDv7, so it says when."""
    kind: Literal["call", "act"]
    actor: str
    """`key:`, `member:` or `link_session:` and a UUID; else who acted without: `operator`, `worker`, `platform`."""
    what: str
    """The `operationId`, or the act, such as `keys.mint`."""
    status: int | None = None
    outcome: str
    """For calls the reason of the receipt, or a problem's code; for acts `done`, or what kept it from being."""
    scope: str | None = None
    """The scope the call rested on."""
    firm: UUID | None = None
    connection: UUID | None = None
    vendor: str | None = None
    rows: int = 0
    """Records handed out or changed."""
    consents: tuple[UUID, ...] = ()
    """Where client data was handed out: the consents that allowed it."""
    purpose: str | None = None
    ticket: str | None = None
    about: tuple[str, ...] = ()
    """Ids of our own things that an act was about, such as `key_…`."""
    by: str | None = None
    """`worker`, where that has carried on what the actor began."""
    personal: SealedPart | None = None


ENCODER: Final = msgspec.json.Encoder()
_decode = msgspec.json.Decoder(Entry).decode


def to_row(entry: Entry) -> BesideRow:
    """The entry as a row: an `audit_head`, which only repeats the content for searching, and the content."""
    firm, consents = literals.uuid(entry.firm), literals.uuids(entry.consents)
    # `literals.record` of its fields, in one go because every call pays for it.
    head = f'"({entry.org.int:032x},{entry.id.int:032x},{firm},{consents})"'
    return BesideRow(head, ENCODER.encode(entry).decode())


def from_content(content: str | bytes | msgspec.Raw) -> Entry:
    """The entry in a row's content. msgspec.DecodeError where it is none."""
    return _decode(content)


def happened_at(entry: Entry) -> datetime:
    """To the millisecond, as the id says."""
    return made_at(entry.id)
