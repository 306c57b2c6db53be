"""The one region whose firms a database keeps."""

from collections.abc import Mapping

from service.db.pool import Connection, Pool

FIRM_ELSEWHERE = "TM421"
"""The SQLSTATE of what would read or keep something of another region's firm; the message is the region."""


class RegionError(Exception):
    """The database belongs to another region than was said; its text says which."""


async def bind(connection: Connection, region: str, elsewhere: Mapping[str, str]) -> None:
    """Binds a database to its region, as the schema's owner, and notes where others are answered.

    Raises RegionError where it is bound to another.
    """
    if not await connection.fetchval("SELECT to_regclass('public.regions') IS NOT NULL"):
        return  # not migrated as far as that
    bound = await connection.fetchval("SELECT region_here()")
    if bound is None:
        await connection.execute("INSERT INTO regions (region, is_here) VALUES ($1, true)", region)
    elif bound != region:
        raise RegionError(_differs(bound, region))
    for other, url in elsewhere.items():
        await connection.execute(
            "INSERT INTO regions (region, url) VALUES ($1, $2) ON CONFLICT (region) DO UPDATE SET url = EXCLUDED.url",
            other,
            url,
        )


async def check_region(pool: Pool, region: str) -> None:
    """Before anything is served. Raises RegionError."""
    bound = await pool.fetchval("SELECT region_here()")
    if bound != region:
        raise RegionError(_differs(bound, region))


def _differs(bound: str | None, region: str) -> str:
    return f"The database keeps firms of {bound or 'no region yet'}, and TICKMARK_REGION is {region}."
