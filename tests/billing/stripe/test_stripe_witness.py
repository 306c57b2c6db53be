"""localstripe, a Stripe written by others, as a witness of what our rail sends for the slice it has.

It can say: customers, cards as payment methods, invoice items, a $0-plan subscription whose invoice takes them, paying,
signed webhooks. It cannot: `invoice_items` put on a draft (it knows pending items only), finalize, send, credit notes,
Checkout, idempotency keys, `customers/{id}/payment_methods`, retries, API versions. There our fake stands alone, with
the library's parameter types beside it. It runs as a process of its own and is never imported.
"""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any
from uuid import UUID

import httpx
import pytest

from billing.store import Connection
from billing.stripe_customers import ORG, ensure_customer
from billing.stripe_events import verify
from billing.stripe_rail import StripeRail

pytestmark = pytest.mark.anyio

KEY = "sk_test_12345"
SECRET = b"whsec_witness"


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_open(port: int) -> None:
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("localstripe does not listen")


@pytest.fixture(scope="module")
def witness() -> Iterator[str]:
    port = _free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_until_open(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def hooks(witness: str) -> Iterator["Queue[tuple[bytes, str]]"]:
    """What localstripe delivers: exact bytes and signature."""
    arrived: Queue[tuple[bytes, str]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.put((self.rfile.read(int(self.headers["content-length"])), self.headers["stripe-signature"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    body = {"url": f"http://127.0.0.1:{server.server_port}/", "secret": SECRET.decode()}
    httpx.post(f"{witness}/_config/webhooks/ours", json=body).raise_for_status()
    yield arrived
    server.shutdown()
    server.server_close()


async def test_it_takes_our_customer(operator: Connection, org: UUID, witness: str) -> None:
    customer = await ensure_customer(operator, StripeRail(KEY, base_url=witness), org)
    found = _read(witness, f"customers/{customer.customer_id}")

    assert found["metadata"] == {ORG: str(org)}


async def test_its_webhooks_are_verified(
    operator: Connection, org: UUID, witness: str, hooks: "Queue[tuple[bytes, str]]"
) -> None:
    await ensure_customer(operator, StripeRail(KEY, base_url=witness), org)
    while True:  # one of the test before may still be on its way
        body, header = await asyncio.to_thread(hooks.get, timeout=20)
        event = verify(body, header, [SECRET], datetime.now(UTC))
        if event.org_id == org:
            break

    assert event.type == "customer.created"


async def test_items_of_a_free_plan_are_collected_to_the_cent(operator: Connection, org: UUID, witness: str) -> None:
    """The same calls of the library, with the amounts and metadata that we send."""
    rail = StripeRail(KEY, base_url=witness)
    customer = await ensure_customer(operator, rail, org)
    id_ = customer.customer_id

    def ask(path: str, **form: str) -> dict[str, object]:
        answer = httpx.post(f"{witness}/v1/{path}", auth=(KEY, ""), data=form)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    card = {"card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123"}
    method = str(ask("payment_methods", type="card", **card)["id"])
    ask(f"payment_methods/{method}/attach", customer=id_)
    await rail.call(
        lambda client: client.v1.customers.update(id_, params={"invoice_settings": {"default_payment_method": method}})
    )
    for position, amount in enumerate((1_234, 766), 1):
        await rail.call(
            lambda client, position=position, amount=amount: client.v1.invoice_items.create(  # type: ignore[misc]
                params={
                    "customer": id_,
                    "currency": "usd",
                    "amount": amount,
                    "description": "3,000 units: read, tier 1",
                    "metadata": {"position": str(position), "units": "3000"},
                }
            )
        )
    ask("plans", id=f"free-{org}", amount="0", currency="usd", interval="month", **{"product[name]": "metered"})
    ask("subscriptions", customer=id_, **{"items[0][plan]": f"free-{org}"})
    invoices = _read(witness, f"invoices?customer={id_}")["data"]

    assert [(one["status"], one["total"], one["amount_paid"]) for one in invoices] == [("paid", 2_000, 2_000)]


def _read(witness: str, path: str) -> Any:
    return httpx.get(f"{witness}/v1/{path}", auth=(KEY, "")).json()
