"""New and changed items, classes, departments, item categories and employees: what QuickBooks calls name lists.

None of them is ever deleted; all but categories can be made inactive.
Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/most-commonly-used/item and the pages beside
it, read 2026-11-20.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.wire import Ref, written
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Email
from service.resources.service_item import (
    Dimension,
    ServiceItemCreate,
    ServiceItemUpdate,
    TrackingValueCreate,
    TrackingValueUpdate,
)
from service.resources.user import UserCreate, UserStatus, UserUpdate


class Head(Struct, frozen=True, kw_only=True):
    """Which version of which record is updated; nothing for a new one."""

    Id: str | UnsetType = UNSET
    SyncToken: str | UnsetType = UNSET
    sparse: bool | UnsetType = UNSET


NEW: Final = Head()


class WriteItem(Head, frozen=True, kw_only=True):
    Name: str | UnsetType = UNSET
    Sku: str | UnsetType = UNSET
    Description: str | UnsetType = UNSET
    Type: str | UnsetType = UNSET
    UnitPrice: Decimal | UnsetType = UNSET
    Taxable: bool | UnsetType = UNSET
    SubItem: bool | UnsetType = UNSET
    ParentRef: Ref | UnsetType = UNSET
    IncomeAccountRef: Ref | UnsetType = UNSET
    Active: bool | UnsetType = UNSET


class WriteTracking(Head, frozen=True, kw_only=True):
    Name: str | UnsetType = UNSET
    Type: str | UnsetType = UNSET
    SubClass: bool | UnsetType = UNSET
    SubDepartment: bool | UnsetType = UNSET
    SubItem: bool | UnsetType = UNSET
    ParentRef: Ref | UnsetType = UNSET
    Active: bool | UnsetType = UNSET


class WriteEmail(Struct, frozen=True):
    Address: str


class WriteEmployee(Head, frozen=True, kw_only=True):
    GivenName: str | UnsetType = UNSET
    FamilyName: str | UnsetType = UNSET
    PrimaryEmailAddr: WriteEmail | UnsetType = UNSET
    Active: bool | UnsetType = UNSET


_SOLD: Final = ("Service", "NonInventory")
_OF_ITEMS: Final = ("name", "sku", "description", "rate", "taxable", "category", "income_account", "active")


def from_item(new: ServiceItemCreate | ServiceItemUpdate, head: Head, book: Book) -> WriteItem:
    """The body of a new or changed item. Raises Invalid for goods in stock, which need a stock to be counted."""
    accept(new, (*_OF_ITEMS, "kind_native") if head is NEW else _OF_ITEMS, "QuickBooks")
    kind, rate, account = new.kind_native, new.rate, new.income_account
    if head is NEW:
        kind = kind if isinstance(kind, str) else _SOLD[0]
        if kind not in _SOLD:
            raise invalid("/kind_native", "choice", f"One of: {', '.join(_SOLD)}.")
        if isinstance(account, UnsetType):
            raise invalid("/income_account", "required", "QuickBooks asks for the account to book sales on, by its id.")
    if rate is None:
        raise invalid("/rate", "required", "QuickBooks has no item without a price; give 0.")
    is_sub, parent = _parent(new.category, "category", book, "/category")
    return WriteItem(
        Id=head.Id,
        SyncToken=head.SyncToken,
        sparse=head.sparse,
        Name=new.name,
        Sku=written(new.sku),
        Description=written(new.description),
        Type=kind,
        UnitPrice=rate,
        Taxable=new.taxable,
        SubItem=is_sub,
        ParentRef=parent,
        IncomeAccountRef=UNSET if isinstance(account, UnsetType) else Ref(account),
        Active=new.active if isinstance(new, ServiceItemUpdate) else UNSET,
    )


def from_tracking(
    new: TrackingValueCreate | TrackingValueUpdate, dimension: Dimension, head: Head, book: Book
) -> WriteTracking:
    """The body of a new or changed class, department or category."""
    active = new.active if isinstance(new, TrackingValueUpdate) else UNSET
    is_category = dimension is Dimension.CATEGORY
    if is_category and active is not UNSET:
        raise invalid("/active", "unsupported", "QuickBooks cannot make a category inactive.")
    is_sub, parent = _parent(new.parent, dimension.value, book, "/parent")
    return WriteTracking(
        Id=head.Id,
        SyncToken=head.SyncToken,
        sparse=head.sparse,
        Name=new.name,
        Type="Category" if is_category else UNSET,
        SubClass=is_sub if dimension is Dimension.CLASS else UNSET,
        SubDepartment=is_sub if dimension is Dimension.LOCATION else UNSET,
        SubItem=is_sub if is_category else UNSET,
        ParentRef=parent,
        Active=active,
    )


def from_user(new: UserCreate | UserUpdate, head: Head) -> WriteEmployee:
    """The body of a new or changed employee. Raises Invalid for a role: these people do not sign in."""
    accept(new, ("given_name", "family_name", "emails", "status"), "QuickBooks")
    status = new.status if isinstance(new, UserUpdate) else UNSET
    if status not in (UNSET, UserStatus.ACTIVE, UserStatus.INACTIVE):
        raise invalid("/status", "unsupported", "QuickBooks' employees are active or inactive.")
    return WriteEmployee(
        Id=head.Id,
        SyncToken=head.SyncToken,
        sparse=head.sparse,
        GivenName=written(new.given_name),
        FamilyName=new.family_name,
        PrimaryEmailAddr=_email(new.emails),
        Active=UNSET if isinstance(status, UnsetType) else status is UserStatus.ACTIVE,
    )


def tracked(values: list[str] | UnsetType, allowed: tuple[str, ...], book: Book, pointer: str) -> dict[str, Ref]:
    """By dimension: the value that is meant. Raises Invalid for two of one dimension, or one that has no place."""
    found: dict[str, Ref] = {}
    for index, value in enumerate([] if isinstance(values, UnsetType) else values):
        dimension, ref = _tracked(value, [one for one in allowed if one not in found], book, f"{pointer}/{index}")
        found[dimension] = ref
    return found


def _tracked(value: str, allowed: Sequence[str], book: Book, pointer: str) -> tuple[str, Ref]:
    dimension, _, remote_id = remote_id_of(value, "trk_", book, pointer).partition(":")
    if dimension not in allowed:
        places = ", ".join(allowed) or "nothing more"
        raise invalid(pointer, "no_place", f"QuickBooks has one place here for: {places}.")
    return dimension, Ref(remote_id)


def _parent(
    parent: str | None | UnsetType, dimension: str, book: Book, pointer: str
) -> tuple[bool | UnsetType, Ref | UnsetType]:
    """Whether it lies below another one, and below which."""
    if isinstance(parent, UnsetType):
        return UNSET, UNSET
    return (False, UNSET) if parent is None else (True, _tracked(parent, (dimension,), book, pointer)[1])


def _email(emails: list[Email] | UnsetType) -> WriteEmail | UnsetType:
    if isinstance(emails, UnsetType):
        return UNSET
    if len(emails) > 1 or (emails and emails[0].label not in (None, "primary")):
        raise invalid("/emails", "no_place", "QuickBooks has one address for an employee, the primary one.")
    return WriteEmail(emails[0].address if emails else "")
