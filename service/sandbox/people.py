"""The people at the firm's clients and the firm's own staff: the same at every vendor that shows them."""

import msgspec

from service.sandbox import names
from service.sandbox.books import Books
from service.sandbox.dice import Dice

_CONTACT = 11


class Person(msgspec.Struct, frozen=True):
    """Somebody at a client. `kind` is primary, spouse and dependent at people, primary, employee and partner else."""

    given: str
    family: str
    email: str | None
    phone: str
    kind: str
    born: str | None
    taxpayer_last4: int | None


class Staff(msgspec.Struct, frozen=True):
    """Somebody who works at the firm."""

    given: str
    family: str
    email: str


STAFF = (
    Staff("Ada", "Finch", "ada.finch@larkspurfinch.example"),
    Staff("Omar", "Larkspur", "omar.larkspur@larkspurfinch.example"),
    Staff("Greta", "Okafor", "greta.okafor@larkspurfinch.example"),
    Staff("Kaito", "Reyes", "kaito.reyes@larkspurfinch.example"),
)
"""The four who own clients: client `i` belongs to `STAFF[i % 4]`."""


def person(books: Books, client: int, place: int) -> Person:
    """The `place`-th contact of a client; `shape.contacts` says how many there are."""
    shape = books.shape(client)
    is_person = shape.filing_type == "Individual"
    dice = Dice(books.seed, _CONTACT, client, place)
    given, _, family = names.person(dice.roll(names.CAPACITY), books.seed)
    if is_person:
        owner_given, _, owner_family = names.person(client, books.seed)
        given, family = owner_given if place == 0 else given, owner_family
    kinds = ("primary", "spouse", "dependent") if is_person else ("primary", "employee", "partner")
    phone = names.phone(dice)
    return Person(
        given=given,
        family=family,
        email=f"{names.slug(given)}.{names.slug(family)}@mail{client % 7}.example" if shape.email else None,
        phone=phone,
        kind=kinds[place],
        born=f"{dice.between(1945, 2004)}-{dice.between(1, 12):02d}-{dice.between(1, 28):02d}" if is_person else None,
        taxpayer_last4=dice.between(1000, 9999) if is_person else None,
    )
