"""The two structures that make an edit of the log visible: a hash chain, and Merkle trees over stretches of it.

leaf    SHA-256(00 ‖ content)                       of a row (RFC 9162)
node    SHA-256(01 ‖ left ‖ right)                  of a tree (RFC 9162)
link    SHA-256(02 ‖ link before ‖ seq ‖ leaf)      of the chain; an organization's first one follows its `genesis`
"""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID


def genesis(org_id: UUID) -> bytes:
    """What an organization's first link follows, so that no chain passes for another organization's."""
    return sha256(b"tickmark audit log\x00" + org_id.bytes).digest()


def leaf_hash(content: bytes) -> bytes:
    """Of a row's canonical bytes."""
    return sha256(b"\x00" + content).digest()


def link_hash(before: bytes, seq: int, leaf: bytes) -> bytes:
    """Of a row in its place."""
    return sha256(b"\x02" + before + seq.to_bytes(8, "big") + leaf).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Of leaf hashes in order (RFC 9162, 2.1.1); at least one."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What proves that the leaf at `index` stands under the root, from the bottom up (RFC 9162, 2.1.3)."""
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _above(level), index >> 1
    return path


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf at `index` of `size` to the root."""
    if not 0 <= index < size:
        return False
    found, last, rest = leaf, size - 1, list(path)
    while last:
        if index & 1 or index < last:
            if not rest:
                return False
            sibling = rest.pop(0)
            found = _node(sibling, found) if index & 1 else _node(found, sibling)
        index, last = index >> 1, last >> 1
    return not rest and found == root


def _above(level: list[bytes]) -> list[bytes]:
    """The next level up: pairs become nodes, one that is left over rises as it is."""
    nodes = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*nodes, level[-1]] if len(level) % 2 else nodes


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
