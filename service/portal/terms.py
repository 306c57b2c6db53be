"""What a call costs and how far it may go, in sentences for the reference."""

from collections.abc import Iterator
from typing import Final

from billing import Meter, Plan, price_steps
from service.samples.requests import Operation
from service.settings import Settings

_UNITS: Final = {
    "read": "One `read` unit for each success.",
    "write": "One `write` unit for each success. A replay and a dry run are free.",
    "document": "One `document` unit for each started 10 MB.",
    "passthrough": "One `passthrough` unit for each success.",
}
_FREE: Final = "Free."


class Terms:
    """Price and limits of operations, as one deployment has them."""

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self._plan = plan
        self._settings = settings

    def price(self, operation: Operation) -> tuple[str, ...]:
        """What a success counts as, and what that costs by the public price list."""
        meter = operation["x-meter"]
        if meter not in _UNITS:
            return (_FREE,)
        steps = ", then ".join(price_steps(self._plan, Meter(meter)))
        return (
            _UNITS[meter],
            f"Each month, each organization: {steps}.",
            "Problems and calls with test keys are always free.",
        )

    @property
    def price_list(self) -> str:
        """The public price list as a Markdown table."""
        rows = [
            f"| {_UNITS[meter]} | {', then '.join(price_steps(self._plan, Meter(meter)))} |"
            for meter in _UNITS
            if Meter(meter) in self._plan.meters
        ]
        return "\n".join(("| What | Each month, each organization |", "|---|---|", *rows))

    @property
    def of_keys(self) -> str:
        """How fast any one key may call."""
        known = self._settings
        return (
            f"{known.key_calls_per_second:,} calls a second, {known.key_calls_per_minute:,} a minute, "
            f"{known.key_calls_at_once:,} at once"
        )

    def limits(self, operation: Operation) -> tuple[str, ...]:
        """What is answered 429 or refused for its size, by ourselves; a vendor's own limits come on top."""
        return tuple(self._limits(operation))

    def _limits(self, operation: Operation) -> Iterator[str]:
        if not operation["security"]:
            return
        known = self._settings
        yield f"With one key {self.of_keys}; `RateLimit` says what is left."
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == "limit":
                schema = parameter["schema"]
                yield f"{schema['minimum']} to {schema['maximum']} records on a page, {schema['default']} by default."
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            yield f"A body of {_size(known.max_body_bytes)} at most."
        elif content:
            yield f"A file of {_size(known.max_document_bytes)} at most."
        if operation["x-meter"] in _UNITS:
            yield "The vendor's own limits; `Upstream-RateLimit` says where it tells us."


def _size(size_bytes: int) -> str:
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20)):
        if size_bytes >= step:
            return f"{size_bytes / step:g} {unit}"
    return f"{size_bytes >> 10} kB"
