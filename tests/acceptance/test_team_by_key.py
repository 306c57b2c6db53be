"""People by the API: seen by who may, invited and changed only on an owner's word, and never up to owner or admin."""

import re

import pytest

from service import ids
from service.accounts.roles import Role
from service.accounts.tokens import Mode
from service.db.pool import Pool
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.acceptance.giving import add_member, let_keys_give

pytestmark = pytest.mark.anyio

ASH = {"email": "Ash@Ledgerline.example ", "role": "developer"}


@pytest.fixture
async def team(api: Api, keys: Keys) -> Api:
    """A key that may read and change the team, once keys may."""
    return await keys(api, scopes=("members:*", "keys:*"))


async def test_members_are_listed_page_by_page(team: Api, operator_pool: Pool) -> None:
    made = [
        await add_member(operator_pool, team.cast.org_id, role) for role in (Role.OWNER, Role.BILLING, Role.AUDITOR)
    ]

    made.sort(key=lambda one: one.id)
    first = (await team.get("/v1/members?limit=2")).json()
    second = (await team.get(f"/v1/members?limit=2&cursor={first['next_cursor']}")).json()

    shown = [*first["data"], *second["data"]]
    assert [one["email"] for one in shown] == [one.email for one in made]
    assert [one["role"] for one in shown] == [one.role for one in made]
    assert (await team.get(f"/v1/members/{shown[1]['id']}")).json() == shown[1]
    assert "argon2" not in str(first)


async def test_nobody_is_invited_changed_or_removed_before_an_owner_said_so(team: Api, operator_pool: Pool) -> None:
    member = await add_member(operator_pool, team.cast.org_id, Role.DEVELOPER)
    path = f"/v1/members/{ids.encode('mem', member.id)}"

    for answer in (
        await team.post("/v1/invitations", ASH),
        await team.patch(path, {"role": "auditor"}),
        await team.http.delete(path, headers=team.headers()),
    ):
        assert (answer.status_code, problem_of(answer)) == (403, "not_turned_on")
    assert (await team.get(path)).json()["role"] == "developer"


async def test_invited_person_gets_one_mail_that_opens_the_page_to_join(team: Api, operator_pool: Pool) -> None:
    owner = await let_keys_give(operator_pool, team.cast.org_id)

    answers = [await team.post("/v1/invitations", ASH, Idempotency_Key="i-1") for _ in range(2)]

    made = answers[0].json()
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert (made["email"], made["role"], made["invited_by"]) == (
        "ash@ledgerline.example",
        "developer",
        ids.encode("mem", owner.id),
    )
    assert made["invited_by_key"] == (await team.get("/v1/me")).json()["key"]
    assert (await team.get("/v1/invitations")).json()["data"] == [made]
    outbox = (await team.http.get("/outbox")).text
    links = re.findall(r'href="([^"]*/join\?link=[^"]+)"', outbox)
    assert len(links) == 1
    assert "ash@ledgerline.example" in (await team.http.get(links[0])).text


async def test_invitation_that_was_taken_back_opens_nothing(team: Api, operator_pool: Pool) -> None:
    await let_keys_give(operator_pool, team.cast.org_id)
    made = (await team.post("/v1/invitations", {**ASH, "email": "back@ledgerline.example"})).json()

    gone = await team.http.delete(f"/v1/invitations/{made['id']}", headers=team.headers())
    again = await team.http.delete(f"/v1/invitations/{made['id']}", headers=team.headers())

    assert (gone.status_code, again.status_code) == (204, 404)
    assert (await team.get("/v1/invitations")).json()["data"] == []


async def test_revoked_key_takes_its_invitations_with_it(team: Api, operator_pool: Pool, api: Api, keys: Keys) -> None:
    await let_keys_give(operator_pool, team.cast.org_id)
    assert (await team.post("/v1/invitations", {**ASH, "email": "with@ledgerline.example"})).status_code == 201
    me = (await team.get("/v1/me")).json()["key"]

    assert (await team.post(f"/v1/keys/{me}/revoke", None)).status_code == 200

    reader = await keys(api, scopes=("members:read",))
    assert (await reader.get("/v1/invitations")).json()["data"] == []


@pytest.mark.parametrize("role", ["owner", "admin"])
async def test_key_makes_no_owner_or_admin_and_touches_none(team: Api, operator_pool: Pool, role: str) -> None:
    owner = await let_keys_give(operator_pool, team.cast.org_id)
    strong = await add_member(operator_pool, team.cast.org_id, Role(role))
    weak = await add_member(operator_pool, team.cast.org_id, Role.BILLING)
    path = f"/v1/members/{ids.encode('mem', strong.id)}"

    for answer in (
        await team.post("/v1/invitations", {"email": "boss@ledgerline.example", "role": role}),
        await team.patch(f"/v1/members/{ids.encode('mem', weak.id)}", {"role": role}),
        await team.patch(path, {"role": "auditor"}),
        await team.http.delete(path, headers=team.headers()),
        await team.http.delete(f"/v1/members/{ids.encode('mem', owner.id)}", headers=team.headers()),
    ):
        assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
    assert len((await team.get("/v1/members")).json()["data"]) == 3
    assert (await team.get("/v1/invitations")).json()["data"] == []


async def test_role_is_changed_and_membership_ended(team: Api, operator_pool: Pool, api: Api) -> None:
    await let_keys_give(operator_pool, team.cast.org_id)
    member = await add_member(operator_pool, team.cast.org_id, Role.BILLING)
    path = f"/v1/members/{ids.encode('mem', member.id)}"

    changed = await team.patch(path, {"role": "auditor"})
    gone = await team.http.delete(path, headers=team.headers())

    assert (changed.status_code, changed.json()["role"], gone.status_code) == (200, "auditor", 204)
    assert (await team.get(path)).status_code == 404
    acts = (await api.get("/v1/audit?filter[kind]=act")).json()["data"]
    me = (await team.get("/v1/me")).json()["key"]
    assert [one["what"] for one in acts if one["actor"] == me] == ["team.remove", "team.make_auditor"]


async def test_test_keys_and_bound_keys_change_no_team(api: Api, keys: Keys, operator_pool: Pool) -> None:
    await let_keys_give(operator_pool, api.cast.org_id)
    tester = await keys(api, scopes=("members:*",), mode=Mode.TEST)
    bound = await keys(api, scopes=("members:*",), firm_ids=[api.cast.firm_id])

    assert problem_of(await tester.post("/v1/invitations", ASH)) == "key_mode_mismatch"
    assert problem_of(await bound.post("/v1/invitations", ASH)) == "insufficient_scope"


async def test_people_of_others_are_missing(team: Api, customers: Customers, operator_pool: Pool) -> None:
    await let_keys_give(operator_pool, team.cast.org_id)
    other = await customers(organization="Other Apps")
    theirs = await add_member(operator_pool, other.cast.org_id, Role.DEVELOPER)
    path = f"/v1/members/{ids.encode('mem', theirs.id)}"

    for answer in (
        await team.get(path),
        await team.patch(path, {"role": "auditor"}),
        await team.http.delete(path, headers=team.headers()),
    ):
        assert (answer.status_code, problem_of(answer)) == (404, "not_found")


async def test_mails_to_one_address_are_counted(team: Api, operator_pool: Pool, settings: Settings) -> None:
    await let_keys_give(operator_pool, team.cast.org_id)

    answers = [await team.post("/v1/invitations", {**ASH, "email": "many@ledgerline.example"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert problem_of(answers[-1]) == "rate_limited"
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_organization_is_renamed_and_moved_to_another_zone(api: Api, keys: Keys) -> None:
    changed = await api.patch("/v1/organization", {"name": "Ledgerline Group", "time_zone": "America/Chicago"})
    bound = await keys(api, firm_ids=[api.cast.firm_id])

    assert changed.status_code == 200, changed.text
    assert changed.json() == (await api.get("/v1/organization")).json()
    assert (changed.json()["name"], changed.json()["keys_may_grant"]) == ("Ledgerline Group", False)
    for wrong, field in (({"time_zone": "Mars/Base"}, "/time_zone"), ({"name": " "}, "/name")):
        refused = await api.patch("/v1/organization", wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, field)
    assert problem_of(await bound.patch("/v1/organization", {"name": "Mine"})) == "insufficient_scope"
