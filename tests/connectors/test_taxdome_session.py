"""How a TaxDome session is kept alive: by its refresh token, else by one login, and never by trying again and again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from service.clock import now
from service.connectors.sdk.auth import AppCredentials, Grant, TokenReply
from service.connectors.sdk.binding import NewDocument, Query
from service.connectors.sdk.faults import (
    ConnectionRefused,
    Malformed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.taxdome.connector import TAXDOME
from service.connectors.taxdome.session import DEVICE, EMAIL, PASSWORD, SEED, PortalSession
from service.connectors.taxdome.totp import seed_of, totp
from service.ids import Book
from service.sandbox.serve import SandboxServer, running
from tests.bench.pages import page_body
from tests.connectors.flows import ok, play

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
AT = datetime.fromtimestamp(59, UTC)
LOGIN = {EMAIL: "ada@finch.example", PASSWORD: "invented", DEVICE: "tickmark", SEED: SECRET}
GRANT = Grant(access_token="old", refresh_token="kept", extra=LOGIN)
NEW = ok({"access_token": "a2", "refresh_token": "r2", "expires_in": 1800})
BOOK = Book(UUID(int=7), 0, "acc_1", "USD")


def refused(status: int, **body: object) -> Response:
    return Response(status, {"retry-after": "60"}, json.dumps(body).encode())


GONE = refused(401, error="session_expired", message="x")
CHALLENGE = refused(401, error="mfa_required", mfa_required="totp", challenge_id="ch_1")


def renew(grant: Grant, *answers: Response) -> tuple[TokenReply, list[Request]]:
    """The new tokens, and what was asked for: exactly as much as was answered."""
    left, asked = list(answers), list[Request]()
    flow: Flow[TokenReply] = PortalSession().renew(grant, AppCredentials("", ""), lambda: AT)
    try:
        request = next(flow)
        while True:
            asked.append(request)
            request = flow.send(left.pop(0))
    except StopIteration as stop:
        assert not left
        reply: TokenReply = stop.value
        return reply, asked


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    moment = datetime.fromtimestamp(at, UTC)

    assert totp(b"12345678901234567890", moment, 8) == code
    assert totp(b"12345678901234567890", moment) == code[2:]


@pytest.mark.parametrize("text", [SECRET, SECRET.lower(), "gezd gnbv-GY3T QOJQ GEZD GNBV GY3T QOJQ", f"{SECRET}===="])
def test_a_seed_is_read_as_apps_show_it(text: str) -> None:
    assert seed_of(text) == b"12345678901234567890"


@pytest.mark.parametrize("text", ["", "  ", "1189", "no seed!", "ÄÖÜ"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a seed"):
        seed_of(text)


def test_a_living_session_is_refreshed_and_keeps_its_refresh_token() -> None:
    reply, (asked,) = renew(GRANT, ok({"access_token": "a2", "expires_in": 1800}))

    assert (asked.method, asked.path) == ("POST", "/api/auth/refresh")
    assert json.loads(asked.body or b"") == {"refresh_token": "kept"}
    assert reply == TokenReply(access_token="a2", expires_in_s=1800, refresh_token=None)


def test_a_session_that_is_gone_is_opened_again_with_one_code() -> None:
    reply, asked = renew(GRANT, GONE, CHALLENGE, NEW)
    first, second = (json.loads(request.body or b"") for request in asked[1:])

    assert [request.path for request in asked[1:]] == ["/api/auth/session"] * 2
    assert first == {"email": "ada@finch.example", "password": "invented", "device_id": "tickmark"}
    assert second == first | {"totp_code": "287082", "challenge_id": "ch_1"}
    assert (reply.access_token, reply.refresh_token) == ("a2", "r2")


def test_a_login_without_a_second_factor_needs_no_seed() -> None:
    without = {name: value for name, value in LOGIN.items() if name != SEED}

    assert renew(Grant(access_token="", extra=without), NEW)[0].access_token == "a2"


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ((GONE, refused(401, error="invalid_credentials")), None, "password"),
        ((GONE, CHALLENGE, refused(401, error="mfa_invalid")), "mfa_invalid", "one-time code"),
        ((GONE, CHALLENGE, CHALLENGE), "mfa_invalid", "one-time code"),
        ((GONE, refused(423, error="locked")), "locked", "locked"),
        ((GONE, CHALLENGE, refused(423, error="locked")), "locked", "locked"),
        ((refused(423, error="locked"),), "locked", "locked"),
        ((GONE, refused(401, error="mfa_required", mfa_required="biometric")), "biometric_only", "fingerprint"),
        ((GONE, refused(403, error="forbidden")), None, "does not let"),
    ],
)
def test_what_only_the_firm_can_help_with_ends_at_once(
    answers: tuple[Response, ...], code: str | None, words: str
) -> None:
    with pytest.raises(ConnectionRefused, match=words) as refusal:
        renew(GRANT, *answers)

    assert refusal.value.code == code
    assert not any(secret in str(refusal.value) for secret in (*LOGIN.values(), "kept", "287082"))


@pytest.mark.parametrize(
    ("extra", "answers"),
    [
        ({}, (GONE,)),
        ({EMAIL: "ada@finch.example", DEVICE: "d"}, (GONE,)),
        ({**LOGIN, SEED: ""}, (GONE, CHALLENGE)),
        ({**LOGIN, SEED: "not base32!"}, (GONE, CHALLENGE)),
    ],
)
def test_without_what_a_login_takes_nobody_knocks(extra: dict[str, str], answers: tuple[Response, ...]) -> None:
    with pytest.raises(ConnectionRefused):
        renew(Grant(access_token="", refresh_token="kept", extra=extra), *answers)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(503), Unavailable),
        (refused(429), RateLimited),
        (refused(400), Refused),
        (Response(200, {}, b"<html>"), Malformed),
        (ok({"access_token": 7}), Malformed),
    ],
)
@pytest.mark.parametrize("before", [(), (GONE,), (GONE, CHALLENGE)])
def test_what_may_pass_does_not_end_the_connection(
    answer: Response, kind: type[VendorFault], before: tuple[Response, ...]
) -> None:
    with pytest.raises(kind) as fault:
        renew(GRANT, *before, answer)

    assert not isinstance(fault.value, ConnectionRefused)


SWITCH = refused(409, error="account_switch", account_id="acc_1")
SELECTED = ok({"account_id": "acc_1"})
INVOICES = ok({"items": [], "next_page": None})


def test_a_session_at_another_account_is_moved_once_and_asked_again() -> None:
    assert TAXDOME.invoices is not None
    assert TAXDOME.invoices.get is not None
    invoice = json.loads(page_body("taxdome", "invoices", 1))["items"][0]
    played = play(TAXDOME, TAXDOME.invoices.get("inv_1", BOOK), SWITCH, SELECTED, ok(invoice))

    assert [(one.method, one.path) for one in played.requests] == [
        ("GET", "/invoices/inv_1"),
        ("POST", "/accounts/acc_1/select"),
        ("GET", "/invoices/inv_1"),
    ]
    assert {one.headers for one in played.requests} == {(("x-account-id", "acc_1"),)}


def test_a_session_that_others_keep_moving_is_left_alone() -> None:
    assert TAXDOME.invoices is not None
    assert TAXDOME.invoices.get is not None

    with pytest.raises(Unavailable) as fault:
        play(TAXDOME, TAXDOME.invoices.get("inv_1", BOOK), SWITCH, SELECTED, SWITCH)
    assert fault.value.code == "account_switch"


NEW_FILE = NewDocument(name="Notes.pdf", media_type="application/pdf", area="private")


def test_an_upload_whose_session_is_moved_meanwhile_can_be_made_again() -> None:
    assert TAXDOME.documents is not None
    assert TAXDOME.documents.upload is not None
    with pytest.raises(Unavailable) as fault:
        play(TAXDOME, TAXDOME.documents.upload(NEW_FILE, "key", BOOK), SELECTED, SWITCH)

    assert fault.value.code == "account_switch"


@pytest.mark.parametrize(
    "answer", [ok({}), ok([]), ok({"id": 7}), Response(201, {}, b"<html>"), Response(200, {}, b"")]
)
def test_an_upload_whose_answer_is_garbled_may_have_happened(answer: Response) -> None:
    assert TAXDOME.documents is not None
    assert TAXDOME.documents.upload is not None
    with pytest.raises(OutcomeUnknown):
        play(TAXDOME, TAXDOME.documents.upload(NEW_FILE, "key", BOOK), SELECTED, answer)


def test_a_file_without_a_record_is_fetched_all_the_same() -> None:
    assert TAXDOME.documents is not None
    assert TAXDOME.documents.download is not None
    link = ok({"url": "https://files.taxdome.example/1?signature=x"})
    played = play(TAXDOME, TAXDOME.documents.download("att_1", BOOK), refused(404, error="not_found"), link)

    assert played.value.request.address == "https://files.taxdome.example/1?signature=x"
    assert (played.value.name, played.value.size_bytes) == (None, None)


@pytest.mark.parametrize("resource", ["invoices", "payments", "documents", "time_entries"])
def test_a_deletion_that_failed_inside_a_good_answer_has_failed(resource: str) -> None:
    delete = TAXDOME.bindings()[resource].delete
    assert delete is not None
    with pytest.raises(Refused) as fault:
        play(TAXDOME, delete("x_1", None, "key", BOOK), ok({"error": "internal", "message": "x"}))

    assert fault.value.code == "internal"
    for done in (Response(204, {}, b""), ok({}), ok({"deleted": True})):
        play(TAXDOME, delete("x_1", None, "key", BOOK), done)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with running("taxdome", clients=20) as found:
        yield found


def knock(server: SandboxServer, grant: Grant, at: datetime | None = None) -> tuple[TokenReply, int]:
    """A renewal at the running sandbox, and how many calls it took."""
    calls = 0
    flow = PortalSession().renew(grant, AppCredentials("", ""), now if at is None else lambda: at)
    with httpx.Client(base_url=server.url) as http:
        try:
            request = next(flow)
            while True:
                calls += 1
                sent = http.request(
                    request.method, request.path, content=request.body, headers={"content-type": request.content_type}
                )
                request = flow.send(Response(sent.status_code, dict(sent.headers), sent.content))
        except StopIteration as stop:
            reply: TokenReply = stop.value
            return reply, calls


def held(server: SandboxServer, login: str) -> Grant:
    """What a connection of this login holds."""
    grant = server.grant(scopes=[login])
    extra = {name: value for name, value in grant.login.items() if isinstance(value, str)}
    return Grant(
        access_token=grant.access_token, refresh_token=grant.refresh_token, extra={**extra, DEVICE: "tickmark"}
    )


def works(server: SandboxServer, token: str) -> bool:
    headers = dict(TAXDOME.auth.sign(token))
    return httpx.get(f"{server.url}/api/accounts", headers=headers).status_code == 200


def test_the_vendor_refreshes_a_session_and_the_old_refresh_token_goes_on(server: SandboxServer) -> None:
    server.reset()
    grant = held(server, "firm")
    first, calls = knock(server, grant)
    second, _ = knock(server, grant)

    assert calls == 1
    assert first.refresh_token is None
    assert works(server, second.access_token)


def test_the_vendor_opens_a_new_session_when_the_old_one_was_revoked(server: SandboxServer) -> None:
    server.reset()
    grant = held(server, "firm")
    server.fault("session_revoked")
    assert not works(server, grant.access_token)
    reply, calls = knock(server, grant)

    assert calls == 3
    assert reply.refresh_token not in (None, grant.refresh_token)
    assert works(server, reply.access_token)


def test_a_code_of_yesterday_is_not_tried_twice(server: SandboxServer) -> None:
    server.reset()
    grant = held(server, "couple")
    server.fault("session_revoked")
    works(server, grant.access_token)
    with pytest.raises(ConnectionRefused) as refusal:
        knock(server, grant, now() - timedelta(days=1))

    assert refusal.value.code == "mfa_invalid"


def test_a_login_that_wants_a_finger_is_refused_by_name(server: SandboxServer) -> None:
    server.reset()
    grant = held(server, "biometric")
    server.fault("session_revoked")
    works(server, grant.access_token)
    with pytest.raises(ConnectionRefused) as refusal:
        knock(server, grant)

    assert refusal.value.code == "biometric_only"


def test_a_login_without_a_second_factor_opens_by_password(server: SandboxServer) -> None:
    server.reset()
    grant = held(server, "owner")
    server.fault("session_revoked")
    works(server, grant.access_token)

    assert knock(server, grant)[1] == 2


def test_accounts_are_looked_for_without_naming_one() -> None:
    assert TAXDOME.accounts is not None
    assert TAXDOME.accounts.page is not None
    played = play(TAXDOME, TAXDOME.accounts.page(Query(limit=5), Book(UUID(int=7), 0, "")), INVOICES)

    assert [(one.path, one.headers) for one in played.requests] == [("/accounts", ())]


@pytest.mark.parametrize("account", ["acc_1\r\nx-evil: 1", "acc/1", "..", "Ünï"])
def test_an_account_that_cannot_stand_in_a_header_is_never_asked(account: str) -> None:
    book = Book(UUID(int=7), 0, account, "USD")
    for binding in TAXDOME.bindings().values():
        assert binding.page is not None
        with pytest.raises(NotFound):
            play(TAXDOME, binding.page(Query(limit=5), book))
