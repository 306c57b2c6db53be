from uuid import UUID

import pytest

from service import ids
from service.telemetry.sampling import Parent, Sampler, parse_traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def test_about_the_ratio_of_calls_is_sampled() -> None:
    sampler = Sampler(0.25, most_per_s=1_000_000)

    sampled = sum(sampler.samples(ids.new_uuid()) for _ in range(20_000))

    assert 4_500 < sampled < 5_500


@pytest.mark.parametrize(("ratio", "expected"), [(0.0, False), (1.0, True)])
def test_none_and_all_are_exact(ratio: float, expected: bool) -> None:
    sampler = Sampler(ratio, most_per_s=1_000_000)

    assert {sampler.samples(ids.new_uuid()) for _ in range(1000)} == {expected}


def test_a_callers_decision_is_followed() -> None:
    assert Sampler(0.0).samples(ids.new_uuid(), f"00-{TRACE}-{SPAN}-01")
    assert not Sampler(1.0).samples(ids.new_uuid(), f"00-{TRACE}-{SPAN}-00")


def test_callers_cannot_have_every_call_traced() -> None:
    sampler = Sampler(0.0, most_per_s=10)

    sampled = sum(sampler.samples(UUID(int=1), f"00-{TRACE}-{SPAN}-01") for _ in range(1000))

    assert 10 <= sampled <= 20


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}٣-{SPAN}-01",
        f"00-{TRACE[:-1]}g-{SPAN}-01",
        f"00-+{TRACE[1:]}-{SPAN}-01",
    ],
)
def test_a_malformed_traceparent_counts_as_absent(malformed: str) -> None:
    assert parse_traceparent(malformed) is None


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert parse_traceparent(f"01-{TRACE}-{SPAN}-03-more") == Parent(int(TRACE, 16), int(SPAN, 16), sampled=True)
