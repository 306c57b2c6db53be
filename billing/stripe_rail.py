"""Talking to Stripe: one call at a time to its published pace, and what a failure means for us.

RailFault
├── RailBusy       not done, Stripe has no time: the same call later
├── RailUnknown    no answer: it may have been done; look, then the same call with the same key
├── RailBroken     Stripe failed (5xx) and keeps that answer under our key: look, then a new key
└── RailRefused    not done and never will be, as it is: somebody has to look at it

The library is loaded with the first call: a process that never pays does not carry it.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    import stripe

CALLS_PER_S: Final = 20.0
"""Stripe allows 100 a second of live keys and 25 of sandbox keys (docs.stripe.com/rate-limits, read 2026-11-20)."""
API_VERSION: Final = "2026-10-28.endive"
_TIMEOUT_S: Final = 30

Result = TypeVar("Result")
Do: TypeAlias = "Callable[[stripe.StripeClient], Result]"


class RailFault(Exception):  # noqa: N818 - the house's word
    """The root of them; the text is Stripe's code and nothing that could be a secret."""

    state = "refused"


class RailBusy(RailFault):
    """Rate limit, or another request holds the object."""

    state = "waiting"


class RailUnknown(RailFault):
    """The connection broke or the time ran out."""

    state = "unknown"


class RailBroken(RailFault):
    """A 5xx."""

    state = "broken"


class RailRefused(RailFault):
    """A 4xx; `code` is Stripe's, such as `card_declined`."""

    def __init__(self, code: str, *, declined: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.declined = declined


class StripeRail:
    """Our account at Stripe. `base_url` is another address, for tests. Safe for one event loop."""

    def __init__(self, secret_key: str, *, base_url: str | None = None, calls_per_s: float = CALLS_PER_S) -> None:
        self._secret_key = secret_key
        self._base_url = base_url
        self._pause_s = 1 / calls_per_s
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._client: stripe.StripeClient | None = None

    def __repr__(self) -> str:
        return "StripeRail(…)"

    async def call(self, do: "Do[Result]") -> Result:
        """What `do` gives, run beside the event loop. Raises one of the faults above."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            if (wait_s := self._free_at - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            self._free_at = loop.time() + self._pause_s
        return await asyncio.to_thread(self._call, do)

    def _call(self, do: "Do[Result]") -> Result:
        import stripe

        try:
            return do(self._opened())
        except stripe.APIConnectionError as error:
            raise RailUnknown("no answer") from error
        except stripe.RateLimitError as error:
            raise RailBusy(_code(error)) from error
        except stripe.CardError as error:
            raise RailRefused(_code(error), declined=True) from error
        except stripe.StripeError as error:
            raise _fault_of(error.http_status or 500, _code(error)) from error

    def _opened(self) -> "stripe.StripeClient":
        if self._client is None:
            import stripe

            self._client = stripe.StripeClient(
                self._secret_key,
                base_addresses={"api": self._base_url} if self._base_url else {},
                # We retry ourselves, with what the database knows; the library would do so blindly.
                max_network_retries=0,
                stripe_version=API_VERSION,
                http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
            )
        return self._client


def _fault_of(status: int, code: str) -> RailFault:
    if status >= 500:
        return RailBroken(code)
    if status in (409, 429):  # 409: the same key or the same object is in use by a request under way
        return RailBusy(code)
    return RailRefused(code)


def _code(error: "stripe.StripeError") -> str:
    kind = error.error.type if error.error is not None else None
    return str(error.code or kind or f"http_{error.http_status}")
