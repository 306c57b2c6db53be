"""Rows as PostgreSQL writes them: a whole batch is one text parameter, cast to an array of a composite type.

To bind an array for each column costs a process three times as much, which every call would pay.
"""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID


def array(records: Iterable[str]) -> str:
    """`records`, each made by `record`, as an array."""
    return f"{{{','.join(records)}}}"


def record(fields: str) -> str:
    """One row as an element of `array`; `fields` are joined by commas, each as the functions below give it."""
    return f'"({fields})"'


def uuid(value: UUID | None) -> str:
    return "" if value is None else f"{value.int:032x}"


def uuids(values: Iterable[UUID]) -> str:
    """An array of UUIDs as a field; NULL where there are none."""
    inner = ",".join([f"{value.int:032x}" for value in values])
    return f'\\"{{{inner}}}\\"' if inner else ""


@lru_cache(4096)
def text(value: str | None) -> str:
    """A text as a field, quoted for the record and again for the array. Remembered: for names that come again."""
    if value is None:
        return ""
    field = '"' + value.replace("\\", "\\\\").replace('"', '""') + '"'
    return field.replace("\\", "\\\\").replace('"', '\\"')
