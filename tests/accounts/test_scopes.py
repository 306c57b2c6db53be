"""What a key may do is a plain list, fixed when it is made."""

import pytest

from service.accounts.errors import UnknownScopeError
from service.accounts.scopes import SCOPES, expand_scopes


def test_stars_become_the_scopes_of_today() -> None:
    assert expand_scopes(["*:*"]) == tuple(sorted(SCOPES))
    assert expand_scopes(["clients:*", "clients:read"]) == ("clients:read", "clients:write")
    assert set(expand_scopes(["*:read"])) == {scope for scope in SCOPES if scope.endswith(":read")}


@pytest.mark.parametrize("pattern", ["", "*", "all", "cli*:read", "clients:read:x", "usage:delete", "CLIENTS:read"])
def test_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UnknownScopeError):
        expand_scopes([pattern])
