"""Clients, contacts and proposals at Ignition, as the books have them."""

from collections.abc import Callable

import msgspec

from service.sandbox.books import SERVICES, Books, day_of
from service.sandbox.canopy.ids import instant
from service.sandbox.dice import Dice, Layout
from service.sandbox.http import Json
from service.sandbox.people import STAFF, person
from service.sandbox.shapes import counts

_PROPOSAL = 81
_YEAR_S = 365 * 86_400
_STATES = {"Active": "active", "Prospect": "lead", "Archived": "archived", "Other": "inactive"}
_STAGES = (("Lead", 0.1), ("Proposal sent", 0.5), ("Negotiation", 0.8))
_PROPOSED = ("accepted", "awaiting_acceptance", "completed", "draft", "accepted", "lost", "archived")


class Rows(msgspec.Struct, frozen=True):
    """One list: how many rows, the row itself, its state (None: it has none), and when it last changed."""

    size: int
    row: Callable[[int], Json]
    state: Callable[[int], str | None]
    updated_s: Callable[[int], int]


class Practice:
    """Builds the rows."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._people = Layout(counts(lambda shape: shape.contacts), books.clients)

    def lists(self) -> dict[str, Rows]:
        """By the last part of the path."""
        books, people = self._books, self._people
        return {
            "clients": Rows(books.clients, self.client, self._client_state, lambda row: books.client_times(row)[1]),
            "contacts": Rows(
                people.size, self.contact, lambda _: None, lambda row: books.client_times(people.locate(row)[0])[1]
            ),
            "deal_stages": Rows(len(_STAGES), self.deal_stage, lambda _: None, lambda _: books.client_times(0)[0]),
            "proposals": Rows(
                books.clients, self.proposal, self._proposal_state, lambda row: books.client_times(row)[1]
            ),
        }

    def deal_stage(self, row: int) -> Json:
        """What deals go through: a practice's own."""
        name, likelihood = _STAGES[row]
        return {
            "slug": f"dst_{self._books.seed:x}{row + 1:06d}",
            "name": name,
            "position": row + 1,
            "win_likelihood": likelihood,
            "inactive_threshold_days": 30,
            "created_at": instant(self._books.client_times(0)[0]),
            "updated_at": instant(self._books.client_times(0)[0]),
        }

    def _client_state(self, row: int) -> str:
        return _STATES[self._books.shape(row).status]

    def _proposal_state(self, row: int) -> str:
        return _PROPOSED[row % len(_PROPOSED)]

    def _slug(self, row: int) -> str:
        return f"cli_{self._books.seed:x}{row + 1:06d}"

    def client(self, row: int) -> Json:
        client = self._books.client(row)
        state = self._client_state(row)
        manager, partner = STAFF[row % 4], STAFF[row % 2]
        return {
            "slug": self._slug(row),
            "name": client.name,
            "email": client.email,
            "phone": client.phone,
            "state": state,
            "group_name": None,
            "external_client_id": f"C-{row + 1:06d}" if row % 3 else None,
            "xero_contact_id": None,
            "qbo_customer_id": row + 1 if state != "lead" else None,
            "manager": {"name": f"{manager.given} {manager.family}", "email": manager.email},
            "partner": {"name": f"{partner.given} {partner.family}", "email": partner.email},
            "tags": ["monthly"] if row % 4 == 0 else [],
            "link": f"https://app.ignition.example/clients/{row + 1}",
            "created_at": instant(client.created_s),
            "updated_at": instant(client.updated_s),
        }

    def contact(self, row: int) -> Json:
        number, place = self._people.locate(row)
        found = person(self._books, number, place)
        created_s, updated_s = self._books.client_times(number)
        return {
            "id": row + 1,
            "slug": f"con_{self._books.seed:x}{row + 1:06d}",
            "name": f"{found.given} {found.family}",
            "client": {"slug": self._slug(number)},
            "email": found.email,
            "phone": found.phone,
            "mobile": found.phone if row % 3 == 0 else None,
            "salutation": found.given,
            "addressee": f"{found.given} {found.family}",
            "position": None,
            "is_primary": place == 0,
            "is_signatory": place < 2,
            "is_invoice_recipient": place == 1,
            "link": f"https://app.ignition.example/contacts/{row + 1}",
            "created_at": instant(created_s),
            "updated_at": instant(updated_s),
        }

    def proposal(self, row: int) -> Json:
        client = self._books.client(row)
        state = self._proposal_state(row)
        dice = Dice(self._books.seed, _PROPOSAL, row)
        chosen = [dice.roll(len(SERVICES)) for _ in range(1 + row % 3)]
        services = [self._service(service, place, client.shape.currency) for place, service in enumerate(chosen)]
        worth = sum(_amount(SERVICES[service].rate_minor) for service in chosen[:2]) * 12
        staff = STAFF[row % 4]
        accepted = instant(client.updated_s) if state in ("accepted", "completed") else None
        return {
            "slug": f"prop_{self._books.seed:x}{row + 1:06d}",
            "name": f"Services {day_of(client.created_s).year} for {client.name}",
            "reference_number": f"PROP-{row + 1:04d}",
            "state": state,
            "client_slug": self._slug(row),
            "client_name": client.name,
            "external_client_id": f"C-{row + 1:06d}" if row % 3 else None,
            "client_tags": [],
            "minimum_contract_value": {"amount": worth, "currency": client.shape.currency},
            "minimum_contract_length": 12,
            "contract_term": "fixed",
            "proposal_start_date": str(day_of(client.created_s)),
            "proposal_end_date": str(day_of(client.created_s + _YEAR_S)) if row % 2 else None,
            "sender": {"name": f"{staff.given} {staff.family}"},
            "sent_at": None if state == "draft" else instant(client.created_s),
            "accepted_at": accepted,
            "lost_at": instant(client.updated_s) if state == "lost" else None,
            "pdf_url": None,
            "link": f"https://app.ignition.example/proposals/{row + 1}",
            "created_at": instant(client.created_s),
            "updated_at": instant(client.updated_s),
            "services": services,
        }

    def _service(self, service: int, place: int, currency: str) -> Json:
        """The third of a proposal's services is offered and was not chosen."""
        item = SERVICES[service]
        value = {"amount": _amount(item.rate_minor)}
        schedule = {
            "cadence": "monthly",
            "recurrence": "recurring",
            "currency": currency,
            "minimum_period_value": value,
        }
        return {
            "slug": f"psd_{place + 1}",
            "service_slug": f"serv_{item.sku.lower()}",
            "name": item.name,
            "description": None,
            "position": place,
            "is_add_on": place == 2,
            "is_selected_for_acceptance": place < 2,
            "billing": {"mode": "automatic", "is_recurring": True, "schedules": [schedule]},
            "pricing": {"price_type": "fixed", "currency": currency, "quantity": 1, "minimum_period_value": value},
        }


def _amount(minor: int) -> int:
    """In major units: the firm offers round prices, whatever the currency."""
    return minor // 100
