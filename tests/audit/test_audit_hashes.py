"""The trees are those of RFC 9162: an independent library builds the same ones and accepts our proofs."""

from typing import Any

import pymerkle
import pytest

from service.audit.hashes import inclusion_path, is_included, leaf_hash, link_hash, merkle_root
from service.ids import new_uuid

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100]


def contents(size: int) -> list[bytes]:
    return [b"row %d" % number for number in range(size)]


def independent(size: int) -> Any:
    tree: Any = pymerkle.InmemoryTree(algorithm="sha256")
    for content in contents(size):
        tree.append_entry(content)
    return tree


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(content) for content in contents(size)]


@pytest.mark.parametrize("size", SIZES)
def test_root_is_the_one_of_an_independent_library(size: int) -> None:
    assert merkle_root(leaves(size)) == independent(size).get_root()


@pytest.mark.parametrize("size", SIZES)
def test_path_is_the_one_of_an_independent_library(size: int) -> None:
    tree = independent(size)

    for index in range(size):
        theirs = tree.prove_inclusion(index + 1, size).serialize()["path"]
        assert [theirs[0], *(step.hex() for step in inclusion_path(leaves(size), index))] == theirs


@pytest.mark.parametrize("size", SIZES)
def test_every_row_is_proven_and_no_other(size: int) -> None:
    found = leaves(size)
    root = merkle_root(found)

    for index, leaf in enumerate(found):
        path = inclusion_path(found, index)
        assert is_included(leaf, index, size, path, root)
        assert not is_included(leaf_hash(b"another row"), index, size, path, root)
        assert not is_included(leaf, index, size, [*path, leaf], root)
        assert not is_included(leaf, index, size, path[:-1], root) or not path
        assert not is_included(leaf, size, size, path, root)


def test_link_depends_on_all_that_went_before() -> None:
    leaf, other = leaf_hash(b"row"), new_uuid().bytes * 2

    links = {link_hash(leaf, 1, leaf), link_hash(leaf, 2, leaf), link_hash(other, 1, leaf), link_hash(leaf, 1, other)}

    assert len(links) == 4
