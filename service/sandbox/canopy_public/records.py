"""The firm's clients and contacts in the words of the public API. A row holds more than `answers` shows of it."""

from collections.abc import Callable

from service.sandbox import names
from service.sandbox.books import Books, Client, day_of
from service.sandbox.canopy_public.fields import FIELDS, shown
from service.sandbox.canopy_public.ids import instant_of, make_id, position_of
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import person
from service.sandbox.shapes import counts
from service.sandbox.table import Table

_CLIENT = 41
_TYPES = {"Active": "CLIENT", "Archived": "CLIENT", "Prospect": "PROSPECT", "Other": "OTHER"}
_BUSINESS_TYPES = ("C_CORPORATION", "S_CORPORATION", "LLC", "PARTNERSHIP", "LLC _ M", "LLC _ S", "NOT_SELECTED")
_FILING = ("SINGLE", "MARRIED_JOINT", "HEAD_OF_HOUSEHOLD", "NOT_SELECTED")
_INDUSTRIES = ("Construction", "Health care", "Hospitality", "Retail", None)
_TAGS = ({"id": "DTG1", "name": "vip"}, {"id": "DTG2", "name": "monthly"})
_SOURCES = ({"id": "DSR1", "name": "Referral"}, {"id": "DSR2", "name": "Website"})
_TIES = {"spouse": ("Spouse", "SPOUSE"), "dependent": ("Daughter", "DEPENDENT"), "primary": ("Primary", "OTHER")}


class Records:
    """Builds rows from the books, and tells cheaply what a search needs to know of them."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._people = Layout(counts(lambda shape: shape.contacts), books.clients)

    def tables(self) -> dict[str, Table]:
        """The tables of clients and contacts, over the books as seeded."""
        return {
            "clients": self._table("clients", self._books.clients, self._client, self._client_updated_s),
            "contacts": self._table("contacts", self._people.size, self._contact, self._contact_updated_s),
        }

    def searched(self, noun: str, field: str, position: int) -> list[str]:
        """What a seeded row has to be found by; less than the row costs to build."""
        if noun == "clients":
            if field == "name":
                return [self._books.name(position)]
            found = self._books.email(position) if field == "email" else self._books.client(position).phone
        else:
            contact = person(self._books, *self._people.locate(position))
            if field == "name":
                return [f"{contact.given} {contact.family}"]
            found = contact.email if field == "email" else contact.phone
        return [found] if found else []

    def _client(self, row: int) -> Json:
        client = self._books.client(row)
        is_archived = client.shape.status == "Archived"
        is_business = client.shape.filing_type == "Business"
        updated_at = instant_of("clients", client.updated_s)
        street, locality, region, postal_code = client.address
        kind = "WORK" if is_business else "PERSONAL"
        return {
            "id": make_id("clients", self._books.seed, row),
            "is_business": is_business,
            "type": _TYPES[client.shape.status],
            "display_name": client.name,
            **(self._business(client) if is_business else self._individual(client)),
            "client_since": day_of(client.created_s).isoformat(),
            "is_archived": is_archived,
            "archived_at": updated_at if is_archived else None,
            "is_active": not is_archived,
            "is_deleted": False,
            "deleted_at": None,
            "external_id": f"C-{row + 1:06d}" if row % 3 else None,
            "notes": "Prefers the telephone." if row % 5 == 0 else None,
            "emails": [{"email": client.email, "type": kind, "is_primary": True}] if client.email else [],
            "phones": [
                {
                    "number": client.phone,
                    "extension": "104" if is_business and row % 4 == 0 else None,
                    "type": "WORK" if is_business else "HOME",
                    "is_primary": True,
                }
            ],
            "addresses": [
                {
                    "address_1": street,
                    "locality": locality,
                    "region": region,
                    "postal_code": postal_code,
                    "country": "US",
                    "type": "MAILING",
                    "is_primary": True,
                }
            ],
            "custom_fields": self._fields(row),
            "tags": list(_TAGS[: row % 3]),
            "client_sources": [_SOURCES[row % 2]] if row % 4 == 0 else [],
            "created_at": instant_of("clients", client.created_s),
            "updated_at": updated_at,
        }

    def _individual(self, client: Client) -> Json:
        given, initial, family = names.person(client.number, self._books.seed)
        dice = Dice(self._books.seed, _CLIENT, client.number)
        filing = dice.pick(_FILING)
        tin = f"000{dice.between(10, 99)}{dice.between(1000, 9999)}"  # no number begins with 000
        return {
            "first_name": given,
            "middle_name": f"{initial}.",
            "last_name": family,
            "filing_status": filing,
            "tin": tin,
        }

    def _business(self, client: Client) -> Json:
        dice = Dice(self._books.seed, _CLIENT, client.number)
        return {
            "business_name": client.name,
            "business_type": dice.pick(_BUSINESS_TYPES),
            "date_established": f"{dice.between(1970, 2018)}-{dice.between(1, 12):02d}-01",
            "industry": dice.pick(_INDUSTRIES),
            "filing_status": "NOT_SELECTED",
            "tin": f"00{dice.between(1_000_000, 9_999_999)}" if client.number % 6 else None,
        }

    def _fields(self, row: int) -> list[Json]:
        text, day, tier, packages = FIELDS
        filled = [
            shown(text, "Ada Finch"),
            shown(day, f"2025-{row % 12 + 1:02d}-15"),
            shown(tier, [tier.dropdown_values[row % 3]]),
            shown(packages, packages.dropdown_values[: 1 + row % 3]),
        ]
        return filled[: row % 5]

    def _contact(self, row: int) -> Json:
        number, place = self._people.locate(row)
        found = person(self._books, number, place)
        owner = self._books.client(number)
        created_s, updated_s = self._books.client_times(number)
        is_archived = owner.shape.status == "Archived"
        label, relationship = _TIES.get(found.kind, (found.kind.title(), "OTHER"))
        street, locality, region, postal_code = owner.address
        address = {"address_1": street, "locality": locality, "region": region, "postal_code": postal_code}
        return {
            "id": make_id("contacts", self._books.seed, row),
            "first_name": found.given,
            "middle_name": None,
            "last_name": found.family,
            "birthdate": found.born,
            "employer_name": None if owner.given else owner.name,
            "occupation": None if owner.given else found.kind.title(),
            "tin": f"000-{row % 90 + 10}-{found.taxpayer_last4}" if found.taxpayer_last4 else None,
            "is_archived": is_archived,
            "archived_at": instant_of("contacts", updated_s) if is_archived else None,
            "deleted_at": None,
            "emails": [{"email": found.email, "type": "PERSONAL", "is_primary": True}] if found.email else [],
            "phones": [{"number": found.phone, "extension": None, "type": "MOBILE", "is_primary": True}],
            "addresses": [{**address, "country": "US", "type": "MAILING", "is_primary": True}] if place == 0 else [],
            "clients": [
                {
                    "id": make_id("clients", self._books.seed, number),
                    "label": label,
                    "relationship_type": relationship,
                }
            ],
            "created_at": instant_of("contacts", created_s),
            "updated_at": instant_of("contacts", updated_s),
        }

    def _client_updated_s(self, row: int) -> int:
        return self._books.client_times(row)[1]

    def _contact_updated_s(self, row: int) -> int:
        return self._client_updated_s(self._people.locate(row)[0])

    def _table(self, noun: str, size: int, build: Callable[[int], Json], updated_s: Callable[[int], int]) -> Table:
        seed = self._books.seed
        return Table(
            seeded=size,
            row=build,
            updated_s=updated_s,
            id_of=lambda position: make_id(noun, seed, position),
            position_of=lambda row_id: position_of(noun, seed, row_id),
        )
