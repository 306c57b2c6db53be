"""Who calls: the bearer key of a request, and the caller behind it."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from service.accounts.authenticate import KeyRing
from service.accounts.caller import Caller, check_address
from service.accounts.errors import AddressNotAllowedError, KeyRefusedError
from service.api.call import Call
from service.errors import ADDRESS_NOT_ALLOWED, INVALID_KEY, KEY_IN_URL, MISSING_KEY, ApiProblem

Proxies: TypeAlias = Sequence[IPv4Network | IPv6Network]
"""Networks whose `X-Forwarded-For` is believed."""


async def authenticate(call: Call, keys: KeyRing, proxies: Proxies) -> Caller:
    """The caller of this call; a 401 or 403 problem otherwise. Keys are taken from the Authorization header only."""
    for part in (call.scope["query_string"], call.scope["raw_path"]):
        if b"tm_live_" in part or b"tm_test_" in part:
            raise ApiProblem(KEY_IN_URL, "The URL holds something that looks like an API key.")
    header = call.header(b"authorization")
    if header is None:
        raise ApiProblem(MISSING_KEY, "The request has no `Authorization` header.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ApiProblem(MISSING_KEY, "The `Authorization` header is not of the form `Bearer <key>`.")
    try:
        caller = await keys.caller(token.lstrip(" "))  # one or more spaces (RFC 9110, 11.4)
        if caller.ip_allow:
            check_address(caller, client_address(call, proxies))
    except AddressNotAllowedError:
        raise ApiProblem(ADDRESS_NOT_ALLOWED, "The key has an allow-list, and this address is not on it.") from None
    except KeyRefusedError as refusal:
        raise ApiProblem(INVALID_KEY, "No such key, or it is expired or revoked.") from refusal
    return caller


def client_address(call: Call, proxies: Proxies) -> str:
    """The address of the client: of the peer, or what trusted proxies say it is (the last hop nobody trusts)."""
    client = call.scope["client"]
    address = client[0] if client is not None else ""
    hops = call.listed(b"x-forwarded-for").split(",") if proxies else []
    while hops and _is_trusted(address, proxies):
        address = hops.pop().strip()
    return address


def _is_trusted(address: str, proxies: Proxies) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None  # as a dual-stack socket says it
    return any((mapped or found) in proxy for proxy in proxies)
