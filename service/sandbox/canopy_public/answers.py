"""What an answer has of a row.

Clients are shown as the schema of the answers and its examples have them: of a person the display name alone, without
the first and last name that are required at creation, and nobody's `linked_clients`. Contacts are shown as their
examples have them, with `type` and `email`, `number` and `employer_name`; the schema beside them would have `key` and
`value` and `employer`. Lists have five properties of a client; of those the external id alone may be missing.
"""

from collections.abc import Callable

from service.sandbox.http import Json

_ANSWERED = frozenset(
    {
        "addresses", "archived_at", "client_since", "client_sources", "created_at", "custom_fields", "deleted_at",
        "display_name", "emails", "external_id", "filing_status", "id", "is_active", "is_archived", "is_business",
        "is_deleted", "notes", "phones", "tags", "tin", "type", "updated_at",
        "business_name", "business_type", "date_established", "industry",
    }
)  # fmt: skip
_NULL_IN_ALL_EXAMPLES = {"client_connections": None, "contacts": None, "primary_contact": None}


def shown(noun: str, row: Json, name_of: Callable[[str], str]) -> Json:
    """The one record, under its name; `name_of` says what a client is called by its id."""
    return {"client": _client(row)} if noun == "clients" else {"contact": _contact(row, name_of)}


def listed(noun: str, row: Json) -> Json:
    """The record as a list has it."""
    if noun == "contacts":
        return {**_named(row), "name": full_name(row), "type": "CONTACT"}
    simple = {name: row[name] for name in ("id", "is_business", "type")} | {"name": row["display_name"]}
    return simple if row["external_id"] is None else {"external_id": row["external_id"], **simple}


def hit(noun: str, field: str, row: Json) -> Json:
    """The record as a search by name, email or phone has it."""
    base = {"id": row["id"], "name": row["display_name"]} if noun == "clients" else _named(row)
    if field == "name":
        return base
    key = field if noun == "clients" else f"primary_{field}"
    return {**base, key: _primary(row, field)}


def searched(noun: str, field: str, row: Json) -> list[str]:
    """What a search by name, email or phone looks into."""
    if field == "name":
        return [str(row["display_name"]) if noun == "clients" else full_name(row)]
    values = (row["emails"], "email") if field == "email" else (row["phones"], "number")
    return [str(part[values[1]]) for part in values[0]]


def full_name(row: Json) -> str:
    """First, middle and last name."""
    return " ".join(str(row[part]) for part in ("first_name", "middle_name", "last_name") if row.get(part))


def _client(row: Json) -> Json:
    return {name: value for name, value in row.items() if name in _ANSWERED} | _NULL_IN_ALL_EXAMPLES


def _contact(row: Json, name_of: Callable[[str], str]) -> Json:
    return {**row, "clients": [{**link, "name": name_of(link["id"])} for link in row["clients"]]}


def _named(row: Json) -> Json:
    return {name: row[name] for name in ("id", "first_name", "last_name")}


def _primary(row: Json, field: str) -> str:
    parts, name = (row["emails"], "email") if field == "email" else (row["phones"], "number")
    return str(max(parts, key=lambda part: bool(part["is_primary"]))[name])
