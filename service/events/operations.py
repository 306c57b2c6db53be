"""Everything that a key can ask about webhooks."""

from typing import Any

from service import errors
from service.api import parameters
from service.api.operation import Audit, ByTestKey, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import PAGING_PROBLEMS
from service.events.delivery_routes import STATES, DeliveryRoutes
from service.events.endpoint_routes import EndpointRoutes
from service.events.endpoints import MOST_ENDPOINTS
from service.events.secrets import Webhooks
from service.events.shapes import (
    ATTEMPTS_EXAMPLE,
    DELIVERY_EXAMPLE,
    ENDPOINT_EXAMPLE,
    EXAMPLE_ID,
    NEW_EXAMPLE,
    SECRET_EXAMPLE,
    NewWebhookEndpoint,
    ReplayRequest,
    SecretRoll,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
    WebhookReplay,
)
from service.resources.common import Page

_SHARED: dict[str, Any] = {"tag": "webhooks", "meter": Meter.NONE, "audit": Audit.MANAGEMENT}
_ENDPOINT = parameters.path_id("id", "The endpoint's id, `whe_…`.")
_DELIVERY = parameters.path_id("id", "The delivery's id, `dlv_…`.")


def webhook_operations(hooks: Webhooks, cursors: Cursors) -> tuple[Operation, ...]:
    """Endpoints, then what was sent to them."""
    return (*_endpoint_operations(EndpointRoutes(hooks)), *_delivery_operations(DeliveryRoutes(hooks, cursors)))


def _endpoint_operations(routes: EndpointRoutes) -> tuple[Operation, ...]:
    return (
        Operation(
            id="listWebhookEndpoints",
            method="GET",
            path="/v1/webhook-endpoints",
            summary="List webhook endpoints",
            description="Those of the key's mode, oldest first. Not for keys bound to firms or connections.",
            scope="webhooks:read",
            answer=Page[WebhookEndpoint],
            problems=(errors.NOT_FOUND,),
            example=example_page(ENDPOINT_EXAMPLE),
            run=routes.page,
            **_SHARED,
        ),
        Operation(
            id="createWebhookEndpoint",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/webhook-endpoints",
            summary="Make a webhook endpoint",
            description="An address that events are sent to from now on, signed as Standard Webhooks says, with a "
            f"secret that is shown this once. At most {MOST_ENDPOINTS} of an organization.",
            scope="webhooks:write",
            status=201,
            answer=WebhookEndpointWithSecret,
            body=NewWebhookEndpoint,
            body_example=NEW_EXAMPLE,
            problems=(errors.TOO_MANY_ENDPOINTS,),
            example=SECRET_EXAMPLE,
            run=routes.create,
            **_SHARED,
        ),
        Operation(
            id="getWebhookEndpoint",
            method="GET",
            path="/v1/webhook-endpoints/{id}",
            summary="Get one webhook endpoint",
            description="Without its secret, which was shown when it was made or rolled.",
            scope="webhooks:read",
            answer=WebhookEndpoint,
            parameters=(_ENDPOINT,),
            problems=(errors.NOT_FOUND,),
            example=ENDPOINT_EXAMPLE,
            run=routes.one,
            **_SHARED,
        ),
        Operation(
            id="updateWebhookEndpoint",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="PATCH",
            path="/v1/webhook-endpoints/{id}",
            summary="Change a webhook endpoint",
            description="Its address, description and types of events; disables and enables it.",
            scope="webhooks:write",
            answer=WebhookEndpoint,
            body=WebhookEndpointUpdate,
            body_example={"event_types": None, "enabled": True},
            parameters=(_ENDPOINT,),
            problems=(errors.NOT_FOUND,),
            example=ENDPOINT_EXAMPLE | {"event_types": None},
            run=routes.update,
            **_SHARED,
        ),
        Operation(
            id="deleteWebhookEndpoint",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="DELETE",
            path="/v1/webhook-endpoints/{id}",
            summary="Delete a webhook endpoint",
            description="It is sent nothing any more; its secret and its deliveries are forgotten.",
            scope="webhooks:write",
            status=204,
            answer=None,
            parameters=(_ENDPOINT,),
            problems=(errors.NOT_FOUND,),
            run=routes.delete,
            **_SHARED,
        ),
        Operation(
            id="rollWebhookSecret",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/webhook-endpoints/{id}/roll-secret",
            summary="Roll the secret of a webhook endpoint",
            description="A new secret, shown this once. For `overlap_hours` events bear both signatures, so that no "
            "event fails while you change over.",
            scope="webhooks:write",
            answer=WebhookEndpointWithSecret,
            body=SecretRoll,
            body_example={"overlap_hours": 24},
            parameters=(_ENDPOINT,),
            problems=(errors.NOT_FOUND,),
            example=SECRET_EXAMPLE,
            run=routes.roll,
            **_SHARED,
        ),
        Operation(
            id="pingWebhookEndpoint",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/webhook-endpoints/{id}/ping",
            summary="Send a test event",
            description="A `webhook_endpoint.ping` to this endpoint alone, whatever types it gets; look at the "
            "delivery for how it went.",
            scope="webhooks:write",
            status=201,
            answer=WebhookDelivery,
            parameters=(_ENDPOINT,),
            problems=(errors.NOT_FOUND,),
            example=DELIVERY_EXAMPLE
            | {
                "type": "webhook_endpoint.ping",
                "status": "waiting",
                "attempt_count": 0,
                "next_attempt_at": "2026-11-20T11:59:55Z",
                "settled_at": None,
                "last_outcome": None,
                "last_status": None,
            },
            run=routes.ping,
            **_SHARED,
        ),
        Operation(
            id="replayWebhookEndpoint",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/webhook-endpoints/{id}/replay",
            summary="Send again what was not delivered",
            description="Everything that happened since an instant and that the endpoint did not take: what failed, "
            "what waits, and what happened while it was disabled. Under the same ids, oldest first.",
            scope="webhooks:write",
            answer=WebhookReplay,
            body=ReplayRequest,
            body_example={"since": "2026-11-19T00:00:00Z"},
            parameters=(_ENDPOINT,),
            problems=(errors.NOT_FOUND,),
            example={
                "object": "webhook_replay",
                "endpoint": EXAMPLE_ID,
                "deliveries": 12,
                "has_more": False,
            },
            run=routes.replay,
            **_SHARED,
        ),
    )


def _delivery_operations(routes: DeliveryRoutes) -> tuple[Operation, ...]:
    whole = DELIVERY_EXAMPLE | {"attempts": ATTEMPTS_EXAMPLE}
    return (
        Operation(
            id="listWebhookDeliveries",
            method="GET",
            path="/v1/webhook-endpoints/{id}/deliveries",
            summary="List what was sent to an endpoint",
            description="Newest first, kept for 30 days after they were settled.",
            scope="webhooks:read",
            answer=Page[WebhookDelivery],
            parameters=(
                _ENDPOINT,
                parameters.LIMIT,
                parameters.CURSOR,
                parameters.filter_by("status", {"type": "string", "enum": list(STATES)}, "Only those."),
            ),
            problems=(*PAGING_PROBLEMS, errors.NOT_FOUND),
            example=example_page(DELIVERY_EXAMPLE),
            run=routes.page,
            **_SHARED,
        ),
        Operation(
            id="getWebhookDelivery",
            method="GET",
            path="/v1/webhook-deliveries/{id}",
            summary="Get one delivery",
            description="With all attempts: when, how long, and what was answered.",
            scope="webhooks:read",
            answer=WebhookDelivery,
            parameters=(_DELIVERY,),
            problems=(errors.NOT_FOUND,),
            example=whole,
            run=routes.one,
            **_SHARED,
        ),
        Operation(
            id="replayWebhookDelivery",
            by_test_key=ByTestKey.WITHIN_SANDBOXES,
            method="POST",
            path="/v1/webhook-deliveries/{id}/replay",
            summary="Send one delivery again",
            description="At once, delivered before or not, under the same `webhook-id`.",
            scope="webhooks:write",
            answer=WebhookDelivery,
            parameters=(_DELIVERY,),
            problems=(errors.NOT_FOUND,),
            example=whole | {"status": "waiting", "next_attempt_at": "2026-11-20T12:30:00Z", "settled_at": None},
            run=routes.replay,
            **_SHARED,
        ),
    )
