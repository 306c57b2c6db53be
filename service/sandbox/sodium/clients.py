"""Clients, contacts and the ties between them, as the books have them."""

from service.sandbox import names
from service.sandbox.books import Books
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import person
from service.sandbox.shapes import Shape, counts
from service.sandbox.sodium.staff import CUSTOM_FIELDS, REVENUE_RANGES, code, user_ref
from service.sandbox.sodium.wire import instant, ref

CLIENT_TYPES = ("PrivateLimitedCompany", "PublicLimitedCompany", "LimitedLiabilityPartnership", "Partnership",
                "Individual", "Trust", "Charity", "SoleTrader")  # fmt: skip
CLIENT_STATUSES = ("Active", "Inactive", "Prospect", "LostProspect")
DATE_TYPES = (
    "IncorporationDate", "YearEnd", "AccountsNextDue", "AccountsNextPeriodStart", "AccountsNextPeriodEnd",
    "AccountsLastPeriodFiled", "AccountsLastPeriodStart", "AccountsLastPeriodEnd", "AccountsLastMadeUpTo",
    "ConfirmationStatementDue", "ConfirmationStatementNextMadeUpTo", "LastConfirmationStatementFiled",
    "LastConfirmationStatementMadeUpTo", "NextVatReturnDue", "NextPayeCisFilingDue", "PensionReEnrolmentDate",
)  # fmt: skip
CONTACT_TYPES = ("Main", "Billing", "Payroll", "Accounts", "Director")
_STATUS = {"Active": "Active", "Archived": "Inactive", "Prospect": "Prospect", "Other": "LostProspect"}
_TYPE_OF_ENDING = (("Trust", "Trust"), ("Partners", "Partnership"), ("Sons", "Partnership"),
                   ("Daughters", "Partnership"), ("LLC", "LimitedLiabilityPartnership"),
                   ("Corp.", "PublicLimitedCompany"))  # fmt: skip
_NOTES = ("Prefers to be called in the afternoon.", "Moving to a new office in the autumn.", "Asked about payroll.")
_TYPES = (["Main", "Billing"], ["Accounts"], ["Payroll", "Director"])
_NOTE, _DETAIL, _PLACE = 31, 32, 33


def ties(shape: Shape) -> int:
    """How many contacts a client has: its own, or, at a subsidiary, one of the parent's."""
    return shape.contacts or (1 if shape.parent_offset else 0)


class People:
    """Builds clients, contacts and ties."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.contacts = Layout(counts(lambda shape: shape.contacts), books.clients)
        self.ties = Layout(counts(ties), books.clients)
        self.notes = Layout(counts(lambda shape: min(shape.contacts, 2)), books.clients)
        self.links = Layout(counts(lambda shape: 1 if shape.filing_type == "Business" else 0), books.clients)

    def status(self, row: int) -> str:
        """A client's status."""
        return _STATUS[self._books.shape(row).status]

    def type(self, row: int) -> str:
        """A client's legal form, as its name lets one guess."""
        if self._books.shape(row).filing_type == "Individual":
            return "Individual"
        name = self._books.name(row)
        return next((kind for ending, kind in _TYPE_OF_ENDING if name.endswith(ending)), "PrivateLimitedCompany")

    def ref(self, row: int) -> Json:
        """A reference to a client."""
        return ref(code("CL", row), self._books.name(row))

    def client(self, row: int) -> Json:
        """A client."""
        client = self._books.client(row)
        is_billed = client.shape.status != "Prospect"
        return {
            "code": code("CL", row),
            "name": client.name,
            "type": self.type(row),
            "status": self.status(row),
            "manager": user_ref(row % 4),
            "partner": user_ref(row % 2),
            "associate": user_ref(2 + row % 2) if row % 3 else None,
            "internalReference": self.reference(row),
            "revenueRangeCode": code("RR", row % len(REVENUE_RANGES)) if row % 4 else None,
            "accountingCustomerCode": str(row + 1) if is_billed else None,
            "directDebitMandateId": f"MD{row + 1:08d}" if is_billed and row % 5 == 0 else None,
            "email": client.email,
            "telephone": client.phone,
            "contactPreferences": {"post": False, "telephone": row % 2 == 0, "email": client.email is not None,
                                   "sms": False},
            "pclSent": row % 6 == 0,
            "createdDate": instant(client.created_s),
            "updatedDate": instant(client.updated_s),
        }  # fmt: skip

    def reference(self, row: int) -> str | None:
        """What the practice itself calls a client; the same at Canopy."""
        return f"C-{row + 1:06d}" if row % 3 else None

    def client_updated_s(self, row: int) -> int:
        """When a client last changed."""
        return self._books.client_times(row)[1]

    def contact(self, row: int) -> Json:
        """A person, known to the practice as a whole."""
        number, place = self.contacts.locate(row)
        found = person(self._books, number, place)
        children = self._children(number) if place == 0 else []
        created_s, updated_s = self._books.client_times(number)
        is_client = place == 0 and found.born is not None
        return {
            "code": code("CT", row),
            "title": None if row % 4 else "Dr",
            "firstName": found.given,
            "middleName": None,
            "lastName": found.family,
            "email": found.email,
            "phone": None,
            "mobile": found.phone,
            "clientCount": 1 + len(children),
            "client": self.ref(number),
            "individualClient": self.ref(number) if is_client else None,
            "createdDate": instant(created_s),
            "updatedDate": instant(updated_s),
        }

    def contact_updated_s(self, row: int) -> int:
        """When a contact last changed: with the client."""
        return self._books.client_times(self.contacts.locate(row)[0])[1]

    def tie(self, row: int) -> Json:
        """How a contact stands to a client; the contact itself is put in when answered."""
        number, place = self.ties.locate(row)
        parent = self._books.parent(number)
        owns = self._books.shape(number).contacts > 0
        contact = self.contacts.rows_of(number if owns or parent is None else parent)[place]
        created_s, updated_s = self._books.client_times(number)
        is_person = self._books.shape(number).filing_type == "Individual"
        roles = ("Client", "Spouse", "Dependent") if is_person else ("Managing director", "Bookkeeper", "Partner")
        return {
            "code": code("CT", contact),
            "role": roles[place] if owns else "Group finance",
            "types": _TYPES[place],
            "client": self.ref(number),
            "individualClient": self.ref(number) if is_person and place == 0 else None,
            "hasPortalAccess": "Main" in _TYPES[place],
            "createdDate": instant(created_s),
            "updatedDate": instant(updated_s),
        }

    def tie_updated_s(self, row: int) -> int:
        """When a tie last changed."""
        return self._books.client_times(self.ties.locate(row)[0])[1]

    def note(self, row: int) -> Json:
        """A note on a client."""
        number, place = self.notes.locate(row)
        at = instant(self.note_updated_s(row))
        return {
            "code": code("NT", row),
            "text": _NOTES[(number + place) % len(_NOTES)],
            "pinnedLevel": 1 if place == 0 and number % 4 == 0 else 0,
            "date": at,
            "noteFromUser": user_ref(number % 4),
            "createdDate": at,
            "updatedDate": at,
        }

    def note_updated_s(self, row: int) -> int:
        """When a note was written."""
        number, place = self.notes.locate(row)
        created_s, updated_s = self._books.client_times(number)
        return created_s + Dice(self._books.seed, _NOTE, number, place).roll(max(1, updated_s - created_s))

    def link(self, row: int) -> Json:
        """A link kept with a client."""
        number, _ = self.links.locate(row)
        at = instant(self.link_updated_s(row))
        return {
            "code": code("LK", row),
            "url": f"https://www.{names.slug(self._books.name(number))}.example/",
            "description": "Their website",
            "linkType": "Website",
            "client": self.ref(number),
            "createdDate": at,
            "updatedDate": at,
        }

    def link_updated_s(self, row: int) -> int:
        """When a link was kept."""
        return self._books.client_times(self.links.locate(row)[0])[0]

    def business_details(self, row: int) -> Json:
        """What only businesses have: BusinessDetailsDto, read 2026-11-20."""
        client = self._books.client(row)
        dice = Dice(self._books.seed, _DETAIL, row)
        return {
            "company": {
                "number": f"{dice.between(1_000_000, 9_999_999):08d}",
                "status": "Active",
                "incorporationDate": instant(client.created_s),
                "registeredAddress": ", ".join(client.address),
                "sicCodes": ["69201"],
            },
            "tradingAs": client.name,
            "postalAddress": None,
            "invoiceAddress": None,
            "dateOfTrading": instant(client.created_s)[:10],
            "natureOfBusiness": "Services",
            "utr": f"{1_000_000_000 + row % 9000}",
            "vat": None,
            "payeRef": None,
            "accountsOfficeRef": None,
            "updatedDate": instant(client.updated_s),
        }

    def dates(self, row: int) -> list[Json]:
        """A client's key dates, ClientDateDto: year end, what is due next."""
        is_person = self._books.client(row).shape.filing_type == "Individual"
        year_end = "2026-12-31" if is_person or row % 3 else "2026-06-30"
        due = [] if is_person else [("AccountsNextDue", "2026-09-30"), ("NextPayeCisFilingDue", "2026-07-31")]
        return [{"dateType": kind, "date": day, "description": None} for kind, day in (("YearEnd", year_end), *due)]

    def custom_values(self, row: int) -> dict[str, str]:
        """The values of custom fields a client has, by the field's code."""
        if row % 4 == 0:
            return {}
        tier = ("Gold", "Silver", "Bronze")[row % 3]
        values = (tier, str(row % 50), "2024-02-29", ("true", "false")[row % 2], None, "Ledger")
        return {
            code("CF", at): value for at, value in enumerate(values) if value is not None and at < len(CUSTOM_FIELDS)
        }

    def _children(self, number: int) -> list[int]:
        last = min(number + 5, self._books.clients)
        return [child for child in range(number + 1, last) if self._books.parent(child) == number]
