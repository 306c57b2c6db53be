"""A Stripe of our own: a real HTTP server with the published states of the objects we use, and faults on request.

Invoices: docs.stripe.com/invoicing/overview (draft → open → paid | uncollectible | void). Idempotency:
docs.stripe.com/api/idempotent_requests (the first answer is kept, a 500 too; another body under a key is an error).
Signatures: docs.stripe.com/webhooks/signature. All read 2026-11-20.
"""

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tests.billing.stripe.oracle import SHAPES, complaints, decode_form

Json: TypeAlias = dict[str, Any]
FaultKind: TypeAlias = Literal["unreachable", "lost_answer", "busy", "broken_before", "broken_after"]
SECRET = b"whsec_test"
KEY = "sk_test_invented"
_RETRIES = 4


class RefusalError(Exception):
    """An error object of Stripe's."""

    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.status = status
        self.body: Json = {"error": {"type": kind, "code": code, "message": code}}


class Sent(msgspec.Struct, frozen=True):
    """A request as it arrived."""

    method: str
    path: str
    form: Json
    key: str | None


class Delivery(msgspec.Struct, frozen=True):
    """A webhook: exact bytes, and the header that goes with them."""

    body: bytes
    signature: str


class FakeStripe:
    """The account. Its attributes may be looked at and changed by a test."""

    def __init__(self) -> None:
        self.customers: dict[str, Json] = {}
        self.methods: dict[str, list[Json]] = {}
        self.invoices: dict[str, Json] = {}
        self.items: dict[str, Json] = {}
        self.notes: dict[str, Json] = {}
        self.sessions: dict[str, Json] = {}
        self.refunded_minor = 0
        self.requests: list[Sent] = []
        self.complaints: list[str] = []
        self.events: list[Json] = []
        self.faults: list[tuple[FaultKind, str]] = []
        self.declines = False
        self.reads_fail = False
        self._kept: dict[str, tuple[str, int, Json]] = {}
        self._lock = threading.Lock()
        self._count = 0

    def fault(self, kind: FaultKind, at: str) -> None:
        """The next POST whose path ends so goes wrong like this."""
        self.faults.append((kind, at))

    def posts(self, path: str) -> list[Sent]:
        return [one for one in self.requests if one.method == "POST" and one.path == path]

    def give_card(self, customer: str) -> None:
        """The customer has filled in the hosted page."""
        self.methods.setdefault(customer, []).insert(0, {"id": self._id("pm"), "object": "payment_method"})
        session: Json = {"id": self._id("cs"), "object": "checkout.session", "customer": customer, "metadata": {}}
        self._tell("checkout.session.completed", session)

    def retry(self, invoice: str) -> None:
        """Stripe's own next attempt."""
        self._attempt(self.invoices[invoice])

    def end(self, invoice: str, status: Literal["void", "uncollectible"]) -> None:
        """Somebody ends it in the dashboard."""
        found = self.invoices[invoice]
        if found["status"] not in ("open", "uncollectible"):
            raise RefusalError(400, "invoice_not_open")
        found |= {"status": status, "next_payment_attempt": None}
        self._tell("invoice.voided" if status == "void" else "invoice.marked_uncollectible", found)

    def deliver(self, event: Json, *, secret: bytes = SECRET, age_s: float = 0, at: float | None = None) -> Delivery:
        """The event as Stripe would post it."""
        body = json.dumps(event).encode()
        signed_at = int((time.time() if at is None else at) - age_s)
        return Delivery(body, signature(body, secret, signed_at))

    def answer(self, method: str, path: str, form: Json, key: str | None) -> tuple[int, Json, bool] | None:
        """Status, body and whether it is a repeat; None when the connection breaks."""
        with self._lock:
            self.requests.append(Sent(method, path, form, key))
            self._check(method, path, form)
            kind = self._fault(path) if method == "POST" else None
            if kind == "unreachable" or (self.reads_fail and method == "GET"):
                return None
            if kind == "busy":
                return 429, RefusalError(429, "rate_limit").body, False
            print_ = json.dumps([path, form], sort_keys=True)
            if key is not None and key in self._kept:
                first, status, body = self._kept[key]
                if first != print_:
                    return 400, RefusalError(400, "idempotency_error", "idempotency_error").body, False
                return status, body, True
            status, body = self._run(method, path, form, kind)
            if key is not None:
                self._kept[key] = (print_, status, json.loads(json.dumps(body)))
            return None if kind == "lost_answer" else (status, body, False)

    def _run(self, method: str, path: str, form: Json, kind: FaultKind | None) -> tuple[int, Json]:
        broken = 500, RefusalError(500, "api_error", "api_error").body
        if kind == "broken_before":
            return broken
        try:
            done = self._route(method, path, form)
        except RefusalError as refusal:
            return refusal.status, refusal.body
        return broken if kind == "broken_after" else (200, done)

    def _check(self, method: str, path: str, form: Json) -> None:
        plain = re.sub(r"/(cus|in|cs|pm|ii|cn)_\w+", "/{id}", path)
        shape = SHAPES.get((method, plain))
        wrong = [f"{plain} is not one of ours"] if shape is None else complaints(shape, form)
        self.complaints += [f"{method} {plain}: {one}" for one in wrong]

    def _fault(self, path: str) -> FaultKind | None:
        for place, (kind, at) in enumerate(self.faults):
            if path.endswith(at):
                del self.faults[place]
                return kind
        return None

    def _route(self, method: str, path: str, form: Json) -> Json:
        parts = path.removeprefix("/v1/").split("/")
        match (method, *parts):
            case ("POST", "customers"):
                return self._make(self.customers, "cus", "customer", {"metadata": form.get("metadata", {})})
            case ("POST", "customers", id_):
                return self._found(self.customers, id_) | {"invoice_settings": form.get("invoice_settings")}
            case ("GET", "customers", id_, "payment_methods"):
                return _list(self.methods.get(id_, [])[: int(form.get("limit", 10))])
            case ("POST", "checkout", "sessions"):
                self._found(self.customers, form["customer"])
                page: Json = {"url": "https://checkout.stripe.example/c/1", "expires_at": int(time.time()) + 86_400}
                return self._make(self.sessions, "cs", "checkout.session", page)
            case ("POST", "invoices"):
                return self._draft(form)
            case ("GET", "invoices"):
                return _list([one for one in self.invoices.values() if one["customer"] == form["customer"]])
            case ("GET", "invoices", id_):
                return self._found(self.invoices, id_)
            case ("POST", "invoices", id_, "finalize"):
                return self._finalize(self._found(self.invoices, id_))
            case ("POST", "invoices", id_, "pay"):
                return self._pay(self._found(self.invoices, id_))
            case ("POST", "invoices", id_, "send"):
                return self._send(self._found(self.invoices, id_))
            case ("POST", "invoiceitems"):
                return self._add(form)
            case ("GET", "invoiceitems"):
                return _list([one for one in self.items.values() if one["invoice"] == form["invoice"]])
            case ("POST", "credit_notes"):
                return self._credit(form)
            case ("GET", "credit_notes"):
                return _list([one for one in self.notes.values() if one["invoice"] == form["invoice"]])
            case _:
                raise RefusalError(404, "resource_missing")

    def _draft(self, form: Json) -> Json:
        self._found(self.customers, form["customer"])
        return self._make(
            self.invoices,
            "in",
            "invoice",
            {
                "customer": form["customer"],
                "currency": form["currency"],
                "status": "draft",
                "collection_method": form["collection_method"],
                "metadata": form.get("metadata", {}),
                "total": 0,
                "amount_paid": 0,
                "amount_remaining": 0,
                "pre_payment_credit_notes_amount": 0,
                "post_payment_credit_notes_amount": 0,
                "attempt_count": 0,
                "next_payment_attempt": None,
                "hosted_invoice_url": None,
            },
        )

    def _add(self, form: Json) -> Json:
        invoice = self._found(self.invoices, form["invoice"])
        if invoice["status"] != "draft":
            raise RefusalError(400, "invoice_not_editable")
        mine = [one for one in self.items.values() if one["invoice"] == invoice["id"]]
        if len(mine) >= 250:
            raise RefusalError(400, "invoice_too_many_items")
        facts = {name: form[name] for name in ("invoice", "customer", "currency", "description", "metadata")}
        made = self._make(self.items, "ii", "invoiceitem", {**facts, "amount": int(form["amount"])})
        invoice["total"] += made["amount"]
        invoice["amount_remaining"] = max(0, invoice["total"])
        return made

    def _finalize(self, invoice: Json) -> Json:
        if invoice["status"] != "draft":
            raise RefusalError(400, "invoice_already_finalized")
        invoice |= {"status": "open", "hosted_invoice_url": f"https://invoice.stripe.example/{invoice['id']}"}
        self._tell("invoice.finalized", invoice)
        if invoice["total"] <= 0:
            invoice["status"] = "paid"
            self._tell("invoice.paid", invoice)
        return invoice

    def _pay(self, invoice: Json) -> Json:
        if invoice["status"] != "open":
            raise RefusalError(400, "invoice_not_open")
        if not self.methods.get(invoice["customer"]):
            raise RefusalError(400, "invoice_no_payment_method_types")
        if not self._attempt(invoice):
            raise RefusalError(402, "card_declined", "card_error")
        return invoice

    def _attempt(self, invoice: Json) -> bool:
        invoice["attempt_count"] += 1
        if self.declines:
            again = invoice["attempt_count"] < _RETRIES
            invoice["next_payment_attempt"] = int(time.time()) + 3 * 86_400 if again else None
            self._tell("invoice.payment_failed", invoice)
            return False
        invoice |= {
            "status": "paid",
            "amount_paid": invoice["amount_remaining"],
            "amount_remaining": 0,
            "next_payment_attempt": None,
        }
        self._tell("invoice.paid", invoice)
        return True

    def _send(self, invoice: Json) -> Json:
        if invoice["status"] != "open":
            raise RefusalError(400, "invoice_not_open")
        self._tell("invoice.sent", invoice)
        return invoice

    def _credit(self, form: Json) -> Json:
        invoice, amount = self._found(self.invoices, form["invoice"]), int(form["amount"])
        refund = int(form.get("refund_amount", 0))
        back = refund + int(form.get("out_of_band_amount", 0))
        if invoice["status"] not in ("open", "paid"):
            raise RefusalError(400, "invoice_not_open")
        credited = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
        before_payment = min(amount, invoice["amount_remaining"])
        if amount + credited > invoice["total"] or back != amount - before_payment:
            raise RefusalError(400, "credit_note_amount_invalid")
        invoice["pre_payment_credit_notes_amount"] += before_payment
        invoice["post_payment_credit_notes_amount"] += back
        invoice["amount_remaining"] -= before_payment
        self.refunded_minor += refund
        if invoice["status"] == "open" and not invoice["amount_remaining"]:
            invoice["status"] = "paid"
        facts = {"invoice": invoice["id"], "amount": amount, "metadata": form.get("metadata", {})}
        made = self._make(self.notes, "cn", "credit_note", facts)
        self._tell("credit_note.created", made)
        return made

    def _tell(self, kind: str, about: Json) -> None:
        snapshot = json.loads(json.dumps(about))
        now = int(time.time())
        self.events.append(
            {"id": self._id("evt"), "object": "event", "type": kind, "created": now, "data": {"object": snapshot}}
        )

    def _make(self, table: dict[str, Json], prefix: str, kind: str, facts: Json) -> Json:
        id_ = self._id(prefix)
        table[id_] = {"id": id_, "object": kind, **facts}
        return table[id_]

    def _found(self, table: dict[str, Json], id_: str) -> Json:
        if id_ not in table:
            raise RefusalError(404, "resource_missing")
        return table[id_]

    def _id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_fake{self._count}"


def signature(body: bytes, secret: bytes, signed_at: int) -> str:
    """The header for those bytes."""
    digest = hmac.new(secret, b"%d." % signed_at + body, hashlib.sha256).hexdigest()
    return f"t={signed_at},v1={digest}"


@contextmanager
def serving_stripe() -> Generator[tuple[FakeStripe, str]]:
    """A new account and its address, for the length of the block."""
    account = FakeStripe()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            self._answer(parse_qsl(text, keep_blank_values=True))

        def _answer(self, pairs: list[tuple[str, str]]) -> None:
            if self.headers["authorization"] != f"Bearer {KEY}":
                given: tuple[int, Json, bool] | None = (401, RefusalError(401, "api_key_invalid").body, False)
            else:
                path, key = urlsplit(self.path).path, self.headers.get("idempotency-key")
                given = account.answer(self.command, path, decode_form(pairs), key)
            if given is None:
                self.close_connection = True
                self.connection.close()
                return
            status, body, replayed = given
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            if replayed:
                self.send_header("idempotent-replayed", "true")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield account, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _list(found: list[Json]) -> Json:
    return {"object": "list", "data": found, "has_more": False, "url": "/v1/things"}
