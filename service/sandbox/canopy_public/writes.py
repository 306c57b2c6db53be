"""Creating, changing and deleting clients and contacts.

Assumed: a list that is named replaces the one before; of several addresses none of which is primary the first is; the
display name follows the names unless it is given; a client stays a person or a business; what is deleted is gone from
lists and can no longer be written, but still be read with the mark on it. No write happens once only: a repeated POST
makes a second record, and nothing tells a change from one that overtook it.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import UNSET

from service.sandbox.canopy_public.answers import full_name
from service.sandbox.canopy_public.contact_parts import to_parts
from service.sandbox.canopy_public.errors import RefusalError, invalid
from service.sandbox.canopy_public.fields import accepted
from service.sandbox.canopy_public.ids import instant_of
from service.sandbox.canopy_public.wishes import (
    REQUIRED,
    BusinessWish,
    ClientWish,
    ContactWish,
    IndividualWish,
    NewContactWish,
    Wish,
)
from service.sandbox.http import Json, Request
from service.sandbox.table import Table

AnyWish = TypeVar("AnyWish", bound=Wish)

_BLANK: Json = {
    "emails": [], "phones": [], "addresses": [], "tin": None, "is_archived": False, "archived_at": None,
    "deleted_at": None,
}  # fmt: skip
_BLANK_CLIENT: Json = _BLANK | {
    "client_since": None, "custom_fields": [], "external_id": None, "is_active": True, "is_deleted": False,
    "notes": None, "tags": [], "client_sources": [], "filing_status": "NOT_SELECTED",
}  # fmt: skip
_BLANK_BUSINESS: Json = {"business_type": "NOT_SELECTED", "date_established": None, "industry": None}
_BLANK_CONTACT: Json = _BLANK | {
    "middle_name": None, "birthdate": None, "employer_name": None, "occupation": None, "clients": [],
}  # fmt: skip


class Writer:
    """Writes over the tables; RefusalError for what may not be written."""

    def __init__(self, tables: Mapping[str, Table], now_s: Callable[[], float]) -> None:
        self._tables = tables
        self._now_s = now_s
        self._deleted: dict[tuple[str, str], Json] = {}

    def reset(self) -> None:
        """Nothing was deleted."""
        self._deleted.clear()

    def read(self, noun: str, row_id: str) -> Json:
        """A record, deleted or not."""
        row = self._tables[noun].get(row_id) or self._deleted.get((noun, row_id))
        if row is None:
            raise missing(noun)
        return row

    def create(self, noun: str, request: Request) -> Json:
        """A new record."""
        body = _inside(request, noun)
        table = self._tables[noun]
        at_s = self._now_s()
        row: Json = {"id": table.next_id(), "created_at": instant_of(noun, at_s)}
        if noun == "contacts":
            row |= _BLANK_CONTACT | self._contact(_understood(body, NewContactWish))
        elif body.get("is_business") is True:
            row |= _BLANK_CLIENT | _BLANK_BUSINESS | self._client(_understood(body, BusinessWish))
        else:
            row |= _BLANK_CLIENT | self._client(_understood(body, IndividualWish))
        row |= {"updated_at": instant_of(noun, at_s)} | _archiving(noun, row, at_s)
        if noun == "clients":
            row.setdefault("display_name", _display_name(row))
        table.add(row, int(at_s))
        return row

    def change(self, noun: str, row_id: str, request: Request) -> Json:
        """A record with what the body names changed, and nothing else."""
        body = _inside(request, noun)
        table, position = self._tables[noun], self._live(noun, row_id)
        old = table[position]
        at_s = self._now_s()
        if noun == "contacts":
            said = self._contact(_converted(body, ContactWish))
        else:
            said = self._client(_converted(body, BusinessWish if old["is_business"] else IndividualWish))
            if not said:
                raise invalid("client has no properties")
            if said.get("is_business", old["is_business"]) is not old["is_business"]:
                raise invalid("is_business of a client cannot change")
        row = old | said
        if noun == "clients" and "display_name" not in said and old["display_name"] == _display_name(old):
            row["display_name"] = _display_name(row)
        row |= {"updated_at": instant_of(noun, at_s)} | _archiving(noun, row, at_s)
        table.put(position, row, int(at_s))
        return row

    def delete(self, noun: str, row_id: str) -> None:
        """Takes a record out of its table, and puts the mark on what can still be read of it."""
        at_s = self._now_s()
        at = instant_of(noun, at_s)
        marks: Json = {"deleted_at": at, "updated_at": at} | ({"is_deleted": True} if noun == "clients" else {})
        table, position = self._tables[noun], self._live(noun, row_id)
        self._deleted[noun, row_id] = table[position] | marks
        table.put(position, None, int(at_s))

    def _live(self, noun: str, row_id: str) -> int:
        position = self._tables[noun].find(row_id)
        if position is None:
            raise missing(noun)
        return position

    def _client(self, wish: ClientWish) -> Json:
        said: Json = msgspec.to_builtins(wish)
        if wish.custom_fields is not UNSET:
            said["custom_fields"] = [accepted(field) for field in wish.custom_fields]
        for link in wish.linked_clients or ():
            self._must_exist(link.id)
        for phone in said.get("phones", []):
            phone.setdefault("extension", None)
        return _with_primaries(said)

    def _contact(self, wish: ContactWish) -> Json:
        said = to_parts(wish)
        for link in said.get("clients", []):
            self._must_exist(link["id"])
        return _with_primaries(said)

    def _must_exist(self, client_id: object) -> None:
        if not isinstance(client_id, str) or self._tables["clients"].find(client_id) is None:
            raise invalid(f"there is no client {client_id}")


def missing(noun: str) -> RefusalError:
    """The record is not there."""
    return RefusalError(404, f"{'Client' if noun == 'clients' else 'Contact'} not found")


def _inside(request: Request, noun: str) -> Json:
    """The object below `client` or `contact`."""
    name = noun.removesuffix("s")
    try:
        body = msgspec.json.decode(request.body, type=dict[str, object])
        return msgspec.convert(body[name], dict[str, object])
    except (msgspec.DecodeError, KeyError) as error:
        raise invalid(f"the body must be an object with an object {name} in it") from error


def _understood(body: Json, kind: type[AnyWish]) -> AnyWish:
    """A body that makes a new record."""
    lacking = [name for name in REQUIRED[kind] if name not in body]
    if lacking:
        raise RefusalError(400, "Invalid Request", *(f"{name} is required" for name in lacking))
    return _converted(body, kind)


def _converted(body: Json, kind: type[AnyWish]) -> AnyWish:
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from error


def _with_primaries(said: Json) -> Json:
    for name in ("emails", "phones", "addresses"):
        parts: list[Json] = said.get(name, [])
        if parts and not any(part["is_primary"] for part in parts):
            parts[0]["is_primary"] = True
    return said


def _archiving(noun: str, row: Json, at_s: float) -> Json:
    if not row["is_archived"]:
        return {"archived_at": None}
    return {"archived_at": row["archived_at"] or instant_of(noun, at_s)}


def _display_name(row: Json) -> str:
    return str(row["business_name"]) if row["is_business"] else full_name(row)
