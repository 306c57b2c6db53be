"""What a sandbox vendor's tokens do over time."""

import pytest

from service.sandbox.grants import Grants, InvalidGrantError


@pytest.mark.parametrize("reuse_revokes", [True, False])
def test_refresh_token_that_comes_twice_ends_the_consent_only_where_the_vendor_says_so(reuse_revokes: bool) -> None:
    grants = Grants(lambda: 0.0, access_s=60, refresh_s=600, hard_s=6000, reuse_revokes=reuse_revokes)
    first = grants.consent(frozenset({"read"}))
    second = grants.refresh(first.refresh_token)

    with pytest.raises(InvalidGrantError):
        grants.refresh(first.refresh_token)

    assert (grants.scopes_of(second.access_token) is None) is reuse_revokes
