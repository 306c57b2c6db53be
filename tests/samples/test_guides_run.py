"""Every command of the guides is run as it stands there, on a customer who follows them."""

import re
from pathlib import Path

import pytest

from service.portal.pages.learning import GUIDES, Guide

from .runners import runners
from .world import World

pytestmark = pytest.mark.anyio

BLOCK = re.compile(r"^```(sh|python|ts)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\$([A-Z_]+)|environ\[[\"']([A-Z_]+)[\"']\]")
LANGUAGES = {"sh": "curl", "python": "Python", "ts": "TypeScript"}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
async def test_commands_of_guide_work(guide: Guide, world: World, tmp_path: Path) -> None:
    """The vendor's books begin anew, so that what a guide writes is not there yet."""
    world.vendors.quickbooks.reset()
    blocks: list[tuple[str, str]] = BLOCK.findall(guide.text)
    wrong: list[str] = []

    async with runners(tmp_path) as run:
        for tag, text in blocks:
            code = text.replace("{base_url}", str(world.api.http.base_url)).strip()
            names = {name for pair in NAMED.findall(code) for name in pair if name and name != "BODY"}
            ran = await run[LANGUAGES[tag]](code, await world.values(names))
            if ran.error is not None:
                wrong.append(f"{ran.error}\n{code}")

    assert wrong == [], "\n\n".join(wrong)
    assert blocks
