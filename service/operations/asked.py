"""What was asked, kept so that the same request can be made again without its caller."""

from typing import Final

import msgspec

from service.api.call import Call
from service.api.inner import Inner

_REPEATED: Final = frozenset({b"idempotency-key", b"if-match", b"content-type"})
"""Headers that make the request the same one. The API key is not among them, nor how long the caller would wait."""
_pack = msgspec.msgpack.Encoder().encode
inner_of = msgspec.msgpack.Decoder(Inner).decode
"""The call to make, of what `asked_of` gave."""


def asked_of(call: Call, connection: str, account: str, body: bytes, also: tuple[str, ...] = ()) -> bytes:
    """The call as it is to be made again: of this connection and account, also when others have come since. `also` are
    further headers that the vendor is given."""
    kept = _REPEATED.union(name.encode() for name in also)
    headers = [(name, value) for name, value in call.scope["headers"] if name in kept]
    headers += [(b"connection-id", connection.encode()), (b"account-id", account.encode("latin-1", "replace"))]
    query = call.scope["query_string"].decode("latin-1")
    target = call.scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
    return _pack(Inner(call.method, target, tuple(headers), body))
