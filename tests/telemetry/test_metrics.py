import urllib.request
from typing import Any
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.connectors.sdk import faults
from service.telemetry import CallRecord, Metrics, Telemetry, fault_kind, setup
from service.telemetry.metrics import MAX_SERIES
from service.telemetry.prometheus import MetricsPage, render


def a_call(**changes: Any) -> CallRecord:
    told: dict[str, Any] = {
        "request_id": UUID("0193a1b2-0000-7000-8000-00000000beef"),
        "operation": "listClients",
        "method": "GET",
        "route": "/v1/clients",
        "status": 200,
        "outcome": "success",
        "started_at_ns": 1_795_000_000_000_000_000,
        "duration_ns": 40_000_000,
        "vendor": "canopy",
        "admission_ns": 20_000,
        "vendor_ns": 30_000_000,
        "mapping_ns": 300_000,
        "metering_ns": 900_000,
        "vendor_calls": 1,
        "metered": True,
    }
    return CallRecord(**{**told, **changes})


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample as Prometheus's own parser reads it: (name, label values…) → value."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(render(metrics))
        for sample in family.samples
    }


def test_calls_are_counted_by_operation_status_and_outcome() -> None:
    metrics = Metrics()
    for call in (a_call(), a_call(), a_call(status=502, outcome="vendor_error", metered=False)):
        metrics.count_call(call)

    found = samples(metrics)

    assert found["tickmark_requests_total", "listClients", "200", "success"] == 2
    assert found["tickmark_requests_total", "listClients", "502", "vendor_error"] == 1
    assert found["tickmark_usage_rows_total",] == 2
    assert found["tickmark_vendor_calls_total", "canopy"] == 3


def test_legs_are_spread_over_buckets() -> None:
    metrics = Metrics()
    metrics.count_call(a_call(vendor_ns=30_000_000))
    metrics.count_call(a_call(vendor_ns=70_000_000_000))

    found = samples(metrics)

    bucket = "tickmark_leg_duration_seconds_bucket"
    assert found[bucket, "vendor", "canopy", "0.025"] == 0
    assert found[bucket, "vendor", "canopy", "0.05"] == 1
    assert found[bucket, "vendor", "canopy", "30"] == 1
    assert found[bucket, "vendor", "canopy", "+Inf"] == 2
    assert found["tickmark_leg_duration_seconds_sum", "vendor", "canopy"] == pytest.approx(70.03)
    assert found["tickmark_leg_duration_seconds_count", "metering", "canopy"] == 2


def test_a_bound_belongs_to_its_bucket() -> None:
    metrics = Metrics()
    metrics.count_call(a_call(duration_ns=5_000_000))

    assert samples(metrics)["tickmark_request_duration_seconds_bucket", "listClients", "0.005"] == 1


def test_faults_retries_refreshes_and_refusals_are_counted() -> None:
    metrics = Metrics()
    metrics.count_call(a_call(fault=fault_kind(faults.SchemaDrift("/id", "text")), retries=2, refreshes=1))
    metrics.count_call(
        a_call(status=429, outcome="client_error", error_code="rate_limited", vendor=None, vendor_calls=0)
    )

    found = samples(metrics)

    assert found["tickmark_vendor_faults_total", "canopy", "schema_drift"] == 1
    assert found["tickmark_vendor_retries_total", "canopy"] == 2
    assert found["tickmark_vendor_refreshes_total", "canopy"] == 1
    assert found["tickmark_rate_limited_total", "rate_limited"] == 1


def test_a_queue_is_measured_when_somebody_looks() -> None:
    metrics = Metrics()
    queue: list[int] = []
    metrics.gauge("tickmark_queue_length", lambda: len(queue), queue="usage")
    queue.extend(range(7))

    assert samples(metrics)["tickmark_queue_length", "usage"] == 7


def test_labels_out_of_bounds_do_not_eat_the_memory() -> None:
    metrics = Metrics()
    for number in range(MAX_SERIES + 500):
        metrics.count_call(a_call(operation=f"op{number}"))

    found = samples(metrics)

    assert found["tickmark_requests_total", "other", "0", "other"] == 500
    assert sum(value for key, value in found.items() if key[0] == "tickmark_requests_total") == MAX_SERIES + 500


def test_words_that_are_no_names_of_ours_never_become_labels() -> None:
    metrics = Metrics()
    metrics.count_call(
        a_call(operation="Canary Plumbing", vendor='Canary"\n', outcome="CANARY", fault="Canary said no")
    )

    page = render(metrics)

    assert "canary" not in page.lower()
    assert samples(metrics)["tickmark_requests_total", "other", "200", "other"] == 1
    assert samples(metrics)["tickmark_vendor_faults_total", "other", "other"] == 1


def test_each_worker_gets_a_page_of_its_own() -> None:
    one, other = Metrics(), Metrics()
    one.count("tickmark_usage_rows", 1)
    other.count("tickmark_usage_rows", 2)
    first = MetricsPage(one, "127.0.0.1", 0)
    second = MetricsPage(other, "127.0.0.1", first.port)
    try:
        assert second.port != first.port
        assert "tickmark_usage_rows_total 1\n" in read(first.port)
        assert "tickmark_usage_rows_total 2\n" in read(second.port)
    finally:
        first.close()
        second.close()


def test_setup_serves_the_page_and_shutdown_ends_it() -> None:
    telemetry = setup(metrics_port=0)
    telemetry.observe(a_call())
    port = telemetry.metrics_port
    assert port is not None
    assert 'operation="listClients"' in read(port)

    telemetry.shutdown()

    with pytest.raises(OSError, match="refused"):
        read(port)


def test_bare_telemetry_only_counts() -> None:
    telemetry = Telemetry()
    telemetry.observe(a_call())
    telemetry.metering_down(RuntimeError("gone"))

    found = samples(telemetry.metrics)
    assert found["tickmark_metering_down_total",] == 1
    assert telemetry.metrics_port is None


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())
