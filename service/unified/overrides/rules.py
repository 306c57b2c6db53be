"""The rules of overrides, pure: a field renamed, a default for an empty one, words for other words."""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from service.unified.noun import Noun

MOST_RULES: Final = 50
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
PROTECTED: Final = frozenset(
    {"object", "id", "remote_id", "connection", "account", "version", "meta", "raw", "expanded"}
)
"""What leads back to a record stays as it is."""


class RenameRule(Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule", tag="rename"):
    """The field goes by another name."""

    field: str
    to: str


class DefaultRule(Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule", tag="default"):
    """A value for the field where it is null or absent."""

    field: str
    value: str | int | bool | list[str]


class MapRule(Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule", tag="map"):
    """Other words for the field's words; those not named stay."""

    field: str
    values: dict[str, str]


Rule: TypeAlias = RenameRule | DefaultRule | MapRule


def applied(rules: Sequence[Rule], record: dict[str, Any]) -> dict[str, Any]:
    """The record as the rules want it, one after another. `meta.overridden` names the fields that they changed."""
    changed: dict[str, None] = {}
    found = dict(record)
    for rule in rules:
        name = rule.field
        match rule:
            case RenameRule() if name in found:
                found[rule.to] = found.pop(name)
                changed[rule.to] = None
            case DefaultRule() if found.get(name) is None:
                found[name] = rule.value
                changed[name] = None
            case MapRule() if isinstance(found.get(name), str) and found[name] in rule.values:
                found[name] = rule.values[found[name]]
                changed[name] = None
            case _:
                pass
    if changed:
        found["meta"] = {**found.get("meta", {}), "overridden": list(changed)}
    return found


def mistakes(rules: Sequence[Rule], noun: Noun) -> list[tuple[str, str]]:
    """What is wrong with the rules, each with its pointer below `/rules`."""
    found: list[tuple[str, str]] = []
    names = set(noun.fields)
    if len(rules) > MOST_RULES:
        found.append(("", f"At most {MOST_RULES} rules."))
    for at, rule in enumerate(rules):
        if rule.field in PROTECTED or rule.field not in names:
            found.append((f"/{at}/field", "No field of a record that can be overridden."))
        if isinstance(rule, RenameRule):
            if _NAME.fullmatch(rule.to) is None or rule.to in names | PROTECTED:
                found.append((f"/{at}/to", "A name of letters, digits and underscores that no field has."))
            else:
                names = names - {rule.field} | {rule.to}
    return found
