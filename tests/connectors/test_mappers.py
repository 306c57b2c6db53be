"""A mapper is written as one call, and runs as two where that is faster."""

import ast
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct

import service.connectors
from service.connectors.sdk.mapper import mapper

MOST = 15
FOLDER = Path(service.connectors.__file__).parent
TRUE_ZERO = 0


class Wide(Struct, frozen=True, kw_only=True):
    """Required fields stand last, as they may in a record."""

    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    e: int = 0
    f: int = 0
    g: int = 0
    h: int = 0
    i: int = 0
    j: int = 0
    k: int = 0
    m: int = 0
    n: int = 0
    o: int = 0
    p: int = 0
    q: int
    r: list[int]


def written(one: int) -> Wide:
    return Wide(
        a=one,
        b=2 * one,
        c=3 * one,
        d=4 * one,
        e=5 * one,
        f=6 * one,
        g=7 * one,
        h=8 * one,
        i=9 * one,
        j=10 * one,
        k=11 * one,
        m=12 * one,
        n=13 * one,
        o=14 * one,
        p=15 // one,
        q=16 * one,
        r=[part * one for part in range(17)],
    )


@mapper
def marked(one: int) -> Wide:
    return Wide(
        a=one,
        b=2 * one,
        c=3 * one,
        d=4 * one,
        e=5 * one,
        f=6 * one,
        g=7 * one,
        h=8 * one,
        i=9 * one,
        j=10 * one,
        k=11 * one,
        m=12 * one,
        n=13 * one,
        o=14 * one,
        p=15 // one,
        q=16 * one,
        r=[part * one for part in range(17)],
    )


def test_a_marked_mapper_makes_the_same_record() -> None:
    assert marked(3) == written(3)
    assert type(marked(3)) is Wide


def test_a_marked_mapper_runs_in_two_calls() -> None:
    assert "__replace" in marked.__code__.co_names
    assert "__replace" not in written.__code__.co_names


def test_it_runs_its_own_code_whatever_else_is_compiled_with_it() -> None:
    """A default holds a function here; from Python 3.14 on so does every annotated mapper, for its annotations."""

    def defaulted(one: int, made: Callable[[int], int] = lambda one: 2 * one) -> Wide:
        return Wide(
            a=made(one), b=one, c=0, d=0, e=0, f=0, g=0, h=0, i=0, j=0, k=0, m=0, n=0, o=0, p=0, q=0, r=[]
        )  # fmt: skip

    as_written = defaulted(4)
    assert mapper(defaulted)(4) == as_written
    assert "__replace" in defaulted.__code__.co_names


def test_an_error_points_to_its_line() -> None:
    with pytest.raises(ZeroDivisionError) as plain:
        written(TRUE_ZERO)
    with pytest.raises(ZeroDivisionError) as split:
        marked(TRUE_ZERO)

    there, here = (traceback.extract_tb(one.tb)[-1] for one in (plain, split))
    assert here.line == there.line == "p=15 // one,"
    assert (here.filename, here.name) == (there.filename, "marked")


def test_an_argument_that_reads_what_another_assigns_is_refused() -> None:
    def assigns(one: int) -> Wide:
        return Wide(
            a=(two := 2 * one), b=two, c=0, d=0, e=0, f=0, g=0, h=0, i=0, j=0, k=0, m=0, n=0, o=0, p=0, q=0, r=[]
        )

    assert assigns(1).b == 2
    with pytest.raises(TypeError, match="Wide cannot be made in two calls"):
        mapper(assigns)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[a-z]*/*.py")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_mappers_of_wide_records_are_marked_and_no_others(path: Path) -> None:
    mappers = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("to_")
    ]
    wide = [one.name for one in mappers if any(_is_wide(part) for part in ast.walk(one))]
    marked = [one.name for one in mappers if any(ast.unparse(mark) == "mapper" for mark in one.decorator_list)]

    assert marked == wide


def _is_wide(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and len(node.keywords) > MOST
