import pytest

from service.connectors.sdk.flow import Response
from service.connectors.sdk.retry_after import retry_after_s

SENT = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "1e12"}, 86_400.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:30 GMT", "date": SENT}, 90.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT", "date": SENT}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 -0000", "date": SENT}, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:30 GMT"}, None),
    ],
)
def test_retry_after_is_read_without_a_clock(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(Response(429, headers, b"")) == seconds
