"""The sentences under the fields of a Struct, as descriptions in its JSON Schema."""

import ast
import inspect
import sys
from typing import Any

from service.api.components import component_of, origin, structs


def describe(components: dict[str, Any], wanted: list[Any]) -> None:
    """Puts the sentence under each field of a Struct on its property."""
    read: dict[str, dict[str, ast.ClassDef]] = {}
    for found in structs(wanted):
        struct, schema = origin(found.cls), component_of(components, found.cls)
        if schema is None:
            continue
        if struct.__module__ not in read:
            read[struct.__module__] = _classes(struct.__module__)
        sentences = _field_sentences(read[struct.__module__][struct.__name__])
        for name, described in schema.get("properties", {}).items():
            if name in sentences:
                described["description"] = sentences[name]


def _field_sentences(tree: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match after:
                case ast.Expr(value=ast.Constant(value=str(sentence))):
                    found[field.target.id] = " ".join(inspect.cleandoc(sentence).split())
                case _:
                    pass
    return found


def _classes(module: str) -> dict[str, ast.ClassDef]:
    """The classes of a module by name. `inspect.getsource` of a class would read the module again for each of them."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
