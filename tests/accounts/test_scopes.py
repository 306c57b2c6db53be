"""What a key may do is a plain list, fixed when it is made."""

import pytest

from service.accounts.errors import UnknownScopeError
from service.accounts.scopes import SCOPES, expand_scopes

GIVING = {"keys:read", "keys:write", "members:read", "members:write"}


def test_stars_become_the_scopes_of_today() -> None:
    assert set(expand_scopes(["*:*"])) == set(SCOPES) - GIVING
    assert expand_scopes(["clients:*", "clients:read"]) == ("clients:read", "clients:write")
    assert set(expand_scopes(["*:read"])) == {scope for scope in SCOPES if scope.endswith(":read")} - GIVING


def test_what_gives_power_to_others_is_named_or_not_had() -> None:
    assert expand_scopes(["keys:*"]) == ("keys:read", "keys:write")
    assert expand_scopes(["*:*", "members:read"]) == tuple(sorted({*SCOPES} - GIVING | {"members:read"}))


@pytest.mark.parametrize("pattern", ["", "*", "all", "cli*:read", "clients:read:x", "usage:delete", "CLIENTS:read"])
def test_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UnknownScopeError):
        expand_scopes([pattern])
