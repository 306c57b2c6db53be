"""Addresses that a vendor hands out, such as signed download links: where may they lead?"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from service.addresses import is_loopback, may_be_public
from service.connectors.sdk.faults import Malformed, NotFound, RateLimited, Refused, Unavailable, VendorFault
from service.connectors.sdk.flow import Response
from service.connectors.sdk.retry_after import retry_after_s


def checked_address(address: str, base_url: str) -> str:
    """The address, if it may be called. Raises Malformed, which names no part of it: it is as good as a password.

    Only public hosts over https; a vendor that itself runs on this machine (a sandbox) may name this machine.
    """
    parts = _split(address)
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise _refused()
    if is_loopback(parts.hostname):
        if parts.scheme not in ("http", "https") or not is_loopback(_split(base_url).hostname or ""):
            raise _refused()
    elif parts.scheme != "https" or not may_be_public(parts.hostname):
        raise _refused()
    return address


def fault_at_address(response: Response) -> VendorFault | None:
    """The fault in an answer at a handed-out address: the words of a file store, not of the vendor's API.

    Without our credentials a 401 or 403 says that the address has run out, not that the connection has.
    """
    status = response.status
    if 200 <= status < 300:
        return None
    kind = Unavailable if status >= 500 else _KINDS.get(status, Refused)
    pause_s = retry_after_s(response)
    return kind(f"HTTP {status} at an address that was handed out", status=status, retry_after_s=pause_s)


_KINDS: Final[Mapping[int, type[VendorFault]]] = {404: NotFound, 410: NotFound, 429: RateLimited}


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise _refused() from None
    return parts


def _refused() -> Malformed:
    return Malformed("the vendor handed out an address that is not called")
