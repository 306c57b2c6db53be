"""`Idempotency-Key` (assumed): a write is performed once per key and session; the first answer is kept for a day."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from service.sandbox.clock import NowS
from service.sandbox.http import Request, Response
from service.sandbox.taxdome.errors import RefusalError

KEY_LIFE_S = 86_400
_KEPT_KEYS = 10_000


class _Kept(msgspec.Struct, frozen=True):
    fingerprint: bytes
    response: Response
    until: float


class Once:
    """The first answers to keys."""

    def __init__(self, now_s: NowS) -> None:
        self._now_s = now_s
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def reset(self) -> None:
        """Forgets every key."""
        self._kept.clear()

    def perform(self, request: Request, login: str, act: Callable[[], Response]) -> Response:
        """The answer of the first time; RefusalError when the key was another request's. Refusals are kept too."""
        sent = request.headers.get("idempotency-key")
        if sent is None:
            return act()
        key = (login, sent)
        account = request.headers.get("x-account-id", "")
        large = request.large.size_bytes if request.large else 0  # a file is told apart by its length alone
        target = f"{request.method} {request.path} {sorted(request.query.items())} {account} {large} "
        fingerprint = hashlib.sha256(target.encode() + request.body).digest()
        kept = self._kept.get(key)
        if kept is not None and kept.until > self._now_s():
            if kept.fingerprint != fingerprint:
                raise RefusalError("idempotency_conflict", "This Idempotency-Key was used for another request.")
            return kept.response
        try:
            response = act()
        except RefusalError as refusal:
            response = refusal.response
        self._kept[key] = _Kept(fingerprint, response, self._now_s() + KEY_LIFE_S)
        if len(self._kept) > _KEPT_KEYS:
            self._kept.popitem(last=False)
        return response
