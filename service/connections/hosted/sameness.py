"""Whether a login with which a firm connects again leads to the accounts that the connection had."""

from collections.abc import Iterable, Sequence
from enum import Enum
from hashlib import sha256
from typing import Final
from uuid import UUID

from service.connections.store import Account
from service.connectors.sdk.connector import FoundAccount

_MOST: Final = 256


class Led(Enum):
    """Where it leads."""

    THERE = "there"
    ELSEWHERE = "elsewhere"
    UNTOLD = "untold"
    """The vendor named no account, and there is nothing to compare: nobody can say."""


def led(had: Sequence[Account], told_by: frozenset[bytes], has: Sequence[FoundAccount], salt: UUID, word: str) -> Led:
    """By the vendor's own ids. Where one side has none but our `word` for it, by what the accounts are told by.

    Two accounts have no mark in common, so that one which both sides have is proof; vendors add types and clients, and
    drop some, so that more is not asked for.
    """
    before, now = {account.remote_id for account in had}, {account.remote_id for account in has}
    if not word or word not in before | now:
        return Led.THERE if before <= now else Led.ELSEWHERE
    tells = digests(salt, (mark for account in has for mark in account.marks))
    if not told_by or not tells:
        return Led.UNTOLD
    return Led.THERE if told_by & tells else Led.ELSEWHERE


def digests(salt: UUID, marks: Iterable[str]) -> frozenset[bytes]:
    """Marks as they are kept: salted by the connection, so that they say nothing, and nothing of who shares them.

    Of very many the smallest are kept, which are the same ones whenever the marks are.
    """
    return frozenset(sorted(sha256(salt.bytes + mark.encode()).digest()[:16] for mark in marks)[:_MOST])
