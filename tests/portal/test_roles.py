"""Every page and form against every role, and what needs a recent proof; asked of the running portal."""

import re
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest
from httpx import AsyncClient

from service.accounts import sessions
from service.accounts.members import sign_up
from service.accounts.members_store import insert_member
from service.accounts.passwords import Passwords
from service.accounts.roles import Permission, Role
from service.db.pool import as_organization, open_pool
from service.ids import encode, new_uuid
from service.portal.portal import portal_routes
from service.portal.route import Route
from tests.conftest import Database
from tests.portal.person import PASSWORD

pytestmark = pytest.mark.anyio

_LOOK = {Role.OWNER, Role.ADMIN, Role.DEVELOPER, Role.BILLING, Role.AUDITOR}
_RULE = {Role.OWNER, Role.ADMIN}
MAY: Mapping[str, set[Role]] = {
    "read": _LOOK,
    "read_calls": _LOOK,
    "read_money": _LOOK - {Role.DEVELOPER},
    "keys": _RULE | {Role.DEVELOPER},
    "connect": _RULE | {Role.DEVELOPER},
    "audit": _RULE | {Role.AUDITOR},
    "budgets": _RULE | {Role.BILLING},
    "team": _RULE,
    "organization": _RULE,
}
"""Said once more, apart from the code."""
_HOST = "@roles.example"
ROUTES = portal_routes()
GUARDED = [route for route in ROUTES if route.needs is not None]
_REFUSED = "Your role does not allow this"
_OPENING = re.compile(r"/(export|download)|budget|/cap|/keys/|passkeys/|second-factor|/password|identities/|/team/")
_CLOSES = ("/settings/passkeys/{id}/name", "/team/invitations/{id}/revoke")
"""Taking back needs no proof, and naming opens nothing."""


@pytest.fixture(scope="module")
async def tokens(database: Database, site: str) -> AsyncIterator[dict[Role, str]]:
    """A session of each role in one organization."""
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)
    made: dict[Role, str] = {}
    owner = await sign_up(
        pool, Passwords(), email=f"owner{_HOST}", name="owner", password=PASSWORD, organization="Roles"
    )
    for role in Role:
        member = msgspec.structs.replace(owner, id=new_uuid(), email=f"{role}{_HOST}", name=str(role), role=role)
        async with as_organization(pool, owner.org_id) as connection:
            if role is Role.OWNER:
                member = owner
            else:
                await insert_member(connection, member, "$argon2id$none")
            made[role] = await sessions.open_session(connection, owner.org_id, member.id, user_agent="", address="")
    yield made
    await pool.close()


def address_of(route: Route) -> str:
    """The route's path with ids of nothing."""
    return re.sub(r"\{\w+\}", encode("key", new_uuid()), route.path)


@pytest.mark.parametrize("role", list(Role))
async def test_role_is_held_to_on_every_page_and_form(role: Role, tokens: dict[Role, str], site: str) -> None:
    wrong: list[str] = []
    async with AsyncClient(base_url=site, cookies={"tm_session": tokens[role]}) as client:
        for route in GUARDED:
            assert route.needs is not None
            answer = await client.request(route.method, address_of(route))
            refused = _REFUSED in answer.text
            if refused is (role in MAY[route.needs]) or answer.status_code == 500:
                wrong.append(f"{route.method} {route.path}: {answer.status_code}")

    assert wrong == []
    assert len(GUARDED) > 30


def test_every_form_that_needs_leave_changes_nothing_for_who_may_only_look() -> None:
    looks = {Permission.READ, Permission.READ_CALLS, Permission.READ_MONEY}
    changing = [route.path for route in GUARDED if route.method == "POST" and route.needs in looks]

    assert [
        path
        for path in changing
        if not re.search(r"/try|/replay|/verify|/download|/search|/export|/evidence|/calls$", path)
    ] == []


def test_what_opens_data_or_ways_in_asks_for_a_recent_proof() -> None:
    forms = [route for route in ROUTES if route.method == "POST" and _OPENING.search(route.path)]
    careless = [route.path for route in forms if not route.recent and not route.anyone and route.path not in _CLOSES]

    assert [path for path in careless if not path.startswith(("/confirm", "/log"))] == []
    assert len(forms) > 12


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if not route.anyone], ids=lambda one: f"{one.method} {one.path}"
)
async def test_nothing_behind_sign_in_is_given_to_a_stranger(route: Route, site: str) -> None:
    async with AsyncClient(base_url=site) as stranger:
        answer = await stranger.request(route.method, address_of(route))

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/")


async def test_admin_cannot_touch_or_make_an_owner(tokens: dict[Role, str], site: str, database: Database) -> None:
    pool = await open_pool(database.owner_url, "tickmark_operator", max_size=1)
    rows = await pool.fetch("SELECT id, role FROM members WHERE email LIKE '%@roles.example'")
    await pool.close()
    member_of = {row["role"]: encode("mem", row["id"]) for row in rows}
    async with AsyncClient(base_url=site, cookies={"tm_session": tokens[Role.ADMIN]}) as admin:
        token = re.search(r'name="token" value="([0-9a-f]{64})"', (await admin.get("/team")).text)
        assert token is not None
        tries = {
            f"/team/{member_of['owner']}/role": {"role": "auditor"},
            f"/team/{member_of['owner']}/remove": {},
            f"/team/{member_of['owner']}/second-factor/remove": {},
            f"/team/{member_of['admin']}/role": {"role": "owner"},
            "/team/invite": {"email": "new@roles.example", "role": "owner"},
        }
        answers = {path: await admin.post(path, data={"token": token[1], **typed}) for path, typed in tries.items()}

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(tries, 422)
    assert all("nly an owner can" in answer.text for answer in answers.values())
