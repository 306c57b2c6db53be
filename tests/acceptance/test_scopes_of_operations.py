"""Each operation needs the scope that the contract says, and no other."""

from typing import Final

import pytest

from service import ids
from service.accounts.scopes import SCOPES
from tests.acceptance.conftest import Api, Keys, problem_of
from tests.acceptance.operations import OPERATIONS, ask

pytestmark = pytest.mark.anyio

SCOPE_OF: Final = {
    name: operation["security"][0]["apiKey"][0]
    for name, operation in OPERATIONS.items()
    if operation["security"] and operation["security"][0]["apiKey"]
}


def test_every_scope_of_the_contract_can_be_given_to_a_key() -> None:
    assert set(SCOPE_OF.values()) <= set(SCOPES)


@pytest.mark.parametrize("name", sorted(SCOPE_OF))
async def test_operation_needs_its_scope(api: Api, keys: Keys, name: str) -> None:
    others = await keys(api, scopes=tuple(scope for scope in SCOPES if scope != SCOPE_OF[name]))
    enough = await keys(api, scopes=(SCOPE_OF[name],))

    refused = await ask(others, OPERATIONS[name], ids.new_uuid(), ids.encode("req", ids.new_uuid()))
    passed = await ask(enough, OPERATIONS[name], ids.new_uuid(), ids.encode("req", ids.new_uuid()))

    assert (refused.status_code, problem_of(refused)) == (403, "insufficient_scope")
    assert passed.status_code != 403 or problem_of(passed) == "not_turned_on", passed.text
