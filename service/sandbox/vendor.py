"""What the server, the faults and the control calls need to know of a vendor."""

from typing import Protocol, runtime_checkable

from service.sandbox.clock import VendorClock
from service.sandbox.grants import Grants, Tokens
from service.sandbox.http import Json, Request, Response


class UnsupportedFaultError(Exception):
    """The fault has no meaning at this vendor, such as a repeated cursor where there are no cursors."""


class Vendor(Protocol):
    """A sandbox vendor: it answers calls, and knows how its own kind of trouble looks."""

    name: str
    clock: VendorClock
    grants: Grants
    default_scopes: frozenset[str]
    writes: int
    """How many writes were really performed: replays and refusals are not counted."""

    def route(self, request: Request) -> str:
        """The pattern of the path, for counting; equal for all paths that nothing answers."""
        ...

    def handle(self, request: Request) -> Response:
        """The answer to a call."""
        ...

    def reset(self) -> None:
        """Books, idempotency and limits back to the seed; grants live on."""
        ...

    def set_limits(self, limits: dict[str, int | None]) -> None:
        """New rate limits by name; KeyError for a name the vendor does not have."""
        ...

    def limits(self) -> dict[str, int | None]:
        """The rate limits in force."""
        ...

    def grant_facts(self, tokens: Tokens) -> Json:
        """What a connection needs besides the tokens: realm or firm, endpoints."""
        ...

    def is_oauth(self, request: Request) -> bool:
        """Whether a call belongs to OAuth rather than to the firm's data."""
        ...

    def is_write(self, request: Request) -> bool:
        """Whether a call would change the books."""
        ...

    def is_page(self, request: Request) -> bool:
        """Whether a call asks for a page of a list."""
        ...

    def throttled(self, retry_after: str | None) -> Response:
        """The vendor's 429."""
        ...

    def server_error(self, status: int) -> Response:
        """The vendor's 5xx."""
        ...

    def fault_in_200(self) -> Response:
        """A failure under HTTP 200, as this vendor does or would write it."""
        ...

    def records(self, payload: Json) -> list[Json]:
        """The records inside an answer: of a page, or the one."""
        ...

    def page_fault(self, kind: str, request: Request, payload: Json) -> Json:
        """The page spoiled: `duplicate_page`, `repeated_cursor` or `empty_middle_page`; UnsupportedFaultError."""
        ...

    def supports_fault(self, kind: str) -> bool:
        """Whether the fault has a meaning here."""
        ...


@runtime_checkable
class Provocable(Protocol):
    """A vendor with trouble of its own: `faults.OWN_KINDS` says whose is which."""

    def provoke(self, kind: str, request: Request) -> None:
        """Brings the trouble about; the call that meets it is performed right after."""
        ...


@runtime_checkable
class Translating(Protocol):
    """A vendor that answers in another notation than JSON; faults know JSON alone."""

    def translated(self, request: Request, response: Response) -> Response:
        """The answer as it leaves, once every fault is done with its content."""
        ...


@runtime_checkable
class TakesFiles(Protocol):
    """A vendor that is sent files larger than any other body may be."""

    def takes_file(self, method: str, path: str) -> bool:
        """Whether the body of such a call is a file."""
        ...
