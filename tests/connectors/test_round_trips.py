"""create → get → update → get agree for every noun that can be written, whatever is said.

TaxDome's stand in `test_taxdome_round_trips.py`, since its records hang on the account of a login.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.connectors.registry import get_connector
from service.connectors.sdk.auth import OAuth2
from service.ids import Book
from service.sandbox.serve import running
from tests.connectors import test_taxdome_round_trips as taxdome
from tests.connectors import trips_canopy, trips_quickbooks, trips_sodium
from tests.connectors.trips import Trip, travel
from tests.connectors.vendors import Vendor

TRIPS: Final[dict[tuple[str, str], Trip]] = {
    **{("canopy", noun): trip for noun, trip in trips_canopy.TRIPS.items()},
    **{("quickbooks", noun): trip for noun, trip in trips_quickbooks.TRIPS.items()},
    **{("sodium", noun): trip for noun, trip in trips_sodium.TRIPS.items()},
}
ROUNDS = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[str, Vendor]]:
    with ExitStack() as stack:
        yield {slug: stack.enter_context(opened(slug)) for slug in ("canopy", "quickbooks", "sodium")}


@contextmanager
def opened(slug: str) -> Generator[Vendor]:
    connector = get_connector(slug)
    with running(slug, clients=20) as server:
        grant = (
            server.grant(scopes=list(connector.auth.scopes)) if isinstance(connector.auth, OAuth2) else server.grant()
        )
        url = server.url + connector.root.replace("{account}", grant.account)
        with httpx.Client(base_url=url, headers=dict(connector.auth.sign(grant.access_token)), timeout=10) as http:
            world = Vendor(connector, server, http, Book(UUID(int=7), 0, grant.account, "USD"))
            begin_anew(world)
            yield world


def begin_anew(world: Vendor) -> None:
    world.server.reset()
    world.server.limits(**dict.fromkeys(world.server.limits()))


def written(port: str) -> set[tuple[str, str]]:
    """The bindings of the four vendors that have a port."""
    slugs = ("canopy", "quickbooks", "sodium", "taxdome")
    return {(slug, noun) for slug in slugs for noun, one in get_connector(slug).bindings().items() if port in one.ports}


def test_every_noun_that_can_be_written_makes_the_trip() -> None:
    made = {key for key, trip in TRIPS.items() if trip.creates is not None}

    assert made | {("taxdome", noun) for noun in taxdome.SHOWN["create"]} == written("create")
    assert TRIPS.keys() | {("taxdome", noun) for noun in taxdome.SHOWN["update"]} == written("update")


@pytest.mark.parametrize(("vendor", "noun"), sorted(TRIPS))
@ROUNDS
@given(data=st.data())
def test_what_is_made_read_and_changed_agrees(
    worlds: dict[str, Vendor], vendor: str, noun: str, data: st.DataObject
) -> None:
    world, trip = worlds[vendor], TRIPS[vendor, noun]
    if trip.creates is None:
        begin_anew(world)  # it is the same record each time
    travel(world, noun, trip, data)


@ROUNDS
@given(data=st.data())
def test_verdicts_on_a_sodium_form_are_read_as_they_were_given(worlds: dict[str, Vendor], data: Any) -> None:
    begin_anew(worlds["sodium"])  # what was judged is judged for good
    travel(worlds["sodium"], "organizers", trips_sodium.JUDGED, data)
