"""The kit itself: a connector that is broken on purpose does not get through it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace as but

from service.connectors.canopy.connector import CANOPY
from service.connectors.sdk.binding import Binding, Query, RemotePage
from service.connectors.sdk.faults import Unreadable
from service.connectors.sdk.flow import Flow
from service.connectors.transport import HttpTransport
from service.ids import Book
from service.resources.client import Client, ClientCreate
from service.sandbox.serve import SandboxServer
from tests.conformance import test_canopy
from tests.conformance.kit import Conformance
from tests.conformance.rig import Rig
from tests.conformance.subject import Facts, Subject

pytestmark = pytest.mark.anyio
assert CANOPY.clients is not None
SOUND: Binding[Any, Any, Any] = CANOPY.clients
CHECKS = Conformance()
CLIENTS = test_canopy.TestCanopy.subject.resources["clients"]


def drops_a_record(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    page = yield from sound_page(query, book)
    return but(page, records=page.records[1:])


def stops_after_page_one(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    return but((yield from sound_page(query, book)), next=None)


def swallows_a_fault(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    try:
        return (yield from sound_page(query, book))
    except Unreadable:
        return RemotePage([], None)


def loses_a_field(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    page = yield from sound_page(query, book)
    return but(page, records=[but(record, tags=[]) for record in page.records])


def leaves_a_field_unset(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    page = yield from sound_page(query, book)
    return but(page, records=[but(record, tags=UNSET) for record in page.records])


def forgets_what_was_said(new: ClientCreate, key: str, book: Book) -> Flow[Client]:
    assert SOUND.create is not None
    made: Client = yield from SOUND.create(but(new, external_id=UNSET), key, book)
    return made


def sound_page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    assert SOUND.page is not None
    return SOUND.page(query, book)


BROKEN: list[tuple[Binding[Any, Any, Any], Callable[..., Any]]] = [
    (replace(SOUND, page=drops_a_record), CHECKS.test_every_record_is_mapped_and_keeps_its_remote_id),
    (replace(SOUND, page=stops_after_page_one), CHECKS.test_many_pages_hold_what_one_does),
    (replace(SOUND, page=swallows_a_fault), CHECKS.test_a_missing_field_is_drift_with_its_path_and_without_a_value),
    (replace(SOUND, page=swallows_a_fault), CHECKS.test_a_fault_inside_200_is_a_fault),
    (replace(SOUND, page=loses_a_field), CHECKS.test_every_vendor_field_is_mapped_or_unmapped),
    (replace(SOUND, page=loses_a_field), CHECKS.test_get_shows_what_the_list_shows),
    (replace(SOUND, page=leaves_a_field_unset), CHECKS.test_what_is_left_unset_is_what_is_declared_unsupported),
    (
        replace(SOUND, unsupported=(*SOUND.unsupported, "tags")),
        CHECKS.test_what_is_left_unset_is_what_is_declared_unsupported,
    ),
    (replace(SOUND, create=forgets_what_was_said), CHECKS.test_what_a_create_says_is_sent_or_refused),
]


@pytest.fixture
def rig_of(
    sandbox_of: Callable[[str], SandboxServer], transport: HttpTransport
) -> Callable[[Binding[Any, Any, Any]], Rig]:
    def make(binding: Binding[Any, Any, Any]) -> Rig:
        subject = but(
            test_canopy.TestCanopy.subject, connector=replace(CANOPY, clients=binding), resources={"clients": CLIENTS}
        )
        return Rig(subject, sandbox_of("canopy"), transport)

    return make


async def run(check: Callable[..., Any], rig: Rig) -> None:
    wanted: dict[str, object] = {"rig": rig, "resource": "clients", "facts": CLIENTS}
    names = check.__code__.co_varnames[1 : check.__code__.co_argcount]
    await check(**{name: wanted[name] for name in names})


@pytest.mark.parametrize(("binding", "check"), BROKEN)
async def test_a_broken_connector_is_caught(
    rig_of: Callable[[Binding[Any, Any, Any]], Rig], binding: Binding[Any, Any, Any], check: Callable[..., Any]
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await run(check, rig_of(binding))


@pytest.mark.parametrize("check", dict.fromkeys(check for _, check in BROKEN))
async def test_the_sound_connector_is_not(
    rig_of: Callable[[Binding[Any, Any, Any]], Rig], check: Callable[..., Any]
) -> None:
    await run(check, rig_of(SOUND))


def test_a_binding_nobody_told_the_kit_of_is_caught() -> None:
    subject: Subject = but(test_canopy.TestCanopy.subject, resources={"clients": Facts(id_field="client_id")})

    with pytest.raises(AssertionError):
        CHECKS.test_the_subject_knows_every_binding(subject)
