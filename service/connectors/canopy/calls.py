"""Canopy's writes: `POST /<entity>` and `PATCH /<entity>/{id}`, each with our key so that it may be sent again."""

from typing import Final

import msgspec
from msgspec import Struct

from service.connectors.canopy.search import EntityName
from service.connectors.sdk.flow import Request
from service.connectors.sdk.references import path_segment

_encode: Final = msgspec.json.Encoder().encode


def create(entity: EntityName, body: Struct, key: str) -> Request:
    """The call that makes a record."""
    return Request(
        method="POST",
        path=f"/{entity}",
        body=_encode(body),
        headers=(("idempotency-key", key),),
        lane="write",
        repeatable=True,
    )


def change(entity: EntityName, remote_id: str, body: Struct, key: str) -> Request:
    """The call that changes what `body` names. Raises NotFound for what cannot be an id."""
    return Request(
        method="PATCH",
        path=f"/{entity}/{path_segment(remote_id)}",
        body=_encode(body),
        headers=(("idempotency-key", key),),
        lane="write",
        repeatable=True,
    )
