"""The last step before the wire: records as JSON, whole by default, narrowed or enriched where the caller asks."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from service.connectors.sdk.binding import Binding
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.flow import Response
from service.connectors.sdk.wire import raw_records, unmapped
from service.unified.overrides.rules import Rule, applied
from service.unified.selection import Selection

ALWAYS_SHOWN: Final = ("object", "id")

Expanded = dict[str, dict[str, Any]]
"""Records by the id that leads to them."""


def shaped(
    records: Sequence[Any],
    selection: Selection,
    connector: Connector,
    binding: Binding[Any, Any, Any],
    source: Response | None,
    expanded: Expanded,
    *,
    many: bool,
    rules: Sequence[Rule] = (),
) -> list[dict[str, Any]]:
    """Records as builtins with what the selection adds (`include`, `expand`) and without what it leaves out (`fields`).

    `source` is the vendor's answer that the records were mapped from, in the same order. `rules` come last of all.
    """
    plain: list[dict[str, Any]] = [msgspec.to_builtins(record, builtin_types=(bytes,)) for record in records]
    if selection.include and source is not None:
        rows = raw_records(source.body, binding.wire, many=many, redact=connector.redact)
        for record, row in zip(plain, rows, strict=False):
            if "raw" in selection.include:
                record["raw"] = row
            if "unmapped" in selection.include:
                record["meta"] = {**record["meta"], "unmapped": unmapped(row, binding.wire.record, connector.redact)}
    for field in selection.expand:
        for record in plain:
            if (found := expanded.get(record.get(field) or "")) is not None:
                record.setdefault("expanded", {})[field] = found
    narrowed = [_narrowed(record, selection) for record in plain] if selection.fields else plain
    return [applied(rules, record) for record in narrowed] if rules else narrowed


def overridden(record: Any, rules: Sequence[Rule]) -> Any:
    """A whole record as the rules want it; the record itself where there are none."""
    return applied(rules, msgspec.to_builtins(record, builtin_types=(bytes,))) if rules else record


def _narrowed(record: dict[str, Any], selection: Selection) -> dict[str, Any]:
    kept = {*ALWAYS_SHOWN, *selection.fields}
    if selection.include:
        kept |= {"raw"} if "raw" in selection.include else set[str]()
        kept |= {"meta"} if "unmapped" in selection.include else set[str]()
    if selection.expand:
        kept.add("expanded")
    return {name: value for name, value in record.items() if name in kept}
