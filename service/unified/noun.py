"""A noun of the API: one unified resource with all that its routes and its page of the contract need."""

from typing import Any

from msgspec import Struct
from msgspec.structs import fields


class Noun(Struct, frozen=True, kw_only=True):
    """One resource. `name` is its path segment and the field of the Connector that binds it."""

    name: str
    singular: str
    prefix: str
    """Of its ids, with the underscore."""
    model: type[Any]
    create: type[Any] | None = None
    update: type[Any] | None = None
    about: str
    """What it is, in a sentence or two, for the contract."""
    example: Any
    """One record to show; all data invented."""
    create_example: Any = None
    update_example: Any = None
    references: dict[str, str] = {}
    """Fields that `expand` can follow, and the noun each leads to."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a record that a caller can choose from."""
        return tuple(field.encode_name for field in fields(self.model))

    @property
    def operation_stem(self) -> str:
        """`client` → `Client`, for operation ids."""
        return self.singular.title().replace("_", "")
