"""Practice Manager's clients and the people at them, as the books have them."""

from uuid import UUID

from service.sandbox.books import Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF, person
from service.sandbox.shapes import counts

_CLIENT, _STAFF, _PLACE, _TENANT, _CONTACT = 71, 72, 73, 74, 75
_KINDS = {"Trust": "Trust", "Partners": "Partnership", "Sons": "Partnership", "Daughters": "Partnership"}


def uuid(*name: int) -> str:
    """An id that follows from what it is of."""
    dice = Dice(*name)
    return str(UUID(int=(dice.roll(1 << 62) << 62 | dice.roll(1 << 62)) & (1 << 128) - 1, version=4))


def tenant_id(seed: int, place: int) -> str:
    """The tenants that one login reaches."""
    return uuid(seed, _TENANT, place)


class Clients:
    """The firm's clients at Practice Manager, and the people at them. Who is archived there is in no paged list."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._rows = {self.id(row): row for row in range(books.clients)}
        self.people = Layout(counts(lambda shape: shape.contacts), books.clients)
        self._contacts = {self.contact_id(row): row for row in range(self.people.size)}
        self.listed = [row for row in range(books.clients) if books.shape(row).status != "Archived"]

    def id(self, row: int) -> str:
        return uuid(self._books.seed, _CLIENT, row)

    def find(self, client_id: str) -> int | None:
        return self._rows.get(client_id)

    def client(self, row: int, *, whole: bool = False) -> Json:
        """A client as a list shows it; `whole` as it is shown alone."""
        client = self._books.client(row)
        status = client.shape.status
        street, city, region, code = client.address
        staff = STAFF[row % len(STAFF)]
        found: Json = {
            "UUID": self.id(row),
            "Name": client.name,
            "Title": None,
            "FirstName": client.given,
            "LastName": client.family,
            "OtherName": None,
            "Email": client.email,
            "DateOfBirth": "1971-04-12T00:00:00" if client.given else None,
            "Address": street,
            "City": city,
            "Region": region,
            "PostCode": code,
            "Country": "United States",
            "PostalAddress": f"PO Box {row + 1}" if row % 3 == 0 else None,
            "PostalCity": city if row % 3 == 0 else None,
            "PostalRegion": region if row % 3 == 0 else None,
            "PostalPostCode": code if row % 3 == 0 else None,
            "PostalCountry": "United States" if row % 3 == 0 else None,
            "Phone": client.phone,
            "Fax": client.phone if row % 7 == 0 else None,
            "Website": f"https://client{row}.example" if client.given is None else None,
            "ReferralSource": None,
            "ExportCode": f"C-{row + 1:06d}" if row % 3 else None,
            "IsProspect": "Yes" if status == "Prospect" else "No",
            "IsArchived": "Yes" if status == "Archived" else "No",
            "IsDeleted": "No",
            "AccountManager": {
                "UUID": uuid(self._books.seed, _STAFF, row % len(STAFF)),
                "Name": f"{staff.given} {staff.family}",
            },
            "TaxNumber": f"*****{Dice(self._books.seed, _PLACE, row).between(100, 999)}",
            "CompanyNumber": None if client.given else f"{8_100_000 + row}",
            "BusinessStructure": self._structure(row),
            "BalanceMonth": "Mar",
        }
        if whole:
            found["BusinessNumber"] = None if client.given else f"94{29_000_000_000 + row}"
        return found

    def contact(self, row: int) -> Json:
        """A person at a client."""
        number, place = self.people.locate(row)
        found = person(self._books, number, place)
        return {
            "UUID": self.contact_id(row),
            "Name": f"{found.given} {found.family}",
            "Salutation": found.given if row % 2 else None,
            "Addressee": f"{found.given} {found.family}",
            "Mobile": found.phone if row % 3 == 0 else None,
            "Email": found.email,
            "Phone": found.phone,
            "IsPrimary": "Yes" if place == 0 else "No",
            "IsDeleted": "No",
        }

    def contact_id(self, row: int) -> str:
        return uuid(self._books.seed, _CONTACT, row)

    def find_contact(self, contact_id: str) -> int | None:
        return self._contacts.get(contact_id)

    def _structure(self, row: int) -> str:
        client = self._books.client(row)
        if client.given:
            return "Individual"
        return next((kind for ending, kind in _KINDS.items() if client.name.endswith(ending)), "Company")
