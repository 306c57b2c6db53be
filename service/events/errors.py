"""Why something about webhooks cannot be done.

WebhookError
├── EndpointNotFoundError      no such endpoint or delivery of the organization
├── ImpossibleEndpointError    an address, description or list of types that cannot be; says which and what would do
└── TooManyEndpointsError
"""


class WebhookError(Exception):
    """Anything this domain says no to."""


class EndpointNotFoundError(WebhookError):
    """The organization has no such endpoint, or no such delivery."""


class ImpossibleEndpointError(WebhookError):
    """`field` cannot be so; the message says what would do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TooManyEndpointsError(WebhookError):
    """The organization has as many as there may be."""
