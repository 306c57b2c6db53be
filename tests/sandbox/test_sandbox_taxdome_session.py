"""TaxDome's door and its sessions, over HTTP: password, one challenge, lockout, refresh, account scope, own faults."""

import time
from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxError, SandboxGrant, SandboxServer
from service.sandbox.taxdome import totp

Json = dict[str, Any]

WEB = httpx.Client(timeout=10)
"""Calls without a session."""


def knock(taxdome: SandboxServer, grant: SandboxGrant, **more: str) -> httpx.Response:
    """One try at the door with the login of a grant."""
    login = {"email": grant.login["email"], "password": grant.login["password"], "device_id": "tests"}
    return WEB.post(f"{taxdome.url}/api/auth/session", json=login | more)


def code_now(grant: SandboxGrant, steps: int = 0) -> str:
    return totp.code(grant.login["totp_secret"], time.time() + 30 * steps)


def answer(taxdome: SandboxServer, grant: SandboxGrant, code: str) -> httpx.Response:
    """A challenge asked for and answered once."""
    challenge = knock(taxdome, grant).json()["challenge_id"]
    return knock(taxdome, grant, totp_code=code, challenge_id=challenge)


def reason(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def accounts(taxdome: SandboxServer, token: str) -> httpx.Response:
    return WEB.get(f"{taxdome.url}/api/accounts", headers={"authorization": f"Bearer {token}"})


def test_code_matches_the_published_vector() -> None:
    # RFC 6238, appendix B: SHA-1, time 1111111109, of whose eight digits the last six are ours.
    assert totp.code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1_111_111_109) == "081804"


def test_one_challenge_and_one_code_open_a_session(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    first = knock(taxdome, grant)
    session = knock(taxdome, grant, totp_code=code_now(grant), challenge_id=first.json()["challenge_id"]).json()

    assert reason(first) == (401, "mfa_required")
    assert first.json()["mfa_required"] == "totp"
    assert session["expires_in"] == 1800
    assert accounts(taxdome, session["access_token"]).status_code == 200


def test_login_without_second_factor_opens_at_once(taxdome: SandboxServer) -> None:
    response = knock(taxdome, taxdome.grant(scopes=["owner"]))

    assert sorted(response.json()) == ["access_token", "expires_in", "refresh_token"]


def test_code_opens_only_once(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    code = code_now(grant)

    assert answer(taxdome, grant, code).status_code == 200
    assert reason(answer(taxdome, grant, code)) == (401, "mfa_invalid")
    assert answer(taxdome, grant, code_now(grant, 1)).status_code == 200


def test_code_without_its_challenge_is_challenged_again(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    couple = taxdome.grant(scopes=["couple"])
    foreign = knock(taxdome, couple).json()["challenge_id"]

    assert reason(knock(taxdome, grant, totp_code=code_now(grant))) == (401, "mfa_required")
    assert reason(knock(taxdome, grant, totp_code=code_now(grant), challenge_id=foreign)) == (401, "mfa_required")


def test_challenge_is_good_for_one_session(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    challenge = knock(taxdome, grant).json()["challenge_id"]
    knock(taxdome, grant, totp_code=code_now(grant), challenge_id=challenge)

    again = knock(taxdome, grant, totp_code=code_now(grant, 1), challenge_id=challenge)
    assert reason(again) == (401, "mfa_required")


def test_five_wrong_codes_lock_the_login(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    wrong = [reason(answer(taxdome, grant, "12345x")) for _ in range(5)]
    locked = knock(taxdome, grant)

    assert set(wrong) == {(401, "mfa_invalid")}
    assert reason(locked) == (423, "locked")
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert knock(taxdome, taxdome.grant(scopes=["owner"])).status_code == 200


def test_wrong_password_and_unknown_email_read_alike(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    wrong = knock(taxdome, grant, password="nope")
    unknown = knock(taxdome, grant, email="nobody@mail.example")

    assert wrong.json() == unknown.json()
    assert reason(wrong) == (401, "invalid_credentials")


def test_success_forgives_earlier_failures(taxdome: SandboxServer) -> None:
    grant = taxdome.grant(scopes=["owner"])
    for _ in range(3):
        for _ in range(4):
            knock(taxdome, grant, password="nope")
        assert knock(taxdome, grant).status_code == 200


def test_biometric_login_cannot_be_opened_with_words(taxdome: SandboxServer) -> None:
    response = knock(taxdome, taxdome.grant(scopes=["biometric"]))

    assert reason(response) == (401, "mfa_required")
    assert response.json()["mfa_required"] == "biometric"
    assert "challenge_id" not in response.json()


def test_biometric_fault_meets_the_door_alone_and_once(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    taxdome.fault("biometric_only")
    owner = taxdome.grant(scopes=["owner"])

    assert tdm.get("/accounts").status_code == 200
    assert knock(taxdome, owner).json()["mfa_required"] == "biometric"
    assert knock(taxdome, owner).status_code == 200


def test_codes_follow_the_vendors_clock(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    taxdome.fault("clock_skew", seconds=600, count=None, path="/api/auth/session")

    assert reason(answer(taxdome, grant, code_now(grant))) == (401, "mfa_invalid")
    assert answer(taxdome, grant, code_now(grant, 20)).status_code == 200


def test_refresh_gives_another_token_and_no_other_refresh_token(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    sent = {"refresh_token": grant.refresh_token}
    first, second = (WEB.post(grant.token_url, json=sent).json() for _ in range(2))

    assert sorted(first) == ["access_token", "expires_in"]
    tokens = {grant.access_token, first["access_token"], second["access_token"]}
    assert len(tokens) == 3
    assert {accounts(taxdome, token).status_code for token in tokens} == {200}
    assert taxdome.stats()["token_refreshes"] == 2


def test_expired_token_is_renewed_and_the_selection_stays(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    headers = {"authorization": f"Bearer {grant.access_token}", "x-account-id": "acc_4001"}
    WEB.post(f"{taxdome.url}/api/accounts/acc_4001/select", headers=headers)
    taxdome.fault("expire_token")
    expired = WEB.get(f"{taxdome.url}/api/invoices", headers=headers)
    token = WEB.post(grant.token_url, json={"refresh_token": grant.refresh_token}).json()["access_token"]

    assert reason(expired) == (401, "token_expired")
    renewed = headers | {"authorization": f"Bearer {token}"}
    assert WEB.get(f"{taxdome.url}/api/invoices", headers=renewed).status_code == 200


def test_unknown_token_is_not_an_expired_one(taxdome: SandboxServer) -> None:
    assert reason(accounts(taxdome, "at_unknown")) == (401, "unauthorized")


def test_refresh_token_ends_with_its_life(taxdome: SandboxServer) -> None:
    grant = taxdome.grant(refresh_s=0)

    assert reason(WEB.post(grant.token_url, json={"refresh_token": grant.refresh_token})) == (401, "session_expired")


def test_revoked_session_is_over_for_both_tokens(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    taxdome.fault("session_revoked")

    assert reason(accounts(taxdome, grant.access_token)) == (401, "session_expired")
    assert reason(accounts(taxdome, grant.access_token)) == (401, "session_expired")
    assert reason(WEB.post(grant.token_url, json={"refresh_token": grant.refresh_token})) == (401, "session_expired")


def test_challenged_session_wants_the_second_factor_until_it_is_opened_anew(taxdome: SandboxServer) -> None:
    grant = taxdome.grant()
    taxdome.fault("totp_challenge")
    challenged = accounts(taxdome, grant.access_token)
    refreshed = WEB.post(grant.token_url, json={"refresh_token": grant.refresh_token})
    challenge = challenged.json()["challenge_id"]
    session = knock(taxdome, grant, totp_code=code_now(grant), challenge_id=challenge).json()

    assert reason(challenged) == reason(refreshed) == (401, "mfa_required")
    assert accounts(taxdome, session["access_token"]).status_code == 200
    assert reason(accounts(taxdome, grant.access_token)) == (401, "mfa_required")


def test_faults_of_taxdome_are_refused_elsewhere(canopy: SandboxServer, taxdome: SandboxServer) -> None:
    with pytest.raises(SandboxError, match="no meaning at canopy"):
        canopy.fault("account_switch")
    with pytest.raises(SandboxError, match="no meaning at taxdome"):
        taxdome.fault("empty_middle_page")


def test_call_for_another_account_must_select_it_first(tdm: httpx.Client) -> None:
    other = {"x-account-id": "acc_4001"}
    refused = tdm.get("/invoices", headers=other)

    assert reason(refused) == (409, "account_switch")
    assert refused.json()["account_id"] == "acc_4001"
    assert refused.json()["selected_account_id"] == "acc_4000"
    assert tdm.post("/accounts/acc_4001/select").json() == {"account_id": "acc_4001"}
    assert {row["account_id"] for row in tdm.get("/invoices", headers=other).json()["items"]} == {"acc_4001"}
    assert reason(tdm.get("/invoices")) == (409, "account_switch")


def test_switch_fault_moves_the_session_under_the_caller(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    taxdome.fault("account_switch")

    assert reason(tdm.get("/invoices")) == (409, "account_switch")
    assert tdm.post("/accounts/acc_4000/select").status_code == 200
    assert tdm.get("/invoices").status_code == 200


def test_sessions_do_not_switch_each_other(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    other = taxdome.grant()
    headers = {"authorization": f"Bearer {other.access_token}"}
    WEB.post(f"{taxdome.url}/api/accounts/acc_4001/select", headers=headers)

    assert tdm.get("/invoices").status_code == 200


def test_account_header_is_demanded_and_must_be_ones_own(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    owner = taxdome.grant(scopes=["owner"])
    headers = {"authorization": f"Bearer {owner.access_token}"}
    url = f"{taxdome.url}/api/invoices"

    assert reason(WEB.get(url, headers=headers)) == (400, "account_required")
    assert reason(WEB.get(url, headers=headers | {"x-account-id": "acc_4007"})) == (403, "account_not_linked")
    assert reason(tdm.get("/invoices", headers={"x-account-id": "acc_9999999"})) == (403, "account_not_linked")


def test_client_login_sees_its_linked_accounts_alone(taxdome: SandboxServer) -> None:
    couple = taxdome.grant(scopes=["couple"])
    items = accounts(taxdome, couple.access_token).json()["items"]

    assert [row["id"] for row in items] == ["acc_400b", "acc_4001"]
    assert {row["linked"] for row in items} == {True}
    assert couple.login["accounts"] == ["acc_4001", "acc_400b"]


def test_client_login_sees_neither_work_nor_private_folders(taxdome: SandboxServer) -> None:
    owner = taxdome.grant(scopes=["owner"])
    headers = {"authorization": f"Bearer {owner.access_token}", "x-account-id": owner.account}
    with httpx.Client(base_url=f"{taxdome.url}/api", headers=headers) as client:
        for path in ("/jobs", "/tasks", "/time-entries", "/pipelines", "/documents?folder=private"):
            assert reason(client.get(path)) == (403, "forbidden")
        assert reason(client.post("/invoices", json={})) == (403, "forbidden")
        assert client.get("/organizers").status_code == 200


def test_limit_counts_the_session_not_its_tokens(taxdome: SandboxServer) -> None:
    taxdome.limits(per_minute=2)
    grant = taxdome.grant()
    token = WEB.post(grant.token_url, json={"refresh_token": grant.refresh_token}).json()["access_token"]
    statuses = [accounts(taxdome, each) for each in (grant.access_token, token, token)]

    assert [response.status_code for response in statuses] == [200, 200, 429]
    assert 0 < int(statuses[2].headers["retry-after"]) <= 60
    assert reason(statuses[2]) == (429, "rate_limited")
    assert accounts(taxdome, taxdome.grant().access_token).status_code == 200


# The firm's people


def test_users_are_those_that_work_and_time_name(tdm: httpx.Client) -> None:
    users = tdm.get("/users").json()["items"]
    workers = {row["user_id"] for row in tdm.get("/time-entries").json()["items"]}
    workers |= {name for row in tdm.get("/jobs").json()["items"] for name in row["assignees"]}

    assert workers <= {row["id"] for row in users}
    assert [tdm.get(f"/users/{row['id']}").json() for row in users] == users
    assert tdm.get("/users/usr_1").status_code == 404


def test_me_is_who_is_signed_in(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    own = tdm.get("/users").json()["items"][0]
    couple = taxdome.grant(scopes=["couple"])
    headers = {"authorization": f"Bearer {couple.access_token}", "x-account-id": couple.account}
    contacts = httpx.get(f"{taxdome.url}/api/contacts", headers=headers).json()["items"]
    theirs = httpx.get(f"{taxdome.url}/api/me", headers=headers).json()

    assert tdm.get("/me").json() == {name: own[name] for name in ("id", "mfa", "devices")}
    assert theirs["id"] in {row["id"] for row in contacts}
    assert theirs["mfa"] == "totp"
    assert httpx.get(f"{taxdome.url}/api/users", headers=headers).status_code == 403
