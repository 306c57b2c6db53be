"""What each vendor can do, computed from its bindings: it cannot drift from the code."""

from datetime import date
from typing import Literal

from msgspec import Struct

from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.connectors.sdk.binding import PORTS, Binding
from service.connectors.sdk.budget import BudgetSpec
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.passthrough import Group, Known, Method
from service.errors import NOT_FOUND, ApiProblem


class FilterCoverage(Struct, frozen=True):
    """One filter that a vendor has for a resource."""

    name: str
    kind: str
    choices: tuple[str, ...]
    description: str


class Contract(Struct, frozen=True):
    """How the vendor's side is known. Nothing assumed is presented as proven."""

    known: Known
    url: str | None
    read_on: date


class ResourceCoverage(Struct, frozen=True, kw_only=True):
    """What one vendor can do with one resource."""

    resource: str
    operations: tuple[str, ...]
    filters: tuple[FilterCoverage, ...]
    sorts: tuple[str, ...]
    updated_after: bool
    include_deleted: bool
    paging: Literal["native", "emulated"]
    max_page: int
    versioned: bool
    freshness: str
    unsupported: tuple[str, ...]
    """Fields of the unified record that this vendor cannot fill."""
    contract: Contract
    notes: str


class Limit(Struct, frozen=True):
    """So many calls within so many seconds."""

    count: int
    window_s: float
    calls: str | None = None
    """The only calls that it is for, such as `batch`, which count for the others too; null where it is for all."""


class PassthroughCoverage(Struct, frozen=True):
    """One endpoint of the vendor's own that can be called."""

    method: Method
    path: str
    """`{}` stands for one segment, `{*}` for one or more."""
    about: str
    writes: bool
    """It changes something, so it needs an `Idempotency-Key`."""
    known: Known
    """How the path is known."""


class GroupNoun(Struct, frozen=True):
    """One resource of a group, and what can be done with it."""

    resource: str
    operations: tuple[str, ...]


class GroupCoverage(Struct, frozen=True, kw_only=True):
    """One chapter of the vendor's own reference, and where its operations are to be had."""

    name: str
    operations: int
    """As many as the vendor counts."""
    resources: tuple[GroupNoun, ...]
    """The unified resources, and what can be done with them, that stand for it."""
    passthrough: tuple[str, ...]
    """`GET /aml/{*}`: what of it can be called as it is."""
    closed: str
    """Why some of it, or all, cannot be reached; empty where all can."""


class VendorCoverage(Struct, frozen=True, kw_only=True, tag_field="object", tag="vendor_coverage"):
    """What can be done with a vendor, and how its contract is known."""

    vendor: str
    name: str
    limits: tuple[Limit, ...]
    """The vendor's own, which we keep for you."""
    limits_for: Literal["account", "connection", "app"]
    names_account: bool
    """Whether the vendor says whose books a key or login opens. `false`: whose a new connection opens is for the person
    to check, as the connect page tells them; one that is connected again is compared by ids that the vendor gave for
    good, and refused where it leads to another firm's."""
    resources: tuple[ResourceCoverage, ...]
    passthrough: tuple[PassthroughCoverage, ...]
    """The vendor's own endpoints that can be called as they are, below `/v1/passthrough/<vendor>`."""
    groups: tuple[GroupCoverage, ...]
    """Every chapter of the vendor's own reference, where we have gone through it chapter by chapter; else empty."""


class Vendor(Struct, frozen=True, kw_only=True, tag_field="object", tag="vendor"):
    """A system that firms can connect."""

    id: str
    name: str
    resources: tuple[str, ...]
    contract: Known
    """The weakest among its resources."""


class VendorList(Struct, frozen=True, tag_field="object", tag="list"):
    """Every vendor that there is a connector for."""

    data: tuple[Vendor, ...]
    has_more: bool = False
    next_cursor: str | None = None


_OPERATIONS = {port: port for port in PORTS} | {"page": "list"}
_WEAKEST_FIRST: tuple[Known, ...] = ("assumed", "third_party", "documented")


class Coverage:
    """The coverage of every connector, computed once."""

    def __init__(self, connectors: tuple[Connector, ...]) -> None:
        self._vendors = tuple(_vendor(connector) for connector in connectors)
        self._coverage = {connector.slug: vendor_coverage(connector) for connector in connectors}

    def of(self, vendor: str) -> VendorCoverage | None:
        """The coverage of one vendor; None for one that is not known."""
        return self._coverage.get(vendor)

    async def vendors(self, call: Call) -> Answer:
        return answer_of(VendorList(self._vendors))

    async def vendor(self, call: Call) -> Answer:
        found = self._coverage.get(call.params["vendor"])
        if found is None:
            raise ApiProblem(NOT_FOUND, f"Known vendors: {', '.join(self._coverage)}.")
        return answer_of(found)


def vendor_coverage(connector: Connector) -> VendorCoverage:
    """All that one vendor can do."""
    return VendorCoverage(
        vendor=connector.slug,
        name=connector.name,
        limits=_limits(connector.budget),
        limits_for=connector.budget.scope,
        names_account=connector.stand_in is None,
        resources=tuple(_resource(name, binding) for name, binding in connector.bindings().items()),
        passthrough=tuple(
            PassthroughCoverage(rule.method, rule.path, rule.about, rule.lane == "write", rule.known)
            for rule in (connector.passthrough.rules if connector.passthrough is not None else ())
        ),
        groups=tuple(map(_group, connector.groups)),
    )


def _limits(budget: BudgetSpec) -> tuple[Limit, ...]:
    of_all = (Limit(one.count, one.window_s) for one in budget.limits)
    apart = (Limit(one.count, one.window_s, calls) for calls, limits in budget.apart.items() for one in limits)
    return (*of_all, *apart)


def _group(group: Group) -> GroupCoverage:
    return GroupCoverage(
        name=group.name,
        operations=group.operations,
        resources=tuple(
            GroupNoun(noun, tuple(_OPERATIONS[port] for port in ports)) for noun, ports in group.nouns.items()
        ),
        passthrough=tuple(f"{rule.method} {rule.path}" for rule in group.rules),
        closed=group.closed,
    )


def _resource(name: str, binding: "Binding[object, object, object]") -> ResourceCoverage:
    return ResourceCoverage(
        resource=name,
        operations=tuple(_OPERATIONS[port] for port in binding.ports),
        filters=tuple(
            FilterCoverage(f"filter[{key}]", rule.kind, rule.choices, rule.description)
            for key, rule in binding.filters.items()
        ),
        sorts=binding.sorts,
        updated_after=binding.updated_after,
        include_deleted=binding.include_deleted,
        paging=binding.paging,
        max_page=binding.max_page,
        versioned=binding.versioned,
        freshness=binding.freshness,
        unsupported=binding.unsupported,
        contract=Contract(binding.doc.known, binding.doc.url, binding.doc.read_on),
        notes=binding.notes,
    )


def _vendor(connector: Connector) -> Vendor:
    bindings = connector.bindings()
    known = {binding.doc.known for binding in bindings.values()}
    weakest: Known = next(one for one in _WEAKEST_FIRST if one in known)
    return Vendor(id=connector.slug, name=connector.name, resources=tuple(bindings), contract=weakest)
