"""The offline verifier finds edits, deletions, reorders, truncations and insertions, however well they are made."""

from collections.abc import Callable

import msgspec
import pytest

from service.audit.checkpoints import Signer
from service.audit.verify import Verdict, verify
from tests.audit.logs import SIGNER, exported, rows

Forge = Callable[[list[bytes]], list[bytes]]
KEY = SIGNER.public_key
EVERY = 5


@pytest.fixture
def contents() -> list[bytes]:
    return rows(12)


def kind(verdict: Verdict) -> str | None:
    return verdict.found[0].kind if verdict.found else None


def test_untouched_log_is_intact(contents: list[bytes]) -> None:
    lines, kept = exported(contents, EVERY)

    verdict = verify(lines, public_key=KEY, kept=kept)

    assert verdict.intact
    assert (verdict.rows, verdict.checkpoints, verdict.trusted_key) == (12, 3, True)


def is_row(line: bytes) -> bool:
    return line.startswith(b'{"line":"row"')


def row_at(lines: list[bytes], seq: int) -> int:
    return [number for number, line in enumerate(lines) if is_row(line)][seq - 1]


def test_one_changed_digit_is_found(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)
    at = row_at(lines, 7)
    lines[at] = lines[at].replace(b'"status":200', b'"status":201')

    assert kind(verify(lines, public_key=KEY)) == "edited"


def test_every_byte_of_a_row_is_covered(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)
    at = row_at(lines, 3)

    for place in range(len(lines[at]) - 1):
        changed = bytearray(lines[at])
        changed[place] ^= 1
        assert not verify([*lines[:at], bytes(changed), *lines[at + 1 :]], public_key=KEY).intact, place


@pytest.mark.parametrize("seq", [1, 5, 6, 12])
def test_deleted_row_is_found(contents: list[bytes], seq: int) -> None:
    lines, _ = exported(contents, EVERY)
    del lines[row_at(lines, seq)]

    assert kind(verify(lines, public_key=KEY)) == "deleted"


@pytest.mark.parametrize(("first", "second"), [(1, 2), (3, 9)])
def test_swapped_rows_are_found(contents: list[bytes], first: int, second: int) -> None:
    lines, _ = exported(contents, EVERY)
    one, other = row_at(lines, first), row_at(lines, second)
    lines[one], lines[other] = lines[other], lines[one]

    assert kind(verify(lines, public_key=KEY)) in ("deleted", "reordered")


def test_swapped_rows_with_swapped_places_are_found(contents: list[bytes]) -> None:
    lines, _ = exported([contents[1], contents[0], *contents[2:]], EVERY)
    mine, _ = exported(contents, EVERY)
    for at, line in enumerate(mine):
        if not is_row(line):
            lines[at] = line  # the real checkpoints over a chain that was made anew

    assert kind(verify(lines, public_key=KEY)) == "edited"


@pytest.mark.parametrize("lines_kept", [1, 4, 7, -1])
def test_cut_file_is_found(contents: list[bytes], lines_kept: int) -> None:
    lines, _ = exported(contents, EVERY)

    assert kind(verify(lines[:lines_kept], public_key=KEY)) == "truncated"


def test_file_cut_within_a_line_is_found(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)

    assert kind(verify([*lines[:3], lines[3][:20]], public_key=KEY)) == "truncated"


def test_log_cut_at_a_checkpoint_before_its_export_is_found_by_kept_checkpoints(contents: list[bytes]) -> None:
    _, kept = exported(contents, EVERY)
    cut, _ = exported(contents[:10], EVERY)

    assert verify(cut, public_key=KEY).intact
    assert kind(verify(cut, public_key=KEY, kept=kept)) == "truncated"


def test_row_put_in_is_found(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)
    at = row_at(lines, 4)

    assert kind(verify([*lines[:at], lines[at], *lines[at:]], public_key=KEY)) == "reordered"


def test_row_put_in_with_a_chain_made_anew_is_found(contents: list[bytes]) -> None:
    forged, _ = exported([*contents[:4], rows(1)[0], *contents[4:]], EVERY, Signer(b"s" * 32))
    lines, _ = exported(contents, EVERY)

    assert kind(verify(forged, public_key=KEY)) == "forged"
    assert kind(verify([lines[0], *forged[1:]], public_key=KEY)) == "forged"


def test_rows_after_the_last_checkpoint_are_found(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)
    more, _ = exported([*contents, *rows(1)], 20)
    extra = more[row_at(more, 13)]

    assert kind(verify([*lines[:-1], extra, lines[-1]], public_key=KEY)) == "inserted"
    assert kind(verify([*lines, extra], public_key=KEY)) == "inserted"


def test_deleted_checkpoint_is_found(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)
    at = next(number for number, line in enumerate(lines) if b'"line":"checkpoint"' in line)

    assert not verify([*lines[:at], *lines[at + 1 :]], public_key=KEY).intact


def test_rewritten_log_signed_with_the_real_key_is_found_by_kept_checkpoints(contents: list[bytes]) -> None:
    _, kept = exported(contents, EVERY)
    rewritten, _ = exported([*contents[:11], rows(1)[0]], EVERY)

    assert kind(verify(rewritten, public_key=KEY, kept=kept)) == "edited"


def test_log_of_another_organization_does_not_pass(contents: list[bytes]) -> None:
    lines, _ = exported(contents, EVERY)
    head = msgspec.json.decode(lines[0])
    head["org"] = "01934567-0000-7cde-8f01-23456789abcd"

    assert kind(verify([msgspec.json.encode(head) + b"\n", *lines[1:]], public_key=KEY)) == "edited"


def test_empty_file_is_truncated() -> None:
    assert kind(verify([], public_key=KEY)) == "truncated"
