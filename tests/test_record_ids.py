"""Record ids lead back to the record, whatever the vendor calls it."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.ids import Book, RecordId, parse_record_id

BOOK = Book(UUID(int=7), 3, "9130")


@given(st.text(min_size=1, max_size=100), st.sampled_from(["cli_", "trk_", "usr_"]))
def test_an_id_leads_back_to_its_record(remote_id: str, prefix: str) -> None:
    found = parse_record_id(prefix, BOOK.ref(prefix, remote_id))

    assert found == RecordId(UUID(int=7), 3, remote_id)


def test_more_staff_than_is_remembered_keeps_its_ids() -> None:
    book = Book(UUID(int=7), 3, "9130")
    first = [book.ref("usr_", str(number)) for number in range(5_000)]
    again = [book.ref("usr_", str(number)) for number in range(5_000)]

    assert first == again
    assert len(set(first)) == 5_000


def test_staff_of_two_accounts_are_apart() -> None:
    other = Book(UUID(int=7), 4, "9131")

    assert BOOK.ref("usr_", "7") != other.ref("usr_", "7")
    assert BOOK.priced_in("USD").ref("usr_", "7") == BOOK.ref("usr_", "7")


def test_staff_and_what_is_booked_by_are_apart() -> None:
    ids = {prefix: BOOK.ref(prefix, "7") for prefix in ("usr_", "trk_", "itm_")}

    assert all(found.startswith(prefix) for prefix, found in ids.items())
    assert {prefix: BOOK.ref(prefix, "7") for prefix in ids} == ids
