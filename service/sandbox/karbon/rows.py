"""Karbon's contacts, organizations and client groups, as the books have them: flat in lists, whole by themselves."""

from datetime import UTC, datetime

from service.sandbox import names
from service.sandbox.books import Books, Client
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF, person
from service.sandbox.shapes import counts

ALPHABET = "123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz"
_KEY, _PRIVATE = 51, 52
_TYPES = {"Active": "Client", "Archived": "Former Client", "Prospect": "Prospect", "Other": "Supplier"}
CONTACT_TYPES = tuple(_TYPES.values())


class Sort:
    """One of the three kinds of client: which clients of the books it has, and how it writes them."""

    def __init__(self, books: Books, key_name: str, letter: str, owners: Layout, expands: tuple[str, ...]) -> None:
        self.books = books
        self.key_name = key_name
        self._letter = letter
        self._owners = owners
        self.expands = expands
        self.size = owners.size

    def client(self, row: int) -> Client:
        """The client behind a row."""
        return self.books.client(self._owners.locate(row)[0])

    def key(self, row: int) -> str:
        """Twelve characters: a letter of the sort, seven of the row, four that say nothing."""
        text, rest = "", row
        for _ in range(7):
            rest, digit = divmod(rest, len(ALPHABET))
            text = ALPHABET[digit] + text
        dice = Dice(self.books.seed, _KEY, row)
        return self._letter + text + "".join(dice.pick(ALPHABET) for _ in range(4))

    def row_of(self, key: str) -> int | None:
        """The row with a key."""
        if len(key) != 12 or key[0] != self._letter or any(letter not in ALPHABET for letter in key[1:]):
            return None
        row = 0
        for letter in key[1:8]:
            row = row * len(ALPHABET) + ALPHABET.index(letter)
        return row if row < self.size and self.key(row) == key else None

    def row_for(self, number: int) -> int | None:
        """The row of a client of the books, where this sort has it."""
        rows = self._owners.rows_of(number)
        return rows[0] if rows else None

    def name(self, row: int) -> str:
        """What it is called."""
        return self.client(row).name

    def flat(self, row: int) -> Json:
        """A row of a list."""
        client = self.client(row)
        return {
            self.key_name: self.key(row),
            "FullName": self.name(row),
            "EmailAddress": client.email,
            "PhoneNumber": client.phone,
            "ContactType": _TYPES[client.shape.status],
            "LastModifiedDateTime": datetime.fromtimestamp(client.updated_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def whole(self, row: int, expand: frozenset[str]) -> Json:
        """The one record, with as much of what hangs on it as is asked for."""
        client = self.client(row)
        found = {
            **self.flat(row),
            "RestrictionLevel": "Private" if Dice(self.books.seed, _PRIVATE, row).roll(9) == 0 else "Public",
            "UserDefinedIdentifier": f"LF-{client.number:05d}",
            "EntityDescription": {"Text": ""},
        }
        del found["EmailAddress"], found["PhoneNumber"]
        if "BusinessCards" in expand:
            found["BusinessCards"] = [_card(self.books, client)]
        if "BusinessCard" in expand:
            found["BusinessCard"] = _card(self.books, client)
        if "ClientTeam" in expand:
            found["ClientTeam"] = _team(client)
        return found


class Contacts(Sort):
    """People."""

    def whole(self, row: int, expand: frozenset[str]) -> Json:
        client = self.client(row)
        given, initial, family = names.person(client.number, self.books.seed)
        return {
            **super().whole(row, expand),
            "FirstName": given,
            "MiddleName": initial,
            "LastName": family,
            "PreferredName": given,
            "Salutation": None,
            "Suffix": None,
        }


class Organizations(Sort):
    """Businesses."""

    def whole(self, row: int, expand: frozenset[str]) -> Json:
        client = self.client(row)
        detail = {
            "EntityType": "Company",
            "TaxCountryCode": "US",
            "FinancialYearEndDay": 31,
            "FinancialYearEndMonth": 12,
            "RegistrationNumbers": [{"RegistrationNumber": f"00-{client.number:07d}", "Type": "EIN"}],
        }
        return {**super().whole(row, expand), "AccountingDetail": detail}


class Groups(Sort):
    """A parent and its subsidiary as one client."""

    def __init__(self, books: Books, organizations: Sort) -> None:
        owners = Layout(counts(lambda shape: 1 if shape.parent_offset else 0), books.clients)
        super().__init__(books, "ClientGroupKey", "G", owners, ("BusinessCard",))
        self._organizations = organizations

    def name(self, row: int) -> str:
        parent = self.client(row).parent
        return f"{self.books.name(parent or 0)} Group"

    def whole(self, row: int, expand: frozenset[str]) -> Json:
        client = self.client(row)
        rows = [self._organizations.row_for(number) for number in (client.parent, client.number) if number is not None]
        keys = [self._organizations.key(one) for one in rows if one is not None]
        members = [{"OrganizationKey": key} for key in keys]
        return {**super().whole(row, expand), "PrimaryContact": None, "Members": members}


def sorts_of(books: Books) -> dict[str, Sort]:
    """The three lists, by the last segment of their path."""
    people = Layout(counts(lambda shape: 1 if shape.filing_type == "Individual" else 0), books.clients)
    firms = Layout(counts(lambda shape: 0 if shape.filing_type == "Individual" else 1), books.clients)
    organizations = Organizations(books, "OrganizationKey", "R", firms, ("BusinessCards", "ClientTeam", "Contacts"))
    return {
        "Contacts": Contacts(books, "ContactKey", "C", people, ("BusinessCards", "ClientTeam", "ClientAccess")),
        "Organizations": organizations,
        "ClientGroups": Groups(books, organizations),
    }


def _card(books: Books, client: Client) -> Json:
    line, city, region, postal_code = client.address
    has_contact = client.shape.filing_type != "Individual" and client.shape.contacts > 1
    second = person(books, client.number, 1).email if has_contact else None
    return {
        "BusinessCardKey": f"BC{client.number:08d}",
        "IsPrimaryCard": True,
        "RoleOrTitle": None,
        "EmailAddresses": [email for email in (client.email, second) if email],
        "PhoneNumbers": [{"Number": client.phone, "CountryCode": "1", "Label": "Work"}],
        "Addresses": [
            {
                "AddressLines": line,
                "City": city,
                "StateProvinceCounty": region,
                "ZipCode": postal_code,
                "CountryCode": "US",
                "Label": "Physical",
            }
        ],
        "WebSites": [f"https://{names.slug(client.name)}.example"],
    }


def _team(client: Client) -> list[Json]:
    owner = client.number % len(STAFF)
    manager = (client.number + 1) % len(STAFF)
    return [
        {"MemberKey": member_key(owner), "MemberType": "User", "RoleType": "ClientOwner"},
        {"MemberKey": member_key(manager), "MemberType": "User", "RoleType": "ClientManager"},
    ]


def member_key(position: int) -> str:
    """The key of somebody who works at the firm."""
    return f"U{position + 1:09d}"
