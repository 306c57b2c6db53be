"""Whatever TaxDome answers, of any status and shape: a value or a named fault, after few calls, and nothing else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.connectors.sdk.auth import AppCredentials, Grant
from service.connectors.sdk.binding import NewDocument, Query
from service.connectors.sdk.faults import VendorFault
from service.connectors.sdk.flow import Flow, Response
from service.connectors.taxdome.connector import TAXDOME
from service.connectors.taxdome.session import DEVICE, EMAIL, PASSWORD, SEED, PortalSession
from service.ids import Book
from service.resources.message import ClientTaskInput, MessageCreate, ThreadUpdate
from service.resources.task import TaskUpdate
from tests.bench.taxdome_pages import RECORDS

BOOK = Book(UUID(int=7), 0, "acc_1", "USD")
IDS = {"tasks": "task:1", "messages": "thr_1:msg_1", "folders": "private:/2025", "documents": "thr_1:msg_1:att_1"}
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
LOGIN = {EMAIL: "ada@finch.example", PASSWORD: "invented", DEVICE: "a-device", SEED: SECRET}
AT = datetime(2026, 11, 20, tzinfo=UTC)
MOST_CALLS = 60


def _spoil(row: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    return row | {name: value}


def _encode(body: object) -> bytes:
    return json.dumps(body).encode()


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
rows: st.SearchStrategy[Any] = st.sampled_from([make(1) for make in RECORDS.values()])
names = st.sampled_from(["id", "status", "items", "url"])
spoiled: st.SearchStrategy[Any] = st.builds(_spoil, rows, names, anything)
pages: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "items": st.lists(rows | spoiled | anything, max_size=3),
        "next_page": st.none() | st.integers(-1, 9) | anything,
    }
)
refusals: st.SearchStrategy[Any] = st.fixed_dictionaries({
    "error": st.sampled_from(["account_switch", "mfa_required", "session_expired", "locked", ""]) | anything,
    "mfa_required": st.sampled_from(["totp", "biometric"]) | anything,
    "challenge_id": anything,
})  # fmt: skip
sessions: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"access_token": st.text(max_size=5) | anything, "expires_in": anything}
)
addresses = st.sampled_from(["file:///etc/passwd", "http://169.254.169.254/", "https://files.taxdome.example/1"])
links: st.SearchStrategy[Any] = st.fixed_dictionaries({"url": st.text(max_size=20) | addresses})
bodies: st.SearchStrategy[Any] = (pages | rows | spoiled | refusals | sessions | links | anything).map(_encode)
answers = st.builds(
    Response,
    st.sampled_from([200, 200, 200, 201, 204, 400, 401, 403, 404, 409, 409, 422, 423, 429, 500, 503]),
    st.just({}),
    bodies | st.binary(max_size=30) | st.just(b"<html>"),
)


def port(resource: str, name: str) -> Any:
    found = getattr(TAXDOME.bindings()[resource], name)
    assert found is not None
    return found


def flows() -> dict[str, Callable[[], Flow[Any]]]:
    """A flow for each port there is, and for the sessions."""
    found: dict[str, Callable[[], Flow[Any]]] = {}
    for name, bound in TAXDOME.bindings().items():
        own_id = IDS.get(name, "x_1")
        found[f"{name} page"] = partial(port(name, "page"), Query(limit=5), BOOK)
        found[f"{name} get"] = partial(port(name, "get"), own_id, BOOK)
        if bound.delete is not None:
            found[f"{name} delete"] = partial(bound.delete, own_id, None, "key", BOOK)
    file = NewDocument(name="a.pdf", media_type="application/pdf", area="private")
    told = MessageCreate(thread=BOOK.ref("thr_", "thr_1"), body="Hello")
    task = ThreadUpdate(client_task=ClientTaskInput(text="Sign"))
    held = Grant(access_token="a", refresh_token="r", extra=LOGIN)
    assert TAXDOME.session is not None
    return found | {
        "upload": partial(port("documents", "upload"), file, "key", BOOK),
        "download": partial(port("documents", "download"), "doc_1", BOOK),
        "send": partial(port("messages", "create"), told, "key", BOOK),
        "give": partial(port("threads", "update"), "thr_1", task, None, "key", BOOK),
        "change": partial(port("tasks", "update"), "job:1", TaskUpdate(name="x"), None, "key", BOOK),
        "who": partial(TAXDOME.session, BOOK),
        "renew": partial(PortalSession().renew, held, AppCredentials("", ""), lambda: AT),
    }


FLOWS = flows()


@pytest.mark.parametrize("name", FLOWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_answers_are_a_value_or_a_fault(name: str, data: st.DataObject) -> None:
    flow, calls, said = FLOWS[name](), 0, ""
    try:
        request = next(flow)
        while calls < MOST_CALLS:
            calls += 1
            answer = data.draw(answers)
            fault = None if name == "renew" else TAXDOME.classify(request, answer)
            request = flow.send(answer) if fault is None else flow.throw(fault)
    except StopIteration:
        pass
    except VendorFault as found:
        said = str(found)
    flow.close()

    assert not any(secret in said for secret in LOGIN.values())
    assert name != "renew" or calls <= 3
