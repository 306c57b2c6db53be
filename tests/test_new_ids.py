"""Ids that we make: UUIDv7 as RFC 9562 has them, never twice, not in a forked child either."""

import copy
import os
import pickle
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from service.ids import canonical, decode, encode, made_at, new_uuid

MADE = 20_000


def test_ids_are_version_7_of_their_instant() -> None:
    made = new_uuid(1_795_000_000_123_456_789)

    assert (made.version, made.variant) == (7, RFC_4122)
    assert made_at(made).timestamp() == 1_795_000_000.123


def test_ids_are_in_the_order_in_which_they_were_made() -> None:
    """Two acts of one process, or two calls, are at least so far apart."""
    made = [new_uuid(1_795_000_000_123_000_000 + 250 * step) for step in range(8_000)]

    assert made == sorted(made)
    assert made_at(made[3_999]) == made_at(made[0]) < made_at(made[4_000])


def test_ids_are_uuids_like_any_other() -> None:
    made = new_uuid()
    again = UUID(str(made))

    assert (made, hash(made), made.is_safe) == (again, hash(again), again.is_safe)
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


@given(st.uuids(), st.uuids())
def test_ids_are_written_in_order_and_read_back(one: UUID, other: UUID) -> None:
    texts = [encode("req", one), encode("req", other)]

    assert [decode("req", text) for text in texts] == [one, other]
    assert sorted(texts) == [encode("req", value) for value in sorted((one, other))]
    assert {len(text) for text in texts} == {30}


def test_ids_are_written_as_everybody_writes_them() -> None:
    for made in (new_uuid(), UUID(int=0), UUID(int=2**128 - 1)):
        assert canonical(made) == str(made)


def test_no_id_comes_twice() -> None:
    assert len({new_uuid(1) for _ in range(MADE)}) == MADE


def test_forked_child_makes_ids_of_its_own() -> None:
    new_uuid()
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(there, b"".join(new_uuid(1).bytes for _ in range(300)))
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(here, 300 * 16)

    theirs = {told[at : at + 16] for at in range(0, len(told), 16)}
    assert len(theirs) == 300
    assert theirs.isdisjoint(new_uuid(1).bytes for _ in range(300))
