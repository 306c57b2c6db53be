"""What must happen when a vendor is busy, forgetful, broken or out of its mind."""

import time
from io import StringIO

import pytest

from service.connectors.sdk.faults import (
    ConnectionRefused,
    Malformed,
    RateLimited,
    SchemaDrift,
    TimedOut,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.keys import ApiKey
from service.telemetry import log_exception, setup
from tests.conformance.rig import Rig
from tests.conformance.subject import Facts
from tests.conformance.trees import drop


class TroubleChecks:
    @pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
    async def test_a_429_is_waited_out_for_as_long_as_it_says(self, rig: Rig, resource: str, as_date: bool) -> None:
        usual = await rig.calls_of_a_page(resource)
        rig.fault(resource, "throttle", retry_after=3, as_date=as_date)
        await rig.page(resource)

        assert (rig.leg.calls, rig.leg.retries) == (usual + 1, 1)
        assert rig.patience.slept == pytest.approx([3], abs=1.1 if as_date else 0)
        assert rig.budgets.penalties_s == rig.patience.slept

    async def test_a_429_that_does_not_say_is_waited_out_for_the_vendors_usual_time(
        self, rig: Rig, resource: str
    ) -> None:
        usual_s = rig.connector.budget.default_retry_after_s
        rig.fault(resource, "throttle", retry_after=None)
        await rig.run(rig.paging(resource), deadline_s=usual_s + 60, wait_s=usual_s)

        assert rig.patience.slept == rig.budgets.penalties_s == [usual_s]

    async def test_a_429_that_cannot_be_waited_out_says_when_to_come_back(
        self, rig: Rig, resource: str, facts: Facts
    ) -> None:
        rig.fault(resource, "throttle", retry_after=30)

        with pytest.raises(RateLimited) as limited:
            await rig.page(resource)
        assert limited.value.retry_after_s == 30
        assert rig.leg.calls == facts.before + 1

    async def test_an_expired_token_is_renewed_exactly_once(self, rig: Rig, resource: str, facts: Facts) -> None:
        usual = await rig.calls_of_a_page(resource)
        rig.fault(resource, "expire_token")
        await rig.page(resource)

        assert (rig.leg.calls, rig.leg.refreshes) == (usual + 1, 1)
        assert rig.server.stats()["token_refreshes"] == 1

    async def test_a_renewed_token_that_is_refused_stops(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "expire_token", count=None)

        with pytest.raises(ConnectionRefused):
            await rig.page(resource)
        assert (rig.leg.calls, rig.server.stats()["token_refreshes"]) == (facts.before + 2, 1)

    async def test_credentials_that_nobody_can_renew_stop(self, rig: Rig, resource: str, facts: Facts) -> None:
        if not isinstance(rig.connector.auth, ApiKey):
            pytest.skip("they can be renewed")
        rig.fault(resource, "expire_token")

        with pytest.raises(ConnectionRefused):
            await rig.page(resource)
        assert rig.leg.calls == facts.before + 1

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_a_failing_vendor_is_asked_again(self, rig: Rig, resource: str, status: int) -> None:
        usual = await rig.calls_of_a_page(resource)
        rig.fault(resource, "server_error", status=status, retry_after=None)
        await rig.page(resource)

        assert (rig.leg.calls, rig.leg.retries) == (usual + 1, 1)

    async def test_a_failing_vendor_is_given_up(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "server_error", count=None)

        with pytest.raises(Unavailable):
            await rig.page(resource)
        assert rig.leg.calls == facts.before + 4

    @pytest.mark.parametrize("kind", ["timeout", "slow_drip"])
    async def test_an_answer_that_does_not_come_in_time_is_a_time_out(self, rig: Rig, resource: str, kind: str) -> None:
        rig.fault(resource, kind, seconds=1)
        started = time.monotonic()

        with pytest.raises(TimedOut):
            await rig.run(rig.paging(resource), deadline_s=0.15)
        assert time.monotonic() - started < 0.9

    @pytest.mark.parametrize(
        "fault", [{"kind": "truncated"}, {"kind": "lost_answer", "method": "*"}], ids=["cut", "lost"]
    )
    async def test_an_answer_that_breaks_off_is_asked_for_again(
        self, rig: Rig, resource: str, fault: dict[str, str]
    ) -> None:
        page = await rig.page(resource)
        usual = rig.leg.calls
        method = _method(rig, resource)
        rig.fault(resource, **{name: method if value == "*" else value for name, value in fault.items()})

        assert await rig.page(resource) == page
        assert rig.leg.calls == usual + 1

    async def test_an_answer_that_always_breaks_off_is_given_up(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "truncated", count=None)

        with pytest.raises(TimedOut):
            await rig.page(resource)
        assert rig.leg.calls == facts.before + 4

    async def test_a_web_page_instead_of_json_is_malformed(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "not_json", count=2)

        with pytest.raises(Malformed):
            await rig.page(resource)
        if rig.binding(resource).get is not None:
            with pytest.raises(Malformed):
                await rig.get(resource, facts.some_id)

    @pytest.mark.parametrize("body", [[1], 7, "text", {}, {"error": None}])
    async def test_json_of_another_shape_is_drift(self, rig: Rig, resource: str, body: object) -> None:
        rig.fault(resource, "wrong_shape", body=body)

        with pytest.raises(SchemaDrift):
            await rig.page(resource)

    async def test_a_fault_inside_200_is_a_fault(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "fault_in_200", count=2)

        with pytest.raises(rig.subject.fault_in_200):
            await rig.page(resource)
        if rig.binding(resource).get is not None:
            with pytest.raises(rig.subject.fault_in_200):
                await rig.get(resource, facts.some_id)

    async def test_a_redirect_is_not_followed(self, rig: Rig, resource: str, facts: Facts) -> None:
        rig.fault(resource, "redirect", location=f"{rig.server.url}/elsewhere")

        with pytest.raises(Malformed):
            await rig.page(resource)
        assert rig.server.stats()["total"] == facts.before + 1

    async def test_an_endless_answer_is_cut_off(self, rig: Rig, resource: str) -> None:
        rig.fault(resource, "huge_body", size_bytes=8 * 1024 * 1024)

        with pytest.raises(Malformed):
            await rig.page(resource)

    async def test_a_wrong_clock_at_the_vendor_changes_nothing(self, rig: Rig, resource: str) -> None:
        before = await rig.page(resource)
        rig.fault(resource, "clock_skew", seconds=-86_400, count=None)

        assert (await rig.page(resource)).records == before.records

    async def test_no_fault_puts_a_client_into_a_log(
        self, rig: Rig, resource: str, client_names: tuple[str, ...]
    ) -> None:
        field = rig.subject.resources[resource].id_field
        stream = StringIO()
        telemetry = setup(log_level="DEBUG", log_stream=stream)
        try:
            for kind in ("drift", "fault_in_200", "truncated"):
                if kind == "drift":
                    rig.edit(resource, lambda row: drop(row, field))
                else:
                    rig.fault(resource, kind)
                with pytest.raises(VendorFault) as found:
                    await rig.run(rig.paging(resource), wait_s=0)
                rig.middle.change = None
                log_exception(found.value)
        finally:
            telemetry.shutdown()

        written = stream.getvalue()
        assert written.count("service.connectors.sdk.faults") >= 3
        assert not [word for word in (*rig.tokens.seen, *client_names) if word in written]


def _method(rig: Rig, resource: str) -> str:
    flow = rig.paging(resource)
    method: str = next(flow).method
    flow.close()
    return method
