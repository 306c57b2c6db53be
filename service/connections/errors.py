"""Why a connection cannot be used.

LinkError
├── ConnectionNotFoundError         missing, or somebody else's: the caller cannot tell which
├── ConnectionModeError             a test key at a live connection, or a live key at a sandbox
├── ConnectionNotUsableError        its state says no
│   └── ConnectionNeedsAttentionError   the firm has to connect again
├── ConsentMissingError             nobody at the firm consents any more
├── GrantRefusedError               raised by an exchange: the vendor refuses the refresh token for good
├── SecretUnreadableError           a sealed value was altered, moved or sealed under a key we do not hold
├── ConnectRefusedError             a step on the connect page that cannot be taken; its text is for the page
└── ApprovalError                   a second person is missing, is the first one again, or said no
"""


class LinkError(Exception):
    """Anything this domain says no to."""


class ConnectionNotFoundError(LinkError):
    """The caller has no such connection."""


class ConnectionModeError(LinkError):
    """Test keys reach only sandboxes, live keys only real vendors."""


class ConnectionNotUsableError(LinkError):
    """The connection's state forbids calls."""

    def __init__(self, state: str, reason: str | None = None) -> None:
        super().__init__(f"the connection is {state}" + (f": {reason}" if reason else ""))
        self.state = state
        self.reason = reason


class ConnectionNeedsAttentionError(ConnectionNotUsableError):
    """The vendor refuses our credentials until the firm connects again."""


class ConsentMissingError(LinkError):
    """No consent of the firm is in force."""


class GrantRefusedError(LinkError):
    """The vendor's answer to the refresh was `invalid_grant`, or means the same."""


class SecretUnreadableError(LinkError):
    """A sealed value cannot be opened where it stands."""


class ConnectRefusedError(LinkError):
    """A step on the connect page that cannot be taken; the text is for the person who reads the page."""


class ApprovalError(LinkError):
    """A second person is needed, is the same as the first, or has said no."""
