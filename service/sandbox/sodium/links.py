"""Links that open a document for whoever holds them, until they end."""

import hashlib
import hmac
from urllib.parse import urlencode

from service.sandbox.clock import NowS
from service.sandbox.http import Request
from service.sandbox.sodium import wire

_LINK_LIFE_S = 3600
_KEY = b"sandbox storage account"


def make_link(request: Request, tenant: str, code: str, now_s: NowS) -> str:
    """A link that opens a document for whoever holds it, for one to two hours."""
    until = int(now_s()) // _LINK_LIFE_S * _LINK_LIFE_S + 2 * _LINK_LIFE_S
    path = f"/blobs/{tenant}/{code}"
    query = urlencode({"sp": "r", "se": wire.instant(until), "sig": _sign(path, until)})
    return f"http://{request.headers.get('host', '127.0.0.1')}{path}?{query}"


def opens(request: Request, now_s: float) -> bool:
    """Whether a link is one of ours and still good."""
    end = request.query.get("se", "")
    for until in (int(now_s) // _LINK_LIFE_S * _LINK_LIFE_S + life * _LINK_LIFE_S for life in (1, 2)):
        if end == wire.instant(until):
            return hmac.compare_digest(request.query.get("sig", ""), _sign(request.path, until))
    return False


def _sign(path: str, until: int) -> str:
    return hmac.new(_KEY, f"{path} {until}".encode(), hashlib.sha256).hexdigest()
