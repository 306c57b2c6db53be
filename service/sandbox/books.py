"""The books of one invented accounting firm: what both vendors show a part of.

Nothing is built in advance. Client `i` and all that hangs on it follow from (seed, i), so 100,000 clients cost no
start-up time and no memory; only the ledgers last asked for are kept. All instants and days lie before AS_OF,
whatever the date is today.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

from service.sandbox import names
from service.sandbox.dice import Dice, Layout
from service.sandbox.shapes import SHAPES, Kind, Shape, Tender, counts

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
"""The instant the seeded books end; what is written later carries the real time."""

MAX_CLIENTS = 100_000
_AS_OF_S = int(AS_OF.timestamp())
_DAY_S = 86_400
_FIRST_DOCUMENT = 10_001
_CLIENT, _INVOICE, _LINES, _PAYMENT, _CREDIT = range(1, 6)


class ServiceItem(msgspec.Struct, frozen=True):
    """What the firm sells; equal name, rate and SKU make the two vendors' items one."""

    sku: str
    name: str
    rate_minor: int


SERVICES = (
    ServiceItem("TAX-1040", "Individual tax return", 65_000),
    ServiceItem("TAX-1120", "Corporate tax return", 185_000),
    ServiceItem("TAX-1065", "Partnership tax return", 145_000),
    ServiceItem("BK-MONTH", "Monthly bookkeeping", 42_000),
    ServiceItem("PAY-RUN", "Payroll run", 9_500),
    ServiceItem("ADV-HOUR", "Advisory hour", 22_500),
    ServiceItem("AUD-PREP", "Audit preparation", 310_000),
    ServiceItem("NOT-RESP", "Notice response", 37_500),
)


CLASSES = ("Advisory", "Bookkeeping", "Tax")
LOCATIONS = ("Downtown", "Riverside")


class Client(msgspec.Struct, frozen=True):
    """One of the firm's clients."""

    number: int
    shape: Shape
    name: str
    given: str | None
    family: str | None
    email: str | None
    phone: str
    address: tuple[str, str, str, str]
    parent: int | None
    created_s: int
    updated_s: int


class Line(msgspec.Struct, frozen=True):
    """One service on an invoice; `write_down_minor` is what was taken off `amount_minor` before it became the total."""

    service: int
    halves: int
    rate_minor: int
    amount_minor: int
    write_down_minor: int

    @property
    def quantity(self) -> float:
        """Units sold, in halves."""
        return self.halves / 2


class Invoice(msgspec.Struct, frozen=True):
    """One invoice, with what has been paid on it."""

    number: int
    client: int
    kind: Kind
    issued: date
    due: date
    lines: tuple[Line, ...]
    total_minor: int
    paid_minor: int
    updated_s: int

    @property
    def balance_minor(self) -> int:
        """What is still owed; nothing on a void invoice."""
        return 0 if self.kind is Kind.VOID else self.total_minor - self.paid_minor


class Receipt(msgspec.Struct, frozen=True):
    """A payment received or a credit given; `covers` pairs an invoice's place in the ledger with an amount."""

    number: int
    client: int
    on: date
    amount_minor: int
    covers: tuple[tuple[int, int], ...]
    method: str
    updated_s: int

    @property
    def left_minor(self) -> int:
        """What covers no invoice yet."""
        return self.amount_minor - sum(amount for _, amount in self.covers)


class Ledger(msgspec.Struct, frozen=True):
    """All of one client's money, each sort in the order of the client's shape."""

    invoices: tuple[Invoice, ...]
    payments: tuple[Receipt, ...]
    credits: tuple[Receipt, ...]


class Books:
    """The firm's books, computed when asked for."""

    def __init__(self, seed: int, clients: int) -> None:
        if not 1 <= clients <= MAX_CLIENTS:
            raise ValueError(f"clients must lie between 1 and {MAX_CLIENTS}")
        self.seed = seed
        self.clients = clients
        self._invoices = Layout(counts(lambda shape: len(shape.invoices)), clients)
        self.client = lru_cache(512)(self._client)
        self.ledger = lru_cache(512)(self._ledger)

    def shape(self, number: int) -> Shape:
        """What kind of client this is."""
        return SHAPES[number % len(SHAPES)]

    def parent(self, number: int) -> int | None:
        """The client this one is a subsidiary of."""
        offset = self.shape(number).parent_offset
        return number - offset if offset else None

    def document_number(self, client: int, place: int) -> str:
        """The number printed on an invoice, the same at both vendors."""
        return str(_FIRST_DOCUMENT + self._invoices.rows_of(client)[place])

    def place_of_document(self, number: str) -> tuple[int, int] | None:
        """The client and place of a seeded invoice by its printed number."""
        row = int(number) - _FIRST_DOCUMENT if number.isascii() and number.isdigit() else -1
        return self._invoices.locate(row) if 0 <= row < self._invoices.size else None

    def client_times(self, number: int) -> tuple[int, int]:
        """When a client was created and last changed, in seconds since 1970; cheap enough to sort all clients by."""
        dice = Dice(self.seed, _CLIENT, number)
        age_s = (420 + dice.roll(1500)) * _DAY_S + dice.roll(_DAY_S)
        return _AS_OF_S - age_s, _AS_OF_S - age_s + dice.roll(age_s)

    def invoice_times(self, client: int, place: int) -> tuple[int, int]:
        """When an invoice was issued and last changed, in seconds since 1970."""
        dice = Dice(self.seed, _INVOICE, client, place)
        age_s = (5 + dice.roll(395)) * _DAY_S + dice.roll(_DAY_S // 2)
        return _AS_OF_S - age_s, _AS_OF_S - age_s + dice.roll(age_s)

    def receipt_time(self, client: int, tender: Tender, salt: int) -> int:
        """When a payment or credit was made, never before the invoices it covers; in seconds since 1970."""
        issued = [self.invoice_times(client, place)[0] for place, _ in tender.covers]
        age_s = _AS_OF_S - max(issued) if issued else 300 * _DAY_S
        return _AS_OF_S - age_s + Dice(self.seed, salt, client, len(tender.covers)).roll(age_s)

    def payment_time(self, client: int, place: int) -> int:
        """When a payment was received."""
        return self.receipt_time(client, self.shape(client).payments[place], _PAYMENT + 16 * place)

    def credit_time(self, client: int, place: int) -> int:
        """When a credit was given."""
        return self.receipt_time(client, self.shape(client).credits[place], _CREDIT + 16 * place)

    def name(self, number: int) -> str:
        """What a client is called, without the rest of it."""
        if self.shape(number).filing_type == "Business":
            return names.business(number, self.seed)
        given, initial, family = names.person(number, self.seed)
        return f"{given} {initial}. {family}"

    def email(self, number: int) -> str | None:
        """A client's e-mail address, without the rest of it; some have none."""
        if not self.shape(number).email:
            return None
        if self.shape(number).filing_type == "Business":
            return f"ap@{names.slug(names.business(number, self.seed))}.example"
        given, _, family = names.person(number, self.seed)
        return f"{names.slug(given)}.{names.slug(family)}@mail{number % 7}.example"

    def _client(self, number: int) -> Client:
        shape = self.shape(number)
        dice = Dice(self.seed, _CLIENT, number, 1)
        created_s, updated_s = self.client_times(number)
        given = family = None
        if shape.filing_type == "Individual":
            given, _, family = names.person(number, self.seed)
        return Client(
            number=number,
            shape=shape,
            name=self.name(number),
            given=given,
            family=family,
            email=self.email(number),
            phone=names.phone(dice),
            address=names.address(dice),
            parent=self.parent(number),
            created_s=created_s,
            updated_s=updated_s,
        )

    def _ledger(self, number: int) -> Ledger:
        shape = self.shape(number)
        bare = [self._invoice(number, place, kind) for place, kind in enumerate(shape.invoices)]
        payments = tuple(
            self._receipt(number, tender, bare, place, self.payment_time(number, place))
            for place, tender in enumerate(shape.payments)
        )
        given = tuple(
            self._receipt(number, tender, bare, 8 + place, self.credit_time(number, place))
            for place, tender in enumerate(shape.credits)
        )
        paid = [0] * len(bare)
        for receipt in payments + given:
            for place, amount in receipt.covers:
                paid[place] += amount
        invoices = tuple(
            msgspec.structs.replace(invoice, paid_minor=amount) for invoice, amount in zip(bare, paid, strict=True)
        )
        return Ledger(invoices, payments, given)

    def _invoice(self, client: int, place: int, kind: Kind) -> Invoice:
        issued_s, updated_s = self.invoice_times(client, place)
        issued = day_of(issued_s)
        dice = Dice(self.seed, _LINES, client, place)
        bare = [_line(dice, self.shape(client).currency) for _ in range(dice.between(1, 4))]
        lines = _write_down(bare) if kind is Kind.DISCOUNTED else tuple(bare)
        return Invoice(
            number=place,
            client=client,
            kind=kind,
            issued=issued,
            due=issued + timedelta(days=30),
            lines=lines,
            total_minor=sum(line.amount_minor - line.write_down_minor for line in lines),
            paid_minor=0,
            updated_s=updated_s,
        )

    def _receipt(self, client: int, tender: Tender, invoices: list[Invoice], salt: int, at_s: int) -> Receipt:
        dice = Dice(self.seed, _PAYMENT, client, salt)
        covers = _covers(tender, invoices)
        extra = dice.between(1, 40) * 2500 if tender.leftover else 0
        return Receipt(
            number=salt % 8,
            client=client,
            on=day_of(at_s),
            amount_minor=sum(amount for _, amount in covers) + extra,
            covers=covers,
            method=dice.pick(("card", "ach", "check", "cash", "other")),
            updated_s=at_s,
        )


def _covers(tender: Tender, invoices: list[Invoice]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (place, _part(invoices[place].total_minor, quarters, tender.second)) for place, quarters in tender.covers
    )


def _part(total_minor: int, quarters: int, second: bool) -> int:
    part = total_minor * quarters // 4
    return total_minor - part if second else part


def _line(dice: Dice, currency: str) -> Line:
    service = dice.roll(len(SERVICES))
    halves = dice.pick((2, 2, 2, 3, 4, 5, 7))
    rate = SERVICES[service].rate_minor + dice.pick((0, 0, 0, 50, 98))
    if currency == "JPY":
        rate = rate // 100 * 100
    return Line(service, halves, rate, rate * halves // 2, 0)


def _write_down(lines: list[Line]) -> tuple[Line, ...]:
    """A tenth off the whole, shared over the lines in proportion to their amounts."""
    return tuple(msgspec.structs.replace(line, write_down_minor=line.amount_minor // 10) for line in lines)


def day_of(at_s: int) -> date:
    """The calendar day of an instant."""
    return datetime.fromtimestamp(at_s, UTC).date()
