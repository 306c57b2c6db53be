"""Every sample of the reference is run as it stands there, and the API answers what the contract says."""

from pathlib import Path

import pytest

from service.samples.languages import samples
from service.samples.requests import is_for_customers

from .runners import runners
from .world import World

pytestmark = pytest.mark.anyio


async def test_every_sample_runs_and_is_answered_as_documented(world: World, tmp_path: Path) -> None:
    asked = [one for one in world.requests.operations.values() if is_for_customers(one)]
    wrong: list[str] = []
    languages: list[str] = []
    async with runners(tmp_path) as run:
        for request in map(world.requests.of, asked):
            for sample in samples(request, str(world.api.http.base_url)):
                environment = await world.environment(request)
                ran = await run[sample.language](sample.text, environment)
                languages.append(sample.language)
                if ran.error is not None or ran.status not in request.statuses:
                    wrong.append(f"{request.operation_id}: {ran.status} {ran.error}\n{sample.text}")

    assert wrong == [], "\n\n".join(wrong)
    assert languages == ["curl", "Python", "TypeScript"] * len(asked)
