"""What the firm sells, and the dimensions it books by."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta


class ServicePrice(Struct, frozen=True, gc=False, kw_only=True):
    """What a service costs when billed so often (OneOff, Monthly, …, in the vendor's word)."""

    billed: str
    price: Decimal


class ServiceItem(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="service_item"):
    """Something that the firm sells."""

    id: str
    """`itm_…`."""
    remote_id: str
    connection: str
    account: str
    name: str
    sku: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    kind_native: str | None | UnsetType = UNSET
    rate: Decimal | None | UnsetType = UNSET
    """Price of one unit in `currency`; may be finer than its smallest unit."""
    prices: list[ServicePrice] | UnsetType = UNSET
    """In `currency`, where a service has a price for each way of billing it."""
    currency: str | None | UnsetType = UNSET
    taxable: bool | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    """`trk_…`."""
    income_account: str | None | UnsetType = UNSET
    """The vendor's id of the account that its sales are booked on."""
    active: bool
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class ServiceItemCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new thing to sell."""

    name: str
    sku: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    kind_native: str | UnsetType = UNSET
    """In the vendor's word (Service, NonInventory …)."""
    rate: Decimal | UnsetType = UNSET
    prices: list[ServicePrice] | UnsetType = UNSET
    taxable: bool | UnsetType = UNSET
    category: str | UnsetType = UNSET
    """`trk_…`."""
    income_account: str | UnsetType = UNSET


class ServiceItemUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a thing to sell. A field left out stays as it is; null empties it."""

    name: str | UnsetType = UNSET
    sku: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    kind_native: str | UnsetType = UNSET
    rate: Decimal | None | UnsetType = UNSET
    prices: list[ServicePrice] | UnsetType = UNSET
    taxable: bool | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    income_account: str | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    """False takes it off the list of what is sold; what was sold stays as it was."""


class Dimension(StrEnum):
    """What a tracking value divides the books by."""

    CLASS = "class"
    LOCATION = "location"
    CATEGORY = "category"


class TrackingValue(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="tracking_value"):
    """One class, location or category."""

    id: str
    """`trk_…`."""
    remote_id: str
    connection: str
    account: str
    dimension: Dimension
    name: str
    full_name: str | None | UnsetType = UNSET
    parent: str | None | UnsetType = UNSET
    active: bool
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class TrackingValueCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new class, location or category."""

    dimension: Dimension
    name: str
    parent: str | UnsetType = UNSET
    """`trk_…`, of the same dimension."""


class TrackingValueUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of one. A field left out stays as it is; null empties it."""

    name: str | UnsetType = UNSET
    parent: str | None | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class CustomFieldKind(StrEnum):
    """What sort of value a field of the firm's own holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    OTHER = "other"


class CustomField(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="custom_field"):
    """The definition of a field that the firm added itself."""

    id: str
    """`cfd_…`."""
    remote_id: str
    connection: str
    account: str
    name: str
    kind: CustomFieldKind
    kind_native: str | None
    group: str | None | UnsetType = UNSET
    choices: list[str] | UnsetType = UNSET
    required: bool | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""
