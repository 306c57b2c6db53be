"""What annotations mean must not depend on when they are evaluated. From Python 3.14 on that is when somebody asks."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for top in ("service", "billing") for path in (ROOT / top).rglob("*.py"))


def shadowed(source: str) -> Iterator[str]:
    """Annotations in a class body that use a name which the class gives a meaning of its own."""
    for made in ast.walk(ast.parse(source)):
        if not isinstance(made, ast.ClassDef):
            continue
        own = set(_names(made))
        for line in made.body:
            for annotation in _annotations(line):
                used = {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)}
                yield from (f"{made.name}, line {line.lineno}: {name}" for name in sorted(used & own))


def _names(made: ast.ClassDef) -> Iterator[str]:
    for line in made.body:
        match line:
            case ast.AnnAssign(target=ast.Name(name)) | ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                yield name
            case ast.Assign(targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case _:
                pass


def _annotations(line: ast.stmt) -> Iterator[ast.expr]:
    match line:
        case ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.FunctionDef(args=arguments, returns=returns) | ast.AsyncFunctionDef(args=arguments, returns=returns):
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            yield from (one.annotation for one in every if one is not None and one.annotation is not None)
            if returns is not None:
                yield returns
        case _:
            pass


def test_no_annotation_names_a_field_of_its_own_class() -> None:
    found = {str(path.relative_to(ROOT)): list(shadowed(path.read_text())) for path in MODULES}

    assert len(found) > 500
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_one_that_does_is_found() -> None:
    assert list(shadowed("class Day:\n    date: date\n")) == ["Day, line 2: date"]
    assert list(shadowed("class A:\n    type: int\n    def b(self, c: type[int]) -> None: ...\n")) == [
        "A, line 3: type"
    ]
    assert list(shadowed("class Day:\n    date: datetime.date\n")) == []
