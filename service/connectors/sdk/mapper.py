"""Mappers as they are written, and as they run.

A record has forty fields, and a mapper that anybody can check gives each of them by its name, in one call. CPython
passes fifteen keywords as they are; one more and it makes a dict of them all first, which takes as long as the rest of
the record. So a mapper is marked, and runs with that call in two: the record with its first fifteen fields, and
`msgspec.structs.replace` with the others.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec.structs import replace

M = TypeVar("M", bound=Callable[..., Any])

_MOST: Final = 15
_REPLACE: Final = "__replace"
"""What `replace` is called among a mapper's globals."""


def mapper(function: M) -> M:
    """The same function, with each call that gives a Struct more than fifteen fields in two.

    The fields that the Struct requires come first, so arguments are not evaluated in the order in which they stand:
    none may read a name that another assigns. Where there is no source, the function stays as it is, right and slower.
    """
    _split(cast(FunctionType, function))
    return function


def _split(function: FunctionType) -> None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except OSError:
        return
    split = _Split(function.__globals__)
    tree = ast.increment_lineno(split.visit(tree), function.__code__.co_firstlineno - 1)
    if split.calls:
        compiled = compile(tree, function.__code__.co_filename, "exec", dont_inherit=True)
        function.__globals__[_REPLACE] = replace
        codes = (part for part in compiled.co_consts if isinstance(part, CodeType))
        function.__code__ = next(code for code in codes if code.co_name == function.__name__)


class _Split(ast.NodeTransformer):
    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self.calls = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if len(node.keywords) <= _MOST or node.args or not isinstance(node.func, ast.Name):
            return node
        made = self._names.get(node.func.id)
        if not (isinstance(made, type) and issubclass(made, msgspec.Struct)):
            return node
        required = {field.name for field in msgspec.structs.fields(made) if field.required}
        given = sorted(node.keywords, key=lambda keyword: keyword.arg not in required)
        if len(required) > _MOST or _depend(given):
            raise TypeError(f"{made.__name__} cannot be made in two calls")
        self.calls += 1
        first = ast.Call(node.func, [], given[:_MOST])
        whole = ast.Call(ast.Name(_REPLACE, ast.Load()), [first], given[_MOST:])
        return ast.fix_missing_locations(ast.copy_location(whole, node))


def _depend(keywords: list[ast.keyword]) -> bool:
    """Whether one of them reads a name that another assigns."""
    parts = [list(ast.walk(keyword)) for keyword in keywords]
    assigned = [{part.target.id for part in own if isinstance(part, ast.NamedExpr)} for own in parts]
    read = [{part.id for part in own if isinstance(part, ast.Name)} for own in parts]
    return any(names & others for at, names in enumerate(assigned) for there, others in enumerate(read) if there != at)
