"""What stands around the nouns: batches, passthrough and the vendor's session, as operations."""

from typing import Any, Final, Literal

from service import errors
from service.api import parameters
from service.api.operation import Audit, ByTestKey, Meter, Operation, Parameter
from service.operations.shapes import SlowOperation
from service.resources.user import Session
from service.unified.batch import Batch, BatchAnswers, Batches
from service.unified.passthrough import Passthroughs
from service.unified.routes.problems import VENDOR_PROBLEMS, WRITE_PROBLEMS
from service.unified.sessions import LEVELS, Sessions

_VENDOR: Final = "The vendor's short name, such as `quickbooks`."
_PATH: Final = "The vendor's own path, with its slashes, as the coverage lists them."
_QUERY: Final = Parameter(
    name="query",
    place="query",
    schema={"type": "object", "additionalProperties": {"type": "string"}},
    description="Any parameters of the vendor's own, each by its own name.",
)
_KEY_OF_WRITES: Final = Parameter(
    name=parameters.IDEMPOTENCY_KEY.name,
    place="header",
    schema=parameters.IDEMPOTENCY_KEY.schema,
    description="As for every write; not needed where the vendor's coverage says that the endpoint only reads.",
)


def around_operations(batches: Batches, passthroughs: Passthroughs, sessions: Sessions) -> tuple[Operation, ...]:
    """All of them."""
    return (
        _batch(batches),
        _passed_get(passthroughs),
        _passed_post(passthroughs),
        _passed_change(
            passthroughs, "PUT", "Replace", "tasks/bulk", {"taskCodes": ["TK100001"], "status": "InProgress"}
        ),
        _passed_change(
            passthroughs, "PATCH", "Change", "client-billable-services/CS100001/stage", {"stageCode": "ST100001"}
        ),
        _passed_delete(passthroughs),
        _session(sessions),
    )


def _batch(batches: Batches) -> Operation:
    return Operation(
        id="runBatch",
            by_test_key=ByTestKey.FREELY,
        method="POST",
        path="/v1/batch",
        tag="batch",
        summary="Carry out several operations",
        description="Up to 30 calls at once, each with its own request id, receipt and problem: 200 whatever became of "
        "each. The batch itself is free; what stands in it costs what it costs alone.",
        scope=None,
        meter=Meter.NONE,
        audit=Audit.MANAGEMENT,
        answer=BatchAnswers,
        body=Batch,
        body_example={"operations": [{"method": "GET", "path": "/v1/vendors"}]},
        example={
            "object": "batch",
            "data": [{"status": 404, "headers": {"request-id": "req_06bqf9n9p5z1t8k4x2m7c3h0wd"}, "body": None}],
        },
        run=batches.run,
    )  # fmt: skip


_PASSED: Final[dict[str, Any]] = {
    "path": "/v1/passthrough/{vendor}/{path}",
    "tag": "passthrough",
    "meter": Meter.PASSTHROUGH,
    "audit": Audit.CLIENT_DATA,
    "freshness": "Live: the vendor's own answer, without secrets and government ids.",
    "answer": Any,
}
_REFUSALS: Final = (
    errors.INVALID_PARAMETER,
    errors.CONNECTION_REQUIRED,
    errors.ACCOUNT_REQUIRED,
    errors.NOT_FOUND,
    errors.PASSTHROUGH_NOT_ALLOWED,
)


def _passed_get(passthroughs: Passthroughs) -> Operation:
    return Operation(
        id="passThroughGet",
        method="GET",
        summary="Read from a vendor's own endpoint",
        description="One of the vendor's endpoints that its coverage lists, with any query, below the connection's own "
        "account.",
        scope="passthrough:read",
        parameters=(
            *_endpoint("quickbooks", "preferences"),
            _QUERY,
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.WAIT,
        ),
        problems=(*_REFUSALS, *VENDOR_PROBLEMS),
        run=passthroughs.run,
        **_PASSED,
    )


def _passed_post(passthroughs: Passthroughs) -> Operation:
    return Operation(
        id="passThroughPost",
        method="POST",
        summary="Send to a vendor's own endpoint",
        description="The same for endpoints that take a JSON body, where the vendor's coverage lists them as `POST`."
        "\n\n"
        "A vendor's own batch, such as `quickbooks/batch`, is one call, one `Idempotency-Key` and one unit. Each part "
        "of it needs the scope that it needs alone, such as `clients:write`; one that may not be refuses all of it, "
        "and the problem points at it. The answer is the vendor's, with a fault for each part that failed. Where every "
        "part failed, it is no success: `Usage-Billable: ?0`.",
        scope="passthrough:write",
        parameters=(
            *_endpoint("canopy", "clients/search"),
            _QUERY,
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.DRY_RUN,
            _KEY_OF_WRITES,
            parameters.WAIT_OR_ASYNC,
        ),
        other_answers={202: SlowOperation},
        body=Any,
        body_example={},
        problems=(*_REFUSALS, *WRITE_PROBLEMS),
        run=passthroughs.run,
        **_PASSED,
    )


def _passed_change(
    passthroughs: Passthroughs, method: Literal["PUT", "PATCH"], verb: str, path: str, body: dict[str, Any]
) -> Operation:
    return Operation(
        id=f"passThrough{method.title()}",
        method=method,
        summary=f"{verb} at a vendor's own endpoint",
        description=f"The same for endpoints that the vendor's coverage lists as `{method}`.",
        scope="passthrough:write",
        parameters=(
            *_endpoint("sodium", path),
            _QUERY,
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.DRY_RUN,
            parameters.IDEMPOTENCY_KEY,
            parameters.WAIT_OR_ASYNC,
        ),
        other_answers={202: SlowOperation},
        body=Any,
        body_example=body,
        problems=(*_REFUSALS, *WRITE_PROBLEMS),
        run=passthroughs.run,
        **_PASSED,
    )


def _passed_delete(passthroughs: Passthroughs) -> Operation:
    return Operation(
        id="passThroughDelete",
        method="DELETE",
        summary="Delete at a vendor's own endpoint",
        description="The same for endpoints that the vendor's coverage lists as `DELETE`.",
        scope="passthrough:write",
        parameters=(
            *_endpoint("sodium", "tasks/TK100001/workflow"),
            _QUERY,
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.DRY_RUN,
            parameters.IDEMPOTENCY_KEY,
            parameters.WAIT_OR_ASYNC,
        ),
        other_answers={202: SlowOperation},
        problems=(*_REFUSALS, *WRITE_PROBLEMS),
        run=passthroughs.run,
        **_PASSED,
    )


def _endpoint(vendor: str, path: str) -> tuple[Parameter, Parameter]:
    """Its two parameters, with an endpoint that the vendor's coverage lists."""
    return parameters.path_id("vendor", _VENDOR, vendor), parameters.path_id("path", _PATH, path)


def _session(sessions: Sessions) -> Operation:
    return Operation(
        id="getSecuritySession",
        method="GET",
        path="/v1/security/sessions",
        tag="users",
        summary="Get the session at the vendor",
        description="How the person behind a connection is signed in at the vendor: second factor and devices.",
        scope="security:read",
        meter=Meter.READ,
        audit=Audit.CLIENT_DATA,
        freshness="Live: read from the vendor for this call.",
        answer=Session,
        parameters=(
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.WAIT,
            parameters.one_of("min_mfa", LEVELS, "The weakest second factor that will do; 403 for a weaker session."),
        ),
        problems=(
            errors.INVALID_PARAMETER,
            errors.CONNECTION_REQUIRED,
            errors.ACCOUNT_REQUIRED,
            errors.NOT_FOUND,
            errors.MFA_TOO_WEAK,
            *VENDOR_PROBLEMS,
        ),
        example={
            "object": "session",
            "user": "usr_AZjy0VpQfSKbQ5v7tYvJ6QABdXNyXzE",
            "mfa_level": "phishing_resistant",
            "mfa_level_native": "phishing_resistant",
            "devices": [{"id": "dev_a", "platform": "iOS", "last_seen_at": "2026-11-19T08:12:00Z"}],
        },
        run=sessions.session,
    )
