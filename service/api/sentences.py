"""The sentences under the fields of a Struct and the words of an enum, as descriptions in their JSON Schema."""

import ast
import inspect
import sys
from typing import Any

from msgspec import inspect as types

from service.api.components import component_of, named, origin


def describe(components: dict[str, Any], wanted: list[Any]) -> None:
    """Puts the sentence under each field of a Struct on its property, and those under an enum's words on the enum."""
    read: dict[str, dict[str, ast.ClassDef]] = {}
    for found in named(wanted):
        named_by, schema = origin(found.cls), component_of(components, found.cls)
        if schema is None:
            continue
        if named_by.__module__ not in read:
            read[named_by.__module__] = _classes(named_by.__module__)
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
        sentences = _sentences(read[named_by.__module__][named_by.__name__])
        if isinstance(found, types.EnumType):
            told = [f"`{word.value}`: {sentences[word.name]}" for word in found.cls if word.name in sentences]
            schema["description"] = " ".join([schema["description"], *told])
        for name, described in schema.get("properties", {}).items():
            if name in sentences:
                described["description"] = sentences[name]


def _sentences(tree: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                found[name] = " ".join(inspect.cleandoc(sentence).split())
            case _:
                pass
    return found


def _classes(module: str) -> dict[str, ast.ClassDef]:
    """The classes of a module by name. `inspect.getsource` of a class would read the module again for each of them."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
