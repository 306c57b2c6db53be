"""Who comes in, and how, stands in the audit log: signing up, signing in, joining, a new password."""

import pytest

from service.accounts import members
from service.accounts.credentials import password_reset, reset_password
from service.accounts.passwords import Passwords
from service.accounts.roles import Role
from service.accounts.sessions import open_session
from service.audit.acts import member_actor
from service.db.pool import Pool, as_organization

pytestmark = pytest.mark.anyio

PASSWORD = "a long and unusual sentence 42"


async def test_each_way_in_has_one_row_that_names_who_came(app_pool: Pool, operator_pool: Pool) -> None:
    passwords = Passwords()
    owner = await members.sign_up(
        app_pool, passwords, email="morgan@birch.example", name="Morgan Vale", password=PASSWORD, organization="Birch"
    )
    async with as_organization(app_pool, owner.org_id) as connection:
        await open_session(connection, owner.org_id, owner.id, user_agent="Firefox", address="192.0.2.7")
        _, joining = await members.invite(connection, owner, "ash@birch.example", Role.DEVELOPER)
    joined = await members.join(app_pool, passwords, joining, name="Ash Alder", password=PASSWORD + "!")
    leave = await password_reset(app_pool, "ash@birch.example")
    assert leave is not None
    await reset_password(app_pool, passwords, leave, PASSWORD + "?")

    rows = await operator_pool.fetch(
        "SELECT content::jsonb ->> 'what' AS what, content::jsonb ->> 'actor' AS actor, content FROM audit_rows"
        " WHERE org_id = $1 ORDER BY id",
        owner.org_id,
    )
    assert [(row["what"], row["actor"]) for row in rows] == [
        ("orgs.create", member_actor(owner.id)),
        ("firms.create", member_actor(owner.id)),
        ("members.sign_in", member_actor(owner.id)),
        ("team.invite", member_actor(owner.id)),
        ("members.join", member_actor(joined.id)),
        ("members.reset_password", member_actor(joined.id)),
    ]
    assert not any("birch.example" in row["content"] or "192.0.2.7" in row["content"] for row in rows)
