"""Everything that is told of has its type in the list that endpoints subscribe by."""

import re
from pathlib import Path

import pytest

from billing import InvoiceState
from service.connections.approvals.store import Action
from service.db.pool import Pool
from service.events.kinds import EVENT_TYPES

ROOT = Path(__file__).resolve().parents[2]


def test_every_line_of_a_connections_timeline_has_its_type() -> None:
    code = "".join(file.read_text() for file in (ROOT / "service/connections").rglob("*.py"))
    calls = re.findall(r"insert_event\((.*?)\n?\s*\)\n", code, re.DOTALL)
    kinds = {word for call in calls for word in re.findall(r'"([a-z_]+)"', call)} - {"insert_event"}

    assert {"ended", "vendor_error", "drift", "connected_again"} <= kinds
    assert {f"connection.{kind}" for kind in kinds} - EVENT_TYPES.keys() == set()


def test_every_state_of_an_invoice_and_word_of_a_second_person_has_its_type() -> None:
    moves = {f"invoice.{state}" for state in InvoiceState if state is not InvoiceState.DRAFT}
    words = {f"connection.{action}" for action in Action if action is not Action.POLICY}

    assert (moves | words) - EVENT_TYPES.keys() == set()


@pytest.mark.anyio
async def test_ids_that_the_database_makes_are_of_the_instant(operator_pool: Pool) -> None:
    made = await operator_pool.fetchval("SELECT new_uuid_at('2026-11-20T12:00:00.123Z')")

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1795176000123
