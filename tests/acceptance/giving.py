"""An organization with an owner, whose word lets keys give to others."""

from uuid import UUID

from service.accounts import members_store
from service.accounts.granting import set_granting
from service.accounts.members_store import Member
from service.accounts.roles import Role
from service.clock import now
from service.db.pool import Pool
from service.ids import new_uuid

NO_PASSWORD = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"


async def add_member(pool: Pool, org_id: UUID, role: Role, name: str = "Morgan Vale") -> Member:
    """Somebody who cannot sign in, but is there."""
    made = Member(
        org_id=org_id,
        id=new_uuid(),
        email=f"{new_uuid().hex[-16:]}@ledgerline.example",
        name=name,
        role=role,
        created_at=now(),
    )
    async with pool.acquire() as connection:
        await members_store.insert_member(connection, made, NO_PASSWORD)
    return made


async def let_keys_give(pool: Pool, org_id: UUID) -> Member:
    """The owner on whose word they may from now on."""
    owner = await add_member(pool, org_id, Role.OWNER)
    async with pool.acquire() as connection:
        await set_granting(connection, owner, on=True)
    return owner
